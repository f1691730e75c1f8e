"""Twilio's webhook form as values, shared by the two channels that Twilio carries.

Law: pure; the signature has been checked before. Our account is the number that was written to, so that the
answer leaves from it; the event id is the MessageSid, with status and error for callbacks. Sources:
docs/channels.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from bot.channels.contract import Inbound, MediaRef, Receipt, Unreadable, unpack_press
from bot.channels.forms import NUMBER, REF, SID, address, clean, count, matching, media_kind, place, text

# Twilio's MessageStatus -> ours. The order of callbacks is not promised; who stores them never goes back.
STATUSES = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
_MOST_MEDIA = 10
_REPLIED = "OriginalRepliedMessageSid"
_ERROR = re.compile(r"[0-9]{0,6}")
_OPT_OUT = {"STOP": "blocked", "START": "unblocked"}
# Words that Twilio itself obeys and answers on its numbers, whole messages only ("Advanced Opt-Out", default list).
# YES starts again too, but is an answer in every other conversation: it is left alone.
CARRIER_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"})
CARRIER_START = frozenset({"start", "unstop"})
_CALL = re.compile(r"CA[0-9a-f]{32}")


def is_receipt(form: Mapping[str, Any]) -> bool:
    """Whether the form is a status callback; an incoming message has SmsStatus `received` and no
    MessageStatus."""
    return "MessageStatus" in form or text(form, "SmsStatus") in STATUSES


def receipt(form: Mapping[str, Any], channel: str, prefix: str) -> Receipt:
    """A status callback. The web layer puts the `ref` of the callback address into the field `?ref`."""
    sid = matching(form, "MessageSid", SID)
    told = text(form, "MessageStatus") or text(form, "SmsStatus")
    if told not in STATUSES:
        raise Unreadable("MessageStatus is unknown")
    error = matching(form, "ErrorCode", _ERROR)
    ref = text(form, "?ref")
    return Receipt(
        channel=channel,
        account=_sender(form, prefix),
        event_id=f"{sid}:{told}:{error}",
        provider_id=sid,
        status=STATUSES[told],
        ref=ref if REF.fullmatch(ref) else "",
        error_code=error,
    )


def _sender(form: Mapping[str, Any], prefix: str) -> str:
    """Our side of a callback; a failure inside a messaging service may come before a sender was chosen."""
    return address(form, "From", prefix) if form.get("From") else text(form, "MessagingServiceSid")


def _media(form: Mapping[str, Any]) -> tuple[MediaRef, ...]:
    refs = []
    for n in range(count(form, "NumMedia", _MOST_MEDIA)):
        url, kind = text(form, f"MediaUrl{n}"), text(form, f"MediaContentType{n}")
        if not url:
            raise Unreadable("MediaUrl is missing")
        refs.append(MediaRef(media_kind(kind), url, kind))
    return tuple(refs)


def _location(form: Mapping[str, Any]) -> tuple[float, float] | None:
    if not form.get("Latitude") or not form.get("Longitude"):
        return None
    return place(form["Latitude"], form["Longitude"])


def _extra(form: Mapping[str, Any], channel: str) -> dict[str, Any]:
    told = text(form, "OptOutType") or (_carrier_word(text(form, "Body")) if channel == "sms" else "")
    kept = {"opt_out": told, "forwarded": text(form, "Forwarded")}
    return {name: value for name, value in kept.items() if value}


def _carrier_word(words: str) -> str:
    """What Twilio made of the whole message, where it does not tell by OptOutType: it has answered already, and would
    refuse our own confirmation (21610)."""
    word = words.strip().lower()
    return "STOP" if word in CARRIER_STOP else "START" if word in CARRIER_START else ""


def call(payload: Mapping[str, Any]) -> list[Inbound | Receipt]:
    """A call to one of our numbers, as Twilio asks what to do with it: she rang. [] for later news of the same call.

    A call that a SIM forwards here tells by ForwardedFrom whom she rang; the number that may answer her is that one.
    """
    form = {name: clean(value) if isinstance(value, str) else value for name, value in payload.items()}
    sid = matching(form, "CallSid", _CALL)
    if text(form, "Direction") not in {"", "inbound"} or text(form, "CallStatus") not in {"", "ringing"}:
        return []
    forwarded = text(form, "ForwardedFrom")
    rung = address(form, "ForwardedFrom" if NUMBER.fullmatch(forwarded) else "To", "")
    return [Inbound(channel="sms", account=rung, address=address(form, "From", ""), event_id=sid, kind="rang")]


def _kind(
    form: Mapping[str, Any],
    press: object,
    media: object,
    location: object,
    words: str,
    extra: Mapping[str, Any],
) -> str:
    if extra.get("opt_out") in _OPT_OUT:
        return _OPT_OUT[extra["opt_out"]]
    if press:
        return "press"
    if location:
        return "location"
    if media:
        return "media"
    return "text" if words.strip() else "unknown"


def inbound(form: Mapping[str, Any], channel: str, prefix: str) -> Inbound:
    """An incoming message. A tap whose payload is not ours counts as its words; a body without content is
    `unknown`."""
    payload = text(form, "ButtonPayload") or text(form, "ListId")
    press = unpack_press(payload) if payload else None
    words = text(form, "Body") or text(form, "ButtonText") or text(form, "ListTitle")
    media, location, extra = _media(form), _location(form), _extra(form, channel)
    kind = _kind(form, press, media, location, words, extra)
    return Inbound(
        channel=channel,
        account=address(form, "To", prefix),
        address=address(form, "From", prefix),
        event_id=matching(form, "MessageSid", SID),
        kind="rang" if channel == "sms" and kind == "unknown" else kind,
        text=words,
        press=press,
        media=media,
        location=location,
        profile_name=text(form, "ProfileName"),
        extra=extra,
    )


def _whole(form: Mapping[str, Any]) -> None:
    """Refuse a form cut anew out of another one's signed text.

    Twilio signs names and values run together, so a text that spells out `From+1...MessageSidSM...` would sign a
    forged message as well as itself. The forged fields sort before the real rest, so the real MessageSid must then
    be hidden in a field that sorts after MessageSid. In a genuine form only the same SID stands there, and the SID
    of a message of ours that was replied to. Raises Unreadable.
    """
    if form.get(_REPLIED):
        matching(form, _REPLIED, SID)
    rest = [(n, v) for n, v in form.items() if n > "MessageSid" and n != _REPLIED]
    signed = "".join(n + (v if isinstance(v, str) else "".join(v)) for n, v in sorted(rest, key=itemgetter(0)))
    if set(SID.findall(signed)) - {form.get("MessageSid")}:
        raise Unreadable("more than one message in a form")


def read(payload: Mapping[str, Any], account: str, channel: str, prefix: str) -> list[Inbound | Receipt]:
    """One form as a list of one value; [] for a message that one of our own numbers sent (a loop)."""
    form = {name: clean(value) if isinstance(value, str) else value for name, value in payload.items()}
    _whole(form)
    if is_receipt(form):
        return [receipt(form, channel, prefix)]
    heard = inbound(form, channel, prefix)
    return [] if heard.address in {heard.account, account} else [heard]
