"""Wishes that a job carries out: to be erased, and to be one person on two channels.

Law: each in a transaction of its own; who fails stops nobody else, and after some tries a human is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from bot.observe import logs
from bot.store import erase, merge
from bot.store.database import INBOX_CHANNEL, Connection, Database
from bot.store.keys import Keys

log = logs.get(__name__)
TRIES = 5  # of one person's wish, a minute apart, before a human is told
Failures: TypeAlias = Counter[tuple[str, UUID]]  # (wish, subject); forgotten when the service starts anew


async def erase_due(database: Database, now: datetime, failures: Failures | None = None) -> int:
    """Erase who asked for it 48 hours ago, each in a transaction of its own; returns how many were erased."""
    async with database.begin() as connection:
        people = await erase.due(connection, now)

    async def one(connection: Connection, subject_id: UUID) -> bool:
        return await erase.carry_out(connection, subject_id, now)

    return await _each(database, people, one, now, "erasure", failures)


async def link_due(database: Database, secrets: Keys, now: datetime, failures: Failures | None = None) -> int:
    """Join the channels of people who wrote a code, each in a transaction of its own; returns how many were joined."""
    async with database.begin() as connection:
        people = await merge.due(connection)

    async def one(connection: Connection, subject_id: UUID) -> bool:
        return await merge.carry_out(connection, secrets, subject_id, now)

    linked = await _each(database, people, one, now, "link", failures)
    if linked:
        await database.notify(INBOX_CHANNEL)  # what waited for a joined subject is looked at again
    return linked


async def _each(
    database: Database,
    people: Sequence[UUID],
    one: Callable[[Connection, UUID], Awaitable[bool]],
    now: datetime,
    wish: str,
    failures: Failures | None,
) -> int:
    """How many were done. Who fails stops nobody else, is tried again at the next look, and after some tries a human
    is told, once."""
    done, failures = 0, Counter() if failures is None else failures
    for subject_id in people:
        try:
            async with database.begin() as connection:
                done += await one(connection, subject_id)
            failures.pop((wish, subject_id), None)
        except Exception as error:
            failures[wish, subject_id] += 1
            log.error("wish_failed", job=wish, kind=type(error).__name__, attempt=failures[wish, subject_id])
            if failures[wish, subject_id] == TRIES:
                async with database.begin() as connection:
                    await erase.tell(connection, subject_id, now, f"{wish}_failed")
    return done
