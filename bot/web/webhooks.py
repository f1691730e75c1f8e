"""What providers call: /webhooks/telegram, /webhooks/twilio, its /status and /voice, /webhooks/sms-gateway.

Law: 2xx only after `receive` or `quarantine` has returned, which is after the commit; 403 for whoever is not
authentic; 503 when it cannot be stored, so that the provider tries again. Bodies, signatures and secrets are
never logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from litestar import Request, Response, post
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler

from bot.channels import gateway_forms, sms, telegram, twilio_forms, whatsapp
from bot.channels.contract import Inbound, Receipt, Unreadable
from bot.settings import Settings
from bot.web.signatures import gateway_signed, telegram_secret_fits, twilio_payload

log = logging.getLogger(__name__)

Receive: TypeAlias = Callable[[Sequence[Inbound | Receipt]], Awaitable[None]]
Quarantine: TypeAlias = Callable[[str, str, str, bytes], Awaitable[None]]  # provider, account, event id, raw
Decline: TypeAlias = Callable[[str, str], None]  # a group, a language; begins, and does not wait
Acknowledge: TypeAlias = Callable[[str, str], Awaitable[str]]  # id of a page, the key pressed -> what the call answers
Read: TypeAlias = Callable[[], list[Inbound | Receipt]]

MOST_BYTES = 256 * 1024
TELEGRAM, TWILIO, STATUS = "/webhooks/telegram", "/webhooks/twilio", "/webhooks/twilio/status"
VOICE = "/webhooks/twilio/voice"  # a colleague who was called presses it
CALL, GATEWAY = "/webhooks/twilio/call", "/webhooks/sms-gateway"
# A call is never taken: she hears the busy tone, pays nothing, and has rung.
_BUSY = '<?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="busy"/></Response>'
_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # "we answer later"
# Providers have no session and no CSRF token; their own proof is checked instead.
_OPEN = {"exclude_from_auth": True, "exclude_from_csrf": True}


@dataclass(frozen=True, slots=True)
class Intake:
    """Where read messages go, and where authentic ones go that cannot be read."""

    receive: Receive
    quarantine: Quarantine

    async def take(self, provider: str, account: str, raw: bytes, read: Read) -> None:
        """Store what `read` makes of a payload, or the payload itself. Raises what the store raises.

        The event id of an unreadable payload is a hash of it: a provider repeats the same bytes."""
        try:
            values = read()
        except Exception as error:  # Unreadable, or a bug of ours: the person's words are kept either way
            log.error("webhook: unreadable %s payload quarantined (%s)", provider, type(error).__name__)
            await self.quarantine(provider, account, f"raw:{hashlib.sha256(raw).hexdigest()}", raw)
            return
        if values:
            await self.receive(values)


def telegram_account(settings: Settings) -> str:
    """The number of our bot, "" without a token."""
    token = settings.telegram_token
    return token.get_secret_value().partition(":")[0] if token else ""


def _object(raw: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None
    if not isinstance(payload, dict):
        raise Unreadable("no object")
    return payload


def _update(raw: bytes, account: str) -> list[Inbound | Receipt]:
    return telegram.channel.parse(_object(raw), account)


def _declined(payload: dict[str, Any], decline: Decline | None) -> None:
    """We are in a group: refuse it politely and leave."""
    group, language = telegram.group_of(payload)
    if group and decline is not None:
        decline(group, language)


def polled(
    settings: Settings, receive: Receive, quarantine: Quarantine, decline: Decline | None = None
) -> Callable[[list[dict[str, Any]]], Awaitable[None]]:
    """What `transports.telegram.Telegram.poll` calls with raw updates: the same intake as the webhook's."""
    intake, account = Intake(receive, quarantine), telegram_account(settings)

    async def take(updates: list[dict[str, Any]]) -> None:
        """In order, and committed together: up to a hundred come at once."""
        raws = [_as_text(update) for update in updates]
        await asyncio.gather(
            *(intake.take("telegram", account, raw, partial(_update, raw, account)) for raw in raws),
        )
        for update in updates:
            _declined(update, decline)

    return take


