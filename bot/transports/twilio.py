"""Twilio: SMS and WhatsApp out, through its own client.

Law: one request, a time limit, no retry of our own; what cannot be known to have failed is OutcomeUnknown, and our
id in the callback address tells later. No number, text or token gets into an exception or a log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    encode_basic_auth,
)
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bot.channels.contract import Inbound, Part
from bot.channels.forms import clean
from bot.channels.layout import flatten
from bot.media.fetch import Allowed, Place, fetch
from bot.settings import Settings, is_loopback
from bot.transports import twilio_content
from bot.transports.errors import Misconfigured, OutcomeUnknown, SendError, Throttled, Unreachable
from bot.transports.twilio_errors import refused

API = "https://api.twilio.com"
STATUS_PATH = "/webhooks/twilio/status"
# Twilio's own storage of files, and the bucket behind it (twilio.com/docs/messaging/api/media-resource).
CDN = (
    Place("twiliocdn.com", below=True),
    Place("s3-external-1.amazonaws.com", "/media.twiliocdn.com/"),
)
NO_SUCH = 20404  # Twilio has no such message
LONGEST_VALID = 36_000  # seconds: Twilio's own limit and default
_LIMIT = ClientTimeout(total=15, connect=5)  # seconds


class _Http(AsyncHttpClient):  # type: ignore[misc]
    """How Twilio's client reaches the network. Its own AsyncTwilioHttpClient (9.13) takes a time limit but passes
    None on, which aiohttp reads as no limit at all, and it logs requests and keeps the last one in memory."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), True, _LIMIT.total)
        self._session = ClientSession(cookie_jar=DummyCookieJar())

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (Twilio's signature)
        allow_redirects: bool = False,
    ) -> Response:
        """One request; redirects are not followed, the login is for one host only. Raises aiohttp's errors."""
        login = {"Authorization": encode_basic_auth(*auth)} if auth else {}
        async with self._session.request(
            method,
            uri,
            params=params,
            data=data,
            headers={**(headers or {}), **login},
            timeout=_LIMIT,
            allow_redirects=False,
        ) as answer:
            text = await answer.text(errors="replace")
        if answer.status == 429:
            raise Throttled("20429", retry_after=_seconds(answer.headers.get("Retry-After")))
        return Response(answer.status, text, answer.headers)

    async def close(self) -> None:
        """Close the connection pool."""
        await self._session.close()


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; a date or nonsense is None, which leaves the wait to the sender's backoff."""
    return float(header) if header and header.isascii() and header.isdigit() and len(header) < 6 else None


def _is_number(told: str | None, ours: str) -> bool:
    """Whether these are the same number; its last four digits may be hidden."""
    shown, hidden = (told or "")[:-4], (told or "")[-4:]
    return told == ours or (len(told or "") == len(ours) and ours.startswith(shown) and set(hidden) <= set("Xx*"))


def error_of(error: Exception) -> SendError:
    """Any exception of the client as one of the closed list."""
    match error:
        case SendError():
            return error
        case TwilioRestException() | TwilioServiceException():
            return refused(error.status, error.code)
        case ClientConnectorError() | ConnectionTimeoutError():
            return Unreachable(type(error).__name__)
        case TimeoutError() | ClientError():
            return OutcomeUnknown(type(error).__name__)
        case _:  # an answer that cannot be read: it may have been a yes
            return OutcomeUnknown(type(error).__name__)


class Contents(Protocol):
    """What was provisioned at Twilio."""

    def menu(self, name: str) -> str:
        """The SID of a menu, or nothing."""

    def text(self, name: str, language: str) -> str:
        """The SID of an approved text, or nothing."""


