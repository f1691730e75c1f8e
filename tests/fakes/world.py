"""A whole helpline on this machine: a database, both providers, and the service as often as a test starts it.

Law: real processes, real sockets, real PostgreSQL; only the providers are played.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.nlu.training import ensure_model
from bot.settings import ROOT
from bot.store.embedded import Server
from tests.fakes import database
from tests.fakes.post import PUBLIC, SECRET, SMS_NUMBER, WHATSAPP_NUMBER, Letter, deliver
from tests.fakes.service import PATIENCE, Service, free_port
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import ACCOUNT, TOKEN, FakeTwilio

MODELS = ROOT / "var" / "nlu"  # trained once per content of nlu_data, shared by all tests


def steady(text: str) -> str:
    """A text without what differs from one run to the next: numbers of cases, times of day."""
    return re.sub(r"\d[\d :]*\d|\d{2,}", "#", text)


def data_directory(directory: Path) -> Path:
    """A data directory of its own with the models of all tests; what is printed on the way to the first of them is not
    a test's own."""
    MODELS.mkdir(parents=True, exist_ok=True)
    ensure_model(ROOT / "nlu_data", MODELS)
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "nlu").exists():
        (directory / "nlu").symlink_to(MODELS, target_is_directory=True)
    return directory


@dataclass
class World:
    """`settings` = the environment of every service started here."""

    settings: dict[str, str]
    url: str  # of the database, for the application role
    url_owner: str
    admin: str  # the server's own database, for the superuser
    directory: Path
    twilio: FakeTwilio
    telegram: FakeTelegram
    port: int = field(default_factory=free_port)

    @property
    def base(self) -> str:
        """Where the service listens."""
        return f"http://127.0.0.1:{self.port}"

    def service(self, *arguments: str, port: int | None = None, **settings: str) -> Service:
        """The service, not started yet; more settings as keywords, without SAATHI_ and in small letters."""
        more = {f"SAATHI_{name.upper()}": value for name, value in settings.items()}
        return Service(self.settings | more, self.directory / "output", port or self.port, arguments)

    async def deliver(self, *letters: Letter) -> list[int]:
        """One after the other, each until it is acknowledged; returns how often each was tried."""
        return [await deliver(self.base, letter) for letter in letters]

    def to(self, address: str | int) -> list[str]:
        """What a person's phone shows of us: `+965...`, `whatsapp:+...` or the number of a chat."""
        if isinstance(address, int):
            return [sent["text"] for sent in self.telegram.sent if sent["chat_id"] == str(address)]
        return [str(m["body"]) for m in self.twilio.messages.values() if m["to"] == address]

    def keyboard(self, chat: int) -> dict[str, str]:
        """The last keyboard of a chat: label -> what a tap on it sends back."""
        shown = [s["reply_markup"] for s in self.telegram.sent if s["chat_id"] == str(chat) and s["reply_markup"]]
        rows = shown[-1]["inline_keyboard"] if shown else []
        return {key["text"]: key["callback_data"] for row in rows for key in row}

    async def answered(self, address: str | int, count: int) -> list[str]:
        """Wait until a phone shows that many different texts of ours."""
        await self.until(lambda: len({steady(t) for t in self.to(address)}) >= count, lambda: self.to(address))
        return self.to(address)

    async def until(self, holds: Callable[[], bool], shown: Callable[[], Any] = lambda: "") -> None:
        """Wait for something; fails with `shown()` when it never comes. Looks less often when looking is dear."""
        try:
            async with asyncio.timeout(PATIENCE):
                began = time.monotonic()
                while not holds():
                    await asyncio.sleep(0.02 + 9 * (time.monotonic() - began))
                    began = time.monotonic()
        except TimeoutError:
            raise AssertionError(f"never came; there is: {shown()}") from None

    async def quiet(self) -> None:
        """Until nothing waits in the inbox and nothing may leave the outbox any more."""
        query = (
            "SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting'),"
            " (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))"
        )
        await self.until(lambda: database.asked(self.url, query) == [(0, 0)], lambda: self.effects())

    def effects(self) -> dict[str, int]:
        """What is in the database, counted."""
        return database.effects(self.url)

    def let_leases_run_out(self) -> None:
        """As if the seconds that a dead sender's claim lasts had passed. Only when no service runs."""
        database.asked(self.url_owner, "UPDATE outbox SET lease_until = now() - interval '1 s' WHERE state = 'sending'")


def settings_of(copy: Server, folder: Path, twilio: str) -> dict[str, str]:
    """The environment of a service on this database, with a played Twilio (its address) for SMS."""
    return {
        "SAATHI_ENV": "development",
        "SAATHI_DATA_DIR": str(folder),
        "SAATHI_DATABASE_URL": copy.url_app,
        "SAATHI_DATABASE_OWNER_URL": copy.url_owner,
        "SAATHI_PUBLIC_URL": PUBLIC,
        "SAATHI_TWILIO_ACCOUNT_SID": ACCOUNT,
        "SAATHI_TWILIO_AUTH_TOKEN": TOKEN,
        "SAATHI_TWILIO_API_URL": twilio,
        "SAATHI_SMS_SENDER": SMS_NUMBER,
    }


@asynccontextmanager
async def world(
    server: Server,
    directory: Path,
    twilio_of: Callable[[], FakeTwilio] = FakeTwilio,
    telegram_of: Callable[[], FakeTelegram] = FakeTelegram,
) -> AsyncIterator[World]:
    """A new world on a database of its own; both are gone at the end. `..._of` makes another provider than the calm."""
    with database.copied(server) as copy:
        async with twilio_of() as twilio, telegram_of() as telegram:
            settings = settings_of(copy, data_directory(directory), twilio.url) | {
                "SAATHI_TELEGRAM_TOKEN": TELEGRAM_TOKEN,
                "SAATHI_TELEGRAM_WEBHOOK_SECRET": SECRET,
                "SAATHI_TELEGRAM_API_URL": telegram.url,
                "SAATHI_WHATSAPP_SENDER": f"whatsapp:{WHATSAPP_NUMBER}",
            }
            admin = server.on("postgres").url_admin
            yield World(settings, copy.url_app, copy.url_owner, admin, directory, twilio, telegram)