def _as_text(update: dict[str, Any]) -> bytes:
    """As a webhook brings it. What is nested too deeply to be written is unreadable; it holds up no other."""
    try:
        return json.dumps(update).encode()
    except (ValueError, RecursionError):
        return f"update {update.get('update_id')}: nested too deeply".encode()


def _singly(raw: bytes) -> list[bytes]:
    """The messages of a batch of the SIM's; what is none, or cannot be read, as it came."""
    try:
        told = _object(raw)
        parts = gateway_forms.singly(told)
        return [raw] if parts == [told] else [json.dumps(part).encode() for part in parts]
    except (Unreadable, ValueError, RecursionError):
        return [raw]


def _own_numbers(settings: Settings) -> frozenset[str]:
    ours = {*settings.sms_senders, *settings.gateway_numbers, settings.whatsapp_sender.removeprefix("whatsapp:")}
    return frozenset(ours - {""})


def _own_out(values: list[Inbound | Receipt], own: frozenset[str]) -> list[Inbound | Receipt]:
    """Without what one of our own numbers sent: a loop."""
    return [v for v in values if isinstance(v, Receipt) or v.address not in own]


def _form(payload: dict[str, Any], own: frozenset[str]) -> list[Inbound | Receipt]:
    """A Twilio payload by its channel; what one of our own numbers sent is a loop, and nothing."""
    if "AccountSid" not in payload:
        raise Unreadable("AccountSid is missing")
    sender = payload.get("From")
    on_whatsapp = isinstance(sender, str) and sender.startswith(whatsapp.channel.prefix)
    channel = whatsapp.channel if on_whatsapp else sms.channel
    return _own_out(channel.parse(payload, ""), own)


def _headers(request: Request[Any, Any, Any], name: bytes) -> list[bytes]:
    return [value for key, value in request.scope["headers"] if key.lower() == name]


async def _stored(work: Awaitable[None], yes: Response[str]) -> Response[str]:
    """`yes` once the work is done; 503 when it failed, whatever the reason, for the provider to try again."""
    try:
        await work
    except Exception as error:
        log.error("webhook: not stored (%s)", type(error).__name__)  # its text may quote values
        return _plain(503)
    return yes


def _plain(status: int) -> Response[str]:
    return Response("", status_code=status, media_type="text/plain")


def _twiml(words: str = _TWIML) -> Response[str]:
    return Response(words, status_code=200, media_type="text/xml")


async def _body(request: Request[Any, Any, Any]) -> bytes | None:
    """The body, None when the sender hung up. More than the cap is answered 413 by the handler's own limit."""
    try:
        return await request.body()
    except InternalServerException:
        return None