class Twilio:
    """The transport of the channels `sms` and `whatsapp`."""

    def __init__(self, settings: Settings, contents: Contents | None = None) -> None:
        self._settings = settings
        self._contents = contents
        self._url = (settings.twilio_api_url or API).rstrip("/")
        self._client: Client | None = None

    def _connected(self) -> Client:
        """The client, made at the first use: it needs a running loop, and start-up needs no provider."""
        if not self._settings.may_send(self._url):
            raise Misconfigured("not_live")
        if not self._settings.twilio_account_sid or not self._settings.twilio_tokens:
            raise Misconfigured("no_credentials")
        if self._client is None:
            self._client = Client(
                self._settings.twilio_account_sid,
                self._settings.twilio_tokens[0],
                http_client=_Http(),
                environment={"SAATHI": "1"},  # anything but the process's own: TWILIO_EDGE would change the host
            )
            if self._settings.twilio_api_url:
                self._client.api.base_url = self._client.content.base_url = self._url
        return self._client

    def client(self) -> Client:
        """The client, for the bell. Raises Misconfigured."""
        return self._connected()

    def _sender(self, channel: str, account: str) -> dict[str, str]:
        """From whom: the number that was written to, or a messaging service that chooses one."""
        if channel == "whatsapp":
            ours = account or self._settings.whatsapp_sender
            return {"from_": f"whatsapp:{ours.removeprefix('whatsapp:')}"}
        ours = account or next(iter(self._settings.sms_senders), "")
        return {"messaging_service_sid": ours} if ours.startswith("MG") else {"from_": ours}

    def _said(self, channel: str, part: Part) -> dict[str, str]:
        """What is said, as Twilio wants it."""
        if part.kind == "template":
            contents = self._contents
            sid = (contents.text(part.text, part.language) or contents.text(part.text, "en")) if contents else ""
            if not sid:
                raise Misconfigured("no_template")
            return {"content_sid": sid}
        name = twilio_content.menu_name(part) if channel == "whatsapp" and self._contents else ""
        sid = self._contents.menu(name) if name and self._contents else ""
        if sid:
            return {"content_sid": sid, "content_variables": twilio_content.variables(part)}
        return {"body": flatten(part).text}

    def _callback(self, ref: str) -> dict[str, str]:
        base = self._settings.public_url.rstrip("/")
        return {"status_callback": f"{base}{STATUS_PATH}?{urlencode({'ref': ref})}"} if base else {}

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """Send one Part; returns the MessageSid. Raises a SendError.

        Buttons and lists are contents with the words as their values; where none was provisioned they are numbered
        text. A template that is not approved in the language is not sent at all.
        """
        client = self._connected()
        said = self._said(channel, part)
        try:
            message = await client.messages.create_async(
                to=f"whatsapp:{address}" if channel == "whatsapp" else address,
                **said,
                validity_period=max(1, min(valid, LONGEST_VALID)),
                **self._sender(channel, account),
                **self._callback(ref),
            )
            if message.sid:
                return str(message.sid)
            error: SendError = OutcomeUnknown("no_sid")
        except Exception as caught:
            error = error_of(caught)
        raise error  # out here, so that it does not carry the client's exception, which quotes the request

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """Twilio wants no acknowledgement of a press."""

    def _files(self) -> Allowed:
        """Where files of our account are, and where Twilio sends us on to for the bytes."""
        path = f"/2010-04-01/Accounts/{self._settings.twilio_account_sid}/Messages/"
        if not is_loopback(self._url):
            return Allowed((Place("api.twilio.com", path),), CDN)
        here = urlsplit(self._url)
        place = Place(here.hostname or "", path, here.port or 80, plain=True)
        return Allowed((place,), (Place(here.hostname or "", "/cdn/", here.port or 80, plain=True),))

    async def fetch(self, ref: str, most: int) -> bytes:
        """A file that came with a message. Our login goes to Twilio's API alone. Raises Refused, Failed, SendError."""
        if not self._settings.may_send(self._url):
            raise Misconfigured("not_live")
        if not self._settings.twilio_account_sid or not self._settings.twilio_tokens:
            raise Misconfigured("no_credentials")
        login = (self._settings.twilio_account_sid, self._settings.twilio_tokens[0])
        return await fetch(ref, self._files(), login, most=most)

    async def vouch(self, inbound: Inbound) -> bool:
        """Whether Twilio knows this message as it stands: from whom, to whom, which words. Where the account keeps no
        words, or hides the ends of numbers, the rest must fit. Raises a SendError when it cannot be asked."""
        client = self._connected()
        error: SendError | None = None
        try:
            told = await client.messages(inbound.event_id).fetch_async()
        except TwilioRestException as caught:
            if caught.code == NO_SUCH:
                return False
            error = error_of(caught)
        except Exception as caught:
            error = error_of(caught)
        if error is not None:
            raise error
        prefix = "whatsapp:" if inbound.channel == "whatsapp" else ""
        words = clean(told.body or "")
        return (
            told.direction == "inbound"
            and _is_number(told.from_, prefix + inbound.address)
            and _is_number(told.to, prefix + inbound.account)
            and (inbound.kind != "text" or not words or words == inbound.text)
        )

    async def wipe(self, *, account: str, address: str, ids: Sequence[str]) -> None:
        """Twilio deletes nothing from a phone."""

    async def close(self) -> None:
        """Close the connection pool."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.http_client.close()
