"""Two kinds of shelf under one way to use them: a turn of a person, written at its end.

Law: nothing is asserted here. The real one goes the way of the conductor: lock, load, shelf, save.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.engine.inbound import Inbound
from bot.store import licences, saving, turns
from bot.store.database import Database
from bot.store.homes import Home
from bot.store.inbox import Inbox
from bot.store.keys import Keys
from bot.store.records import Licence
from bot.store.rows import Case, Person
from bot.store.shelf import shelves
from handlers.context import Shelf
from tests.conftest import NOON
from tests.fakes.shelf import MemoryShelf, SmallWorld


@dataclass
class Turn:
    """What a turn has in hand."""

    shelf: Shelf
    person: Person
    cases: list[Case]
    subject: Any = None


@dataclass
class InMemory:
    """People who share a small world."""

    world: SmallWorld = field(default_factory=SmallWorld)
    people: dict[str, tuple[Person, list[Case]]] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, name: str, now: datetime = NOON) -> AsyncIterator[Turn]:
        """A turn of this person."""
        if name not in self.people:
            self.people[name] = (Person(uuid7()), [])
            self.world.cases.append(self.people[name][1])
        person, cases = self.people[name]
        yield Turn(MemoryShelf(self.world, person.id, conversation_id=person.id, now=now), person, cases)
        self.world.through_json()

    async def import_licences(self, rows: list[Licence]) -> None:
        """The operator's list."""
        self.world.licences += rows


@dataclass
class Stored:
    """People in the database."""

    database: Database
    secrets: Keys
    homes: dict[str, Home] = field(default_factory=dict)

    async def home(self, name: str) -> Home:
        """Where a person lives; she is made at the first time."""
        if name not in self.homes:
            item = Inbound("telegram", "7001", name, "e", "text")
            self.homes[name] = await Inbox(self.database, self.secrets).open(item, {})
        return self.homes[name]

    @asynccontextmanager
    async def turn(self, name: str, now: datetime = NOON) -> AsyncIterator[Turn]:
        """A turn of this person, committed at the end."""
        where = await self.home(name)
        async with self.database.begin() as connection:
            turn = await self.open(connection, where, now)
            yield turn
            await saving.save(connection, self.secrets, [turn.subject], now)

    async def open(self, connection: AsyncConnection, where: Home, now: datetime = NOON) -> Turn:
        """A turn in a transaction of the caller's."""
        locked = await turns.lock(connection, [where.subject_id], wait=True)
        subject = (await turns.load(connection, self.secrets, locked))[where.subject_id]
        conversation = subject.conversations[where.conversation_id]
        shelf = shelves(connection, self.secrets, now, uuid7)(subject, conversation)
        return Turn(shelf, subject.person, subject.cases, subject)

    async def import_licences(self, rows: list[Licence]) -> None:
        """The operator's list."""
        async with self.database.begin() as connection:
            await licences.put(connection, rows)


def case(case_id: UUID, **values: Any) -> Case:
    """An open case."""
    given: dict[str, Any] = {
        "reference": str(case_id.int)[-7:],
        "kind": "report_unpaid_wages",
        "severity": "medium",
        "stage": "new",
        "opened_at": NOON,
    }
    return Case(id=case_id, **(given | values))