def webhooks(
    settings: Settings,
    receive: Receive,
    quarantine: Quarantine,
    acknowledge: Acknowledge | None = None,
    decline: Decline | None = None,
) -> list[HTTPRouteHandler]:
    """The route handlers. `receive` and `quarantine` commit before they return. Without `acknowledge` no call of ours
    is answered; `decline` leaves a group."""
    intake, own = Intake(receive, quarantine), _own_numbers(settings)

    @post(TELEGRAM, status_code=200, request_max_body_size=MOST_BYTES, opt=_OPEN)
    async def from_telegram(request: Request[Any, Any, Any]) -> Response[str]:
        """A Telegram update."""
        secret = settings.telegram_webhook_secret
        told = _headers(request, b"x-telegram-bot-api-secret-token")
        if not telegram_secret_fits(secret.get_secret_value() if secret else "", told):
            return _plain(403)
        raw = await _body(request)
        if raw is None:
            return _plain(400)
        account = telegram_account(settings)
        work = intake.take("telegram", account, raw, lambda: _update(raw, account))
        answer = await _stored(work, _plain(200))
        with contextlib.suppress(Unreadable):
            _declined(_object(raw), decline)
        return answer

    def as_form(payload: dict[str, Any]) -> list[Inbound | Receipt]:
        return _form(payload, own)

    def as_call(payload: dict[str, Any]) -> list[Inbound | Receipt]:
        return _own_out(twilio_forms.call(payload), own)

    async def authentic(request: Request[Any, Any, Any], path: str) -> tuple[bytes, dict[str, Any]] | Response[str]:
        """The body and the payload that Twilio signed; else what to answer."""
        raw = await _body(request)
        if raw is None:
            return _plain(400)
        query = bytes(request.scope["query_string"])
        payload = twilio_payload(
            public_url=settings.public_url,
            path=path,
            query=query,
            body=raw,
            content_type=request.headers.get("content-type", ""),
            signatures=_headers(request, b"x-twilio-signature"),
            tokens=settings.twilio_tokens,
        )
        account = settings.twilio_account_sid
        if payload is None or not account or payload.get("AccountSid", account) != account:
            return _plain(403)
        payload["?ref"] = dict(parse_qsl(query.decode("ascii"))).get("ref", "")
        return raw, payload

    async def twilio(
        request: Request[Any, Any, Any],
        path: str,
        yes: Response[str],
        read: Callable[[dict[str, Any]], list[Inbound | Receipt]] = as_form,
    ) -> Response[str]:
        found = await authentic(request, path)
        if isinstance(found, Response):
            return found
        raw, payload = found
        return await _stored(intake.take("twilio", settings.twilio_account_sid, raw, lambda: read(payload)), yes)

    @post(VOICE, status_code=200, request_max_body_size=MOST_BYTES, opt=_OPEN)
    async def key_from_twilio(request: Request[Any, Any, Any]) -> Response[str]:
        """A colleague pressed a key; `ref` in the address is the id of the page."""
        found = await authentic(request, VOICE)
        if isinstance(found, Response):
            return found
        if acknowledge is None:
            return _twiml()
        try:
            answer = await acknowledge(str(found[1]["?ref"]), str(found[1].get("Digits", "")))
        except Exception as error:
            log.error("webhook: key not stored (%s)", type(error).__name__)
            return _plain(503)
        return Response(answer or _TWIML, status_code=200, media_type="text/xml")

    @post(TWILIO, status_code=200, request_max_body_size=MOST_BYTES, opt=_OPEN)
    async def from_twilio(request: Request[Any, Any, Any]) -> Response[str]:
        """An SMS or a WhatsApp message."""
        return await twilio(request, TWILIO, _twiml())

    @post(STATUS, status_code=200, request_max_body_size=MOST_BYTES, opt=_OPEN)
    async def status_from_twilio(request: Request[Any, Any, Any]) -> Response[str]:
        """What became of a message of ours; `ref` in the address is our outbox id."""
        return await twilio(request, STATUS, _plain(200))

    @post(CALL, status_code=200, request_max_body_size=MOST_BYTES, opt=_OPEN)
    async def call_from_twilio(request: Request[Any, Any, Any]) -> Response[str]:
        """Somebody rang. Nothing is said and nobody is called back: a human decides."""
        return await twilio(request, CALL, _twiml(_BUSY), as_call)

    @post(GATEWAY, status_code=200, request_max_body_size=MOST_BYTES, opt=_OPEN)
    async def from_gateway(request: Request[Any, Any, Any]) -> Response[str]:
        """An SMS to a SIM at a partner, or what became of one from it."""
        raw = await _body(request)
        if raw is None:
            return _plain(400)
        signed = _headers(request, b"x-signature"), _headers(request, b"x-timestamp")
        account = next(iter(settings.gateway_numbers), "")
        if not account or not gateway_signed(settings.gateway_keys, raw, *signed):
            return _plain(403)

        def read(part: bytes) -> list[Inbound | Receipt]:
            return _own_out(gateway_forms.read(_object(part), account), own)

        async def take() -> None:
            await asyncio.gather(
                *(intake.take(gateway_forms.NAME, account, part, partial(read, part)) for part in _singly(raw))
            )

        return await _stored(take(), _plain(200))

    return [from_telegram, from_twilio, status_from_twilio, key_from_twilio, call_from_twilio, from_gateway]
