"""People who write to the whole application on a real database, one message at a time.

Law: nothing is asserted here; a person's word is set the way she sets it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from bot.app import App
from bot.engine.inbound import Inbound
from bot.jobs.wishes import erase_due, link_due
from bot.store import history
from bot.store.homes import Home
from bot.store.keys import open_json
from bot.store.tables import contacts, keys, notices
from handlers import profile, word
from handlers.context import Context
from tests.conftest import Clock

ACCOUNT = "7001"
EVENTS = itertools.count(1)


@dataclass
class Person:
    """One phone on one channel."""

    app: App
    clock: Clock
    address: str
    channel: str = "sms"
    shown: int = 0
    texts: list[str] = field(default_factory=list)

    async def deliver(self, text: str) -> None:
        """The provider delivers; nobody has handled it yet."""
        item = Inbound(self.channel, ACCOUNT, self.address, f"e{next(EVENTS)}", "text", text=text)
        await self.app.receive([item])

    async def says(self, text: str) -> list[str]:
        """What she is answered."""
        await self.deliver(text)
        while await self.app.conductor.run_once():
            pass
        return await self.news()

    async def news(self) -> list[str]:
        """What was said to her since the last look: the short text where there is one."""
        said = [line.body for line in await self.thread() if line.direction == "out"]
        new, self.shown = said[self.shown :], len(said)
        return [body["sms"] or body["text"] for body in new]

    async def thread(self) -> list[history.Line]:
        """The whole history of this phone."""
        async with self.app.database.begin() as connection:
            where = await history.home(connection, self.app.secrets, self.channel, ACCOUNT, self.address)
            assert where is not None
            return await history.thread(connection, where)

    async def begins(
        self, *, secret: str = "", language: str = "en", country: str = "KW", consent: bool = True
    ) -> None:
        """She has written before, in her language; with her word if she has one."""
        await self.says("menu")

        async def change(ctx: Context) -> None:
            await profile.set_language(ctx, language=language)
            ctx.person.country = country
            if consent:
                await profile.give_consent(ctx)
            ctx.conversation.session = {"shared": {"welcomed": True}}
            if secret:
                await word.keep(ctx, first=secret, again=secret)

        await self.app.staff.prepare(await self.home(), change)
        await self.news()

    async def subject(self) -> UUID:
        """Whose conversation it is now."""
        return (await self.home()).subject_id

    async def home(self) -> Home:
        """Where her conversation is."""
        async with self.app.database.begin() as connection:
            where = await history.home(connection, self.app.secrets, self.channel, ACCOUNT, self.address)
        assert where is not None
        return where

    async def row(self) -> Any:
        """Her row of `contacts`."""
        return (await self.app_rows(select(contacts).where(contacts.c.id == await self.subject())))[0]

    async def profile(self) -> dict[str, Any]:
        """Her sealed profile, opened."""
        row = await self.row()
        found = (await self.app_rows(select(keys.c.wrapped).where(keys.c.subject_id == row.id)))[0]
        key = self.app.secrets.keyring.unwrap(found.wrapped)
        opened: dict[str, Any] = open_json(key, row.profile_enc, where=f"contacts.profile_enc.{row.id}")
        return opened

    async def app_rows(self, query: Any) -> list[Any]:
        """Rows of any query."""
        async with self.app.database.begin() as connection:
            return list((await connection.execute(query)).all())


async def kinds(app: App) -> list[str]:
    """All notices that were raised, by kind."""
    async with app.database.begin() as connection:
        return [row.kind for row in await connection.execute(select(notices.c.kind).order_by(notices.c.id))]


async def jobs(app: App, clock: Clock) -> tuple[int, int]:
    """The clock's work: how many were erased, how many joined."""
    return await erase_due(app.database, clock()), await link_due(app.database, app.secrets, clock())
