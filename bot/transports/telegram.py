"""Telegram: messages out, long polling in, the webhook's address.

Law: no network at start; plain text only, so nothing a person wrote is ever read as markup; a polled update is
confirmed to Telegram only after `receive` has returned, which is after the commit.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.channels.contract import Button, Part
from bot.channels.limits import units
from bot.media.fetch import Allowed, Place, fetch
from bot.settings import Settings, is_loopback
from bot.transports.bell import Ring
from bot.transports.errors import (
    AddressMoved,
    BadAddress,
    BadContent,
    Misconfigured,
    OutcomeUnknown,
    PersonBlocked,
    SendError,
    Throttled,
    Unreachable,
)
from bot.transports.telegram_wire import NOT_SENT, Wire

log = logging.getLogger(__name__)
os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's coming behaviour; without it each 429 warns
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_HOLD = 25  # seconds that Telegram may hold a long poll
_BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds
_FILE_PATH = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+){1,5}")
_AT_ONCE = 100  # messages in one deleteMessages
_NARROW = 14  # two labels up to this length share a row
_NOBODY = ("chat not found", "user not found", "peer_id_invalid", "user_id_invalid")
_AT_MOST = 64  # requests at once, as the sender has in flight
_ANSWER = 10.0  # seconds until one is answered


def quiet() -> None:
    """Silence the library, which would log whole answers."""
    logging.getLogger("telegram").setLevel(logging.CRITICAL)


def error_of(error: Exception) -> SendError:
    """Any exception of the library as one of the closed list. Texts are looked at, never kept."""
    match error:
        case SendError():
            return error
        case RetryAfter():
            wait = error.retry_after
            return Throttled("429", retry_after=wait.total_seconds() if isinstance(wait, timedelta) else wait)
        case ChatMigrated():
            return AddressMoved(str(error.new_chat_id))
        case Forbidden():
            return PersonBlocked("403")
        case InvalidToken() | Conflict():
            return Misconfigured(type(error).__name__)
        case BadRequest():
            nobody = any(words in error.message.lower() for words in _NOBODY)
            return BadAddress("400") if nobody else BadContent("400")
        case UnicodeError():  # half a letter: nothing was sent
            return BadContent("letters")
        case NetworkError() if isinstance(error.__cause__, NOT_SENT):
            return Unreachable(type(error.__cause__).__name__)
        case _:  # cut, timed out, 5xx, an unreadable answer: it may have been accepted
            return OutcomeUnknown(type(error).__name__)


def keyboard(buttons: Sequence[Button]) -> list[list[dict[str, str]]]:
    """Its rows: two short labels to each when there are four or more, else one; in order."""
    wide = 2 if len(buttons) > 3 and all(units(b.label) <= _NARROW for b in buttons) else 1
    keys = [{"text": b.label, "callback_data": b.payload} for b in buttons]
    return [keys[i : i + wide] for i in range(0, len(keys), wide)]


class Telegram:
    """The transport of the channel `telegram`, for one bot."""

    def __init__(self, settings: Settings) -> None:
        quiet()
        self._settings = settings
        self._url = settings.telegram_api_url.rstrip("/")
        self._bot: Bot | None = None
        self._requests: tuple[Wire, ...] = ()

    @property
    def account(self) -> str:
        """The bot's number, "" without a token."""
        token = self._settings.telegram_token
        return token.get_secret_value().partition(":")[0] if token else ""

    def _connected(self) -> Bot:
        """The client, made at the first use; making it asks Telegram nothing."""
        if not self._settings.may_send(self._url):
            raise Misconfigured("not_live")
        if not self._settings.telegram_token:
            raise Misconfigured("no_credentials")
        if self._bot is None:
            # a proxy from the environment is for the outside, not for an address on this machine
            outside = not is_loopback(self._url)
            polling = Wire(connections=1, seconds=_HOLD + 10, trust_env=outside)
            sending = Wire(connections=_AT_MOST, seconds=_ANSWER, trust_env=outside)
            self._requests = (polling, sending)
            self._bot = Bot(
                self._settings.telegram_token.get_secret_value(),
                base_url=f"{self._url}/bot",
                base_file_url=f"{self._url}/file/bot",
                request=sending,
                get_updates_request=polling,
            )
        return self._bot

    async def _asked(self, ask: Callable[[Bot], Awaitable[Any]]) -> Any:
        """The answer to one request. Raises a SendError that does not carry the library's exception."""
        try:
            return await ask(self._connected())
        except Exception as caught:
            error = error_of(caught)
        raise error

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """Send one Part as plain text with an inline keyboard; returns the message id. Raises a SendError.

        Telegram has no callbacks, so `ref` is not used: an unknown outcome stays unknown. It keeps no queue of its own
        either: what it takes is on the phone when that is on, so `valid` has nothing to bound.
        """
        said: dict[str, Any] = {
            "chat_id": int(address) if address.lstrip("-").isdigit() else address,
            "text": part.text,
            "link_preview_options": {"is_disabled": True},
        }
        if part.buttons:
            said["reply_markup"] = {"inline_keyboard": keyboard(part.buttons)}

        async def ask(bot: Bot) -> str:
            _, sending = self._requests
            message = await sending.call(f"{bot.base_url}/sendMessage", said)
            return str(int(message["message_id"]))

        number: str = await self._asked(ask)
        return number

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        """Write to a chat of staff, with its buttons. Raises a SendError."""
        return await self.write(to, ring.text, ring.buttons)

    async def write(self, to: str, text: str, buttons: Sequence[tuple[str, str]] = ()) -> str:
        """A line to a chat of staff; buttons are (label, what a tap sends back). Raises a SendError."""
        keys = tuple(Button(label, payload) for label, payload in buttons)
        return await self.send(
            channel="telegram",
            account=self.account,
            address=to,
            part=Part("buttons" if keys else "text", text, keys),
            ref="",
            valid=0,
        )

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """Stop the tapped button from turning. One that is too old is nobody's loss. Raises a SendError."""
        try:
            await self._asked(lambda bot: bot.answer_callback_query(ack))
        except BadContent:
            log.info("telegram: a press was too old to acknowledge")

    async def fetch(self, ref: str, most: int) -> bytes:
        """A file by its id. The address that Telegram gives holds our token: it is put together here, never taken from
        an answer. Raises a SendError, or media's Refused and Failed."""
        file = await self._asked(lambda bot: bot.get_file(ref))
        if (file.file_size or 0) > most:
            raise BadContent("too_large")
        # The library has joined it with our own address of files; what is left is the path that Telegram said.
        path = str(file.file_path or "").removeprefix(f"{self._connected().base_file_url}/")
        if not _FILE_PATH.fullmatch(path) or ".." in path:
            raise BadContent("file_path")
        here = urlsplit(self._url)
        root = f"/file/bot{self._token()}/"
        plain = here.scheme == "http"
        place = Place(here.hostname or "", root, here.port or (80 if plain else 443), plain=plain)
        return await fetch(f"{self._url}{root}{path}", Allowed((place,)), most=most)

    def _token(self) -> str:
        token = self._settings.telegram_token
        return token.get_secret_value() if token else ""

    async def wipe(self, *, account: str, address: str, ids: Sequence[str]) -> None:
        """Delete messages on both sides of a private chat; what is gone already or too old is passed over by Telegram.
        Raises a SendError."""
        numbers = [int(one) for one in ids if one.isdigit()]
        for start in range(0, len(numbers), _AT_ONCE):
            chunk = numbers[start : start + _AT_ONCE]
            try:
                await self._asked(lambda bot, chunk=chunk: bot.delete_messages(int(address), chunk))  # type: ignore[misc]
            except BadContent:
                log.info("telegram: some messages could not be deleted")

    async def leave(self, address: str, words: str) -> None:
        """Say why in a group, and leave it: everybody there would read what is answered. Raises a SendError."""
        try:
            await self._asked(lambda bot: bot.send_message(chat_id=int(address), text=words))
        except SendError:
            log.info("telegram: a group could not be told why")
        await self._asked(lambda bot: bot.leave_chat(int(address)))

    async def introduce(self, language: str, words: Mapping[str, str]) -> None:
        """The list of commands and what the bot says of itself, for apps in a language ("" = all others). `words`:
        about, description, and command_<name>. Raises a SendError."""
        mark = "command_"
        commands = [(name.removeprefix(mark), told) for name, told in words.items() if name.startswith(mark)]
        code = language or None
        await self._asked(lambda bot: bot.set_my_commands(commands, language_code=code))
        await self._asked(lambda bot: bot.set_my_short_description(words["about"], language_code=code))
        await self._asked(lambda bot: bot.set_my_description(words["description"], language_code=code))

    async def set_webhook(self, url: str, secret: str) -> None:
        """Tell Telegram where to send updates; waiting ones are kept. Raises a SendError."""
        await self._asked(lambda bot: bot.set_webhook(url, secret_token=secret, allowed_updates=list(UPDATES)))

    async def delete_webhook(self) -> None:
        """Go back to polling; waiting updates are kept. Raises a SendError."""
        await self._asked(lambda bot: bot.delete_webhook(drop_pending_updates=False))

    async def _updates(self, offset: int, hold: int) -> list[dict[str, Any]]:
        """Raw updates from `offset` on; asking confirms all before it. Raw, since one update that the library
        cannot read would make it refuse the whole batch."""
        query = urlencode({"offset": offset, "timeout": hold, "allowed_updates": '["' + '","'.join(UPDATES) + '"]'})

        async def ask(bot: Bot) -> list[dict[str, Any]]:
            answer = await self._requests[0].retrieve(f"{bot.base_url}/getUpdates?{query}")
            result = self._requests[0].parse_json_payload(answer)["result"]
            if not isinstance(result, list):
                raise TelegramError("no list")
            return [u for u in result if isinstance(u, dict) and isinstance(u.get("update_id"), int)]

        updates: list[dict[str, Any]] = await self._asked(ask)
        return updates

    async def poll(
        self,
        receive: Callable[[list[dict[str, Any]]], Awaitable[None]],
        *,
        hold: int = _HOLD,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Long polling until cancelled. `receive` gets raw updates in order and commits before it returns; when it
        raises, the same updates come again. Telegram remembers what was confirmed, so no offset is stored here."""
        offset = failures = 0
        while True:
            try:
                updates = await self._updates(offset, hold)
                if updates:
                    await receive(updates)
                    offset = max(u["update_id"] for u in updates) + 1
                failures = 0
            except Exception as error:  # whatever it is, polling goes on
                wait = getattr(error, "retry_after", None) or _BACKOFF[min(failures, len(_BACKOFF) - 1)]
                failures += 1
                log.warning("telegram: polling failed (%s), again in %s s", type(error).__name__, wait)
                await sleep(wait)

    async def close(self) -> None:
        """Close the connection pools."""
        requests, self._requests, self._bot = self._requests, (), None
        for request in requests:
            await request.shutdown()
