"""What the tests of broadcasts work with: subscribers, colleagues who write and agree, and a minute of the job.

Law: nothing is asserted here; who subscribes does it in the chat, unless a test needs many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from bot.broadcasting import Broadcasting
from bot.store import broadcasts, lane, users
from bot.store.broadcasts import Broadcast, Words
from tests.pipeline.world import World

MAYA, RITA, GITA = "501", "502", "503"
TOPIC = "rules"
WORDS = {"en": "Hello. From 1 March a new form is needed for a change of job.", "ne": "नमस्ते। फागुनदेखि नयाँ फाराम चाहिन्छ।"}


def mark(words: str) -> str:
    """What stands for these words where somebody agrees to them."""
    return Words("en", words, UUID(int=0), None).mark


@dataclass
class Telling:
    """Broadcasts in a world."""

    world: World
    writer: UUID
    reader: UUID

    @classmethod
    async def made(cls, world: World) -> Telling:
        """With a colleague who writes and one who agrees."""
        async with world.app.database.begin() as connection:
            both = [
                await users.add(connection, login=f"{name}-{uuid7()}", name=name, role=name, password_hash="none")
                for name in ("caseworker", "supervisor")
            ]
        return cls(world, *both)

    @property
    def room(self) -> Broadcasting:
        return self.world.app.broadcasting

    async def subscriber(self, address: str, *, channel: str = "telegram", **person: Any) -> UUID:
        """Somebody who wrote, and some hours ago said in the chat of what she wants to hear."""
        await self.world.says(address, "hello", channel=channel)
        where = await self.world.where(address, channel)
        values = {"language": "en", "country": "NP", "consent_contact_at": self.world.now, **person}
        await self.world.set_person(where.subject_id, **values)
        await self.world.run(
            "INSERT INTO subscriptions (id, subject_id, topic, made_at) VALUES (:id, :subject, :topic, :now)",
            id=uuid7(), subject=where.subject_id, topic=TOPIC, now=self.world.now,
        )  # fmt: skip
        return where.subject_id

    async def draft(self, *, words: dict[str, str] | None = None, agreed: bool = True, **more: Any) -> UUID:
        """A broadcast that could start."""
        wanted = {"name": "New form", "topic": TOPIC, "languages": [], "countries": [], "days": 3, **more}
        async with self.world.app.database.begin() as connection:
            new = await broadcasts.add(connection, by=self.writer, now=self.world.now, **wanted)
            for language, text in (words or WORDS).items():
                await broadcasts.write(connection, new, language, text, by=self.writer, now=self.world.now)
                if agreed:
                    await broadcasts.approve(connection, new, language, mark(text), by=self.reader, now=self.world.now)
        return new

    async def start(self, which: UUID) -> bool:
        async with self.world.app.database.begin() as connection:
            one = await broadcasts.known(connection, which)
            assert one is not None
            expected = (await self.room.measure(connection, one)).all
            return await broadcasts.start(connection, which, expected, by=self.reader, now=self.world.now)

    async def stop(self, which: UUID) -> bool:
        async with self.world.app.database.begin() as connection:
            return await broadcasts.stop(connection, which, by=self.writer, now=self.world.now)

    async def begun(self, **more: Any) -> UUID:
        """Drafted, agreed to and started."""
        new = await self.draft(**more)
        assert await self.start(new)
        return new

    async def known(self, which: UUID) -> Broadcast:
        async with self.world.app.database.begin() as connection:
            found = await broadcasts.known(connection, which)
        assert found is not None
        return found

    async def minute(self) -> int:
        """The job looks once."""
        return await self.room.run_once()

    async def counts(self, which: UUID) -> dict[str, int]:
        """People by state and reason: `sent`, `skipped:open_case`, `waiting:safe_hours`."""
        found = (await self.known(which)).counts
        return {f"{state}:{reason}" if reason else state: number for (state, reason), number in found.items()}

    async def lane(self, connection: Any) -> list[Any]:
        """What a sender would claim of it now."""
        room = dict.fromkeys(("telegram", "whatsapp", "sms"), 10)
        return await lane.claim(connection, self.world.app.secrets, self.room.sparing, self.world.now, room, {})

    def heard(self, address: str) -> list[str]:
        """What reached somebody of it."""
        return [text for to, _, text in self.world.provider.sent if to == address and "NEWS OFF" in text]


async def quiet(telling: Telling) -> None:
    """Two hours in which nobody writes."""
    telling.world.clock.move(hours=2)


async def open_case(world: World, address: str, channel: str = "telegram", **values: Any) -> None:
    """A case of this person, of these values."""
    where = await world.where(address, channel)
    case = {"kind": "report_unpaid_wages", "severity": "medium", "care": None, "closed_at": None, **values}
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, conversation_id, kind, severity, care, stage, opened_at,"
        " closed_at)"
        " VALUES (:id, :subject, :reference, :conversation, :kind, :severity, :care, 'new', :now, :closed_at)",
        id=uuid7(), subject=where.subject_id, reference=str(uuid7().int)[-7:], conversation=where.conversation_id,
        now=world.now, **case,
    )  # fmt: skip
