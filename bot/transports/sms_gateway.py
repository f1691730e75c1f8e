"""SMS out through "SMS Gateway for Android": a SIM in a phone at a partner, so that a person in the Gulf can answer.

Law: one request, a time limit; the id of a message is ours, so that the same one is never taken twice, and what became
of it after a cut line can be asked. No number, text or password gets into an exception or a log. Sources: the package
android-sms-gateway 4.3 and the server's own handlers (409 = the id is known, 503 = the phone's queue is full).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import uuid4

import httpx
from android_sms_gateway import AsyncAPIClient, domain, enums
from android_sms_gateway.ahttp import HttpxAsyncHttpClient
from android_sms_gateway.errors import APIError

from bot.channels.contract import Part
from bot.channels.gateway_forms import EVENTS, MARK, message_id
from bot.channels.layout import flatten
from bot.settings import Settings, is_loopback
from bot.transports.errors import (
    BadContent,
    Misconfigured,
    OutcomeUnknown,
    SendError,
    Throttled,
    Unreachable,
)

PATH = "/webhooks/sms-gateway"
_LIMIT = httpx.Timeout(15, connect=5)
_FULL = 60.0  # seconds until a full queue of a phone is worth another look
_GONE = {enums.ProcessState.Failed, enums.ProcessState.Cancelled, enums.ProcessState.Cancelling}
T = TypeVar("T")


def error_of(error: Exception) -> SendError:
    """Any exception of the client as one of the closed list. Its text is never kept: it quotes the request."""
    match error:
        case SendError():
            return error
        case APIError():
            return _refused(error.status_code or 0)
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Unreachable(type(error).__name__)
        case _:  # cut, timed out, an answer that cannot be read: it may have been taken
            return OutcomeUnknown(type(error).__name__)


def _refused(status: int) -> SendError:
    name = f"{MARK}{status}"
    if status == 429:
        return Throttled(name)
    if status == 503:  # the queue of the phone is full: not taken
        return Throttled(name, retry_after=_FULL)
    if status >= 500:
        return OutcomeUnknown(name)
    return BadContent(name) if status == 400 else Misconfigured(name)


class SmsGateway:
    """The transport of the channel `sms` for the numbers of SIMs at partners."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = settings.sms_gateway_url.rstrip("/")
        self._line: httpx.AsyncClient | None = None
        self._client: AsyncAPIClient | None = None

    def _connected(self) -> AsyncAPIClient:
        if not self._settings.may_send(self._url):
            raise Misconfigured("not_live")
        password = self._settings.sms_gateway_password
        if not password:
            raise Misconfigured("no_credentials")
        if self._client is None:
            self._line = httpx.AsyncClient(timeout=_LIMIT, trust_env=not is_loopback(self._url))
            self._client = AsyncAPIClient(
                self._settings.sms_gateway_login or None,
                password.get_secret_value(),
                base_url=self._url,
                http_client=HttpxAsyncHttpClient(self._line),
            )
        return self._client

    async def _asked(self, ask: Callable[[AsyncAPIClient], Awaitable[T]]) -> T:
        try:
            return await ask(self._connected())
        except Exception as caught:
            error = error_of(caught)
        raise error  # out here, so that it does not carry the client's exception

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """Hand one Part to the phone; returns the message's id. Raises a SendError."""
        words = flatten(part).text
        first = message_id(ref, words)
        if await self._handed_over(first, address, part, words, valid):
            return first
        state = await self._asked(lambda client: client.get_state(first))
        if state.state not in _GONE:
            return first  # an earlier try of ours, of which we did not know: it is on its way, or arrived
        again = message_id(ref, words, uuid4().hex)
        if not await self._handed_over(again, address, part, words, valid):
            raise OutcomeUnknown(f"{MARK}409")
        return again

    async def _handed_over(self, name: str, address: str, part: Part, words: str, valid: int) -> bool:
        """False when the gateway knows this id already."""
        message = domain.Message(
            phone_numbers=[address],
            text_message=domain.TextMessage(text=words),
            with_delivery_report=True,
            id=name,
            ttl=max(1, valid),
            priority=enums.MessagePriority.BYPASS_THRESHOLD if part.urgent else enums.MessagePriority.DEFAULT,
        )
        try:
            await self._asked(lambda client: client.send(message, skip_phone_validation=True))
        except Misconfigured as error:
            if error.code != f"{MARK}409":
                raise
            return False
        return True

    async def fetch(self, ref: str, most: int) -> bytes:
        """The bytes of a file that came by MMS; `ref` is message and part. Raises a SendError."""
        message, _, part = ref.partition("/")
        found: bytes = await self._asked(lambda client: client.download_attachment(message, int(part)))
        if len(found) > most:
            raise BadContent("too_large")
        return found

    async def register(self, url: str) -> list[str]:
        """Have each event that we read delivered to `url`; what is registered already stays. Returns what was added."""
        present = await self._asked(lambda client: client.get_webhooks())
        known = {hook.event.value for hook in present if hook.url == url}
        wanted = [event for event in EVENTS if event not in known]
        for event in wanted:
            hook = domain.Webhook(id=None, url=url, event=enums.WebhookEvent(event))
            await self._asked(lambda client, hook=hook: client.create_webhook(hook))  # type: ignore[misc]
        return wanted

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """There are no presses."""

    async def wipe(self, *, account: str, address: str, ids: Sequence[str]) -> None:
        """An SMS cannot be called back."""

    async def close(self) -> None:
        """Close the connection pool."""
        line, self._line, self._client = self._line, None, None
        if line is not None:
            await line.aclose()
