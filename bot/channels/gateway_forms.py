"""The webhooks of "SMS Gateway for Android" (a SIM in a phone at a partner) as values of the channel `sms`.

Law: pure; the signature has been checked before. The app's `messageId` of what came in is made from the content and is
not unique, its webhook id is new whenever the inbox is read again: an event is who, when and what together, so that an
inbox may be refreshed after an outage and nothing is answered twice. Sources: docs.sms-gate.app/features/webhooks and
the app's own event classes; the app tells of no calls (docs/channels.md).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.channels.contract import Inbound, MediaRef, Receipt, Unreadable
from bot.channels.forms import NUMBER, clean, media_kind, text

NAME = "sms_gateway"
MARK = "gw:"  # before an error code of this provider
_STATUSES = {
    "sms:sent": "sent",
    "sms:delivered": "delivered",
    "sms:failed": "failed",
    "sms:cancelled": "failed",
}
# What each webhook is registered for, and what else the app may be told to send without harm.
EVENTS = ("sms:received", "sms:sent", "sms:delivered", "sms:failed", "sms:cancelled", "mms:downloaded")
_BATCHES = {"sms:batch:received": "sms:received", "mms:batch:downloaded": "mms:downloaded"}
_OURS = re.compile(r"[A-Za-z0-9_-]{22,36}")
_REASON = re.compile(r"[A-Za-z0-9_]{1,60}")


def message_id(ref: str, text_: str, again: str = "") -> str:
    """The id that we give a message: our outbox id in 22 characters, and a mark of the text, since a reply may be
    several. The same again is the same id, which the gateway refuses as a double: nothing is sent twice. At most 36."""
    try:
        head = base64.urlsafe_b64encode(UUID(ref).bytes).decode().rstrip("=")
    except ValueError:
        head = hashlib.sha256(ref.encode()).hexdigest()[:22]
    return head + hashlib.sha256(f"{text_}|{again}".encode()).hexdigest()[:14]


def ref_of(message: str) -> str:
    """Our outbox id out of a message id; "" when it is none of ours."""
    if not _OURS.fullmatch(message):
        return ""
    try:
        return str(UUID(bytes=base64.urlsafe_b64decode(message[:22] + "==")))
    except ValueError:
        return ""


def _number(payload: Mapping[str, Any], *names: str) -> str:
    """A phone number in E.164. Names of shops and banks, short and hidden numbers: nobody who could be answered."""
    value = next((text(payload, name) for name in names if payload.get(name)), "")
    bare = re.sub(r"[\s()-]", "", value)
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    if not NUMBER.fullmatch(bare):
        raise Unreadable("number is malformed")
    return bare


def _moment(payload: Mapping[str, Any], name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text(payload, name).replace("Z", "+00:00"))
    except ValueError:
        raise Unreadable(f"{name} is malformed") from None
    if at.tzinfo is None:
        raise Unreadable(f"{name} has no zone")
    return at


def _sms(payload: Mapping[str, Any], account: str) -> Inbound:
    """A text. An empty one rings, as a missed call does."""
    address, at, words = _number(payload, "sender", "phoneNumber"), _moment(payload, "receivedAt"), ""
    words = text(payload, "message")
    return Inbound(
        channel="sms",
        account=account,
        address=address,
        event_id=_event("in", address, at.isoformat(), words),
        kind="text" if words.strip() else "rang",
        text=words,
        sent_at=at,
    )


def _mms(payload: Mapping[str, Any], account: str) -> Inbound:
    """A message with files, once the phone has fetched them. Their content is fetched later, by their numbers."""
    address, at = _number(payload, "sender", "phoneNumber"), _moment(payload, "receivedAt")
    words = text(payload, "body") or text(payload, "subject")
    message = text(payload, "messageId")
    files = []
    for part in payload.get("attachments") or ():
        if not isinstance(part, Mapping) or not isinstance(part.get("partId"), int):
            raise Unreadable("attachment is malformed")
        kind = text(part, "contentType")
        files.append(MediaRef(media_kind(kind), f"{message}/{part['partId']}", kind))
    return Inbound(
        channel="sms",
        account=account,
        address=address,
        event_id=_event("mms", address, at.isoformat(), message),
        kind="media" if files else "text" if words.strip() else "rang",
        text=words,
        media=tuple(files),
        sent_at=at,
    )


def _event(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _receipt(event: str, payload: Mapping[str, Any], account: str) -> Receipt:
    message = text(payload, "messageId")
    reason = text(payload, "reason")
    code = reason if _REASON.fullmatch(reason) else "other"
    return Receipt(
        channel="sms",
        account=account,
        event_id=f"{event}:{message}",
        provider_id=message,
        status=_STATUSES[event],
        ref=ref_of(message),
        error_code=f"{MARK}{code}" if _STATUSES[event] == "failed" else "",
    )


def _one(event: str, payload: Any, account: str) -> Inbound | Receipt:
    if not isinstance(payload, Mapping):
        raise Unreadable("payload is missing")
    payload = {name: clean(value) if isinstance(value, str) else value for name, value in payload.items()}
    if event in _STATUSES:
        return _receipt(event, payload, account)
    return _sms(payload, account) if event == "sms:received" else _mms(payload, account)


def singly(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A batch as webhooks of one message each, so that one that cannot be read keeps no other out; else as it is."""
    event, payload = told.get("event"), told.get("payload")
    messages = payload.get("messages") if isinstance(payload, Mapping) else None
    if not isinstance(event, str) or event not in _BATCHES or not isinstance(messages, list):
        return [told]
    return [{"event": _BATCHES[event], "payload": message} for message in messages]


def read(told: Mapping[str, Any], account: str) -> list[Inbound | Receipt]:
    """One webhook as values; [] for events that no person is behind (pings, starts, data messages). Raises
    Unreadable."""
    event = text(told, "event")
    if event in _BATCHES:
        raise Unreadable("messages are missing")  # those that have some are read one by one
    if event not in EVENTS:
        return []
    return [_one(event, told.get("payload"), account)]
