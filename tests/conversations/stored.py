"""The same person, in the real database: receive, peek, lock, turn, save, and what the outbox and history hold.

Law: only the understanding is given, by the transcript; everything else is the application as `bot/app.py` joins it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from uuid_utils.compat import uuid7

from bot.app import App, country_of, draw_reference
from bot.channels.contract import Inbound
from bot.conductor import Conductor
from bot.content import Content
from bot.engine.inputs import Meaning
from bot.engine.messages import Reply
from bot.engine.session import Session
from bot.store import history, turns
from bot.store.homes import Home
from bot.store.tables import notices
from handlers.context import Context
from tests.conftest import Clock
from tests.conversations.harness import Line, Phone, recording
from tests.conversations.telling import Telling
from tests.conversations.transcript import Transcript


@dataclass
class Told:
    """An understanding that was told what the next message means."""

    meaning: Meaning = field(default_factory=Meaning)

    def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """That, for each text."""
        return [self.meaning for _ in texts]


@dataclass(repr=False)
class StoredPhone(Phone):
    """A phone whose conversation is in the database. The subject here is a copy, loaded anew after each message."""

    app: App = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    conductor: Conductor = field(init=False)
    understood: Told = field(default_factory=Told)
    seen: int = 0  # the last message of the history that was looked at
    raised: int = 0  # notices looked at

    def __post_init__(self) -> None:
        super().__post_init__()
        self.conductor = Conductor(
            self.app.database,
            self.app.secrets,
            self.content,
            self.understood,
            self.policy,
            clock=self.clock,
            new_id=uuid7,
            draw_reference=draw_reference,
        )

    async def begin(self) -> None:
        """Make the person, as she is at the start of the transcript."""
        mine, session = self.subject.person, self.conversation.session

        async def change(ctx: Context) -> None:
            for name in ("language", "country", "consent_store_at", "consent_contact_at", "profile"):
                setattr(ctx.person, name, getattr(mine, name))
            ctx.conversation.session = session

        item = self._inbound("text")
        where = await self.app.inbox.open(item, {item.address: country_of(self.channel, item.address)})
        await self.app.staff.prepare(where, change)
        await self._load(where)

    async def _arrives(self, inbound: Inbound, meaning: Meaning) -> list[Line]:
        self.clock.at, self.understood.meaning = self.now, meaning
        self.wrote = inbound.text or (inbound.press[1] if inbound.press else f"({inbound.kind})")
        self.content.said.clear()
        await self.app.receive([inbound])
        assert await self.conductor.run_once() == 1
        async with self.app.database.begin() as connection:
            where = await history.home(connection, self.app.secrets, self.channel, inbound.account, inbound.address)
            assert where is not None
            rows = [r for r in await history.thread(connection, where) if r.seq > self.seen]
        self.seen = rows[-1].seq
        await self._load(where)
        out = [r for r in rows if r.direction == "out"]
        new = [self._stored(event, row) for event, row in zip(self.content.said, out, strict=True)]
        self.lines += new
        return new

    def _stored(self, event: Any, row: history.Line) -> Line:
        reply = Reply.from_json(row.body)
        return Line(event, reply, self.laid_out(reply), row.state)

    async def _load(self, where: Home) -> None:
        async with self.app.database.begin() as connection:
            self.subject = (await turns.load(connection, self.app.secrets, [where.subject_id]))[where.subject_id]
            query = select(notices).where(notices.c.subject_id == where.subject_id).order_by(notices.c.id)
            rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        self.conversation = self.subject.conversations[where.conversation_id]
        self.notices, self.raised = rows[self.raised :], len(rows)
        assert Session.from_json(self.conversation.session).to_json() == self.conversation.session


async def telling(
    app: App, clock: Clock, content: Content, transcript: Transcript, channel: str, language: str
) -> Telling:
    """A transcript told through the application. Staff and timers are not: the harness has those in memory only."""
    told = Telling(content, transcript, channel, language, 0)
    person = told.phone
    stored = StoredPhone(
        recording(content),
        channel,
        language,
        number=person.number,
        chosen=person.chosen,
        now=person.now,
        app=app,
        clock=clock,
    )
    for name in ("country", "consent_store_at", "consent_contact_at", "profile"):
        setattr(stored.subject.person, name, getattr(person.subject.person, name))
    await stored.begin()
    told.phone = stored
    return told
