"""What waits in the inbox: looked at, put in order, and finished with, by whoever runs the turns.

Law: nothing is locked here; a row counts as handled only where its subject is locked (`still_waiting`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, case, exists, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from bot.store.database import Database
from bot.store.inbox import where
from bot.store.keys import Keys, open_json
from bot.store.tables import inbox, keys
from bot.store.together import Rows, Statement, ask, many, tell

GAP_WAIT = timedelta(seconds=1.5)  # for an update of Telegram's that is still on its way, when a later one is here
GAP_MOST = 10  # updates that may be on their way at once
EACH = 8  # rows of one person in one look at the inbox
WIDE = 4  # times as many rows are looked at beside other workers


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the inbox that waits, with its payload opened; empty when it cannot be opened."""

    id: int
    kind: str
    subject_id: UUID | None
    conversation_id: UUID | None
    received_at: datetime
    attempts: int
    payload: dict[str, Any]
    vouched: str | None = None  # what its provider says of it: yes, no, unknown; None = not asked
    update_id: int | None = None  # Telegram's running number
    behind_a_gap: bool = False  # the update before it is still on its way, or never comes


def _behind_a_gap() -> ColumnElement[bool]:
    """Whether this update of Telegram's overtook the one before it a moment ago: that one is not here, and an earlier
    one is. After a quiet week numbers begin anew anywhere (G3), and nothing waits."""
    last, earlier = inbox.alias("last"), inbox.alias("earlier")
    return and_(
        inbox.c.received_at > bindparam("just"),
        ~exists(select(last.c.id).where(last.c.update_id == inbox.c.update_id - 1)),
        exists(
            select(earlier.c.id).where(earlier.c.update_id.between(inbox.c.update_id - GAP_MOST, inbox.c.update_id - 2))
        ),
    )


@lru_cache(maxsize=8)
def _waiting(most: int) -> Statement:
    """A few rows of each person, the oldest first. Their number is written out, not bound, and stands inside: so few
    are looked up by their keys, whatever the planner believes of a table that fills and empties within seconds."""
    mine = func.row_number().over(
        partition_by=(inbox.c.subject_id, case((inbox.c.subject_id.is_(None), inbox.c.id))), order_by=inbox.c.id
    )
    # What a provider is being asked about (`vouched.py`) is looked at with what follows it, in case that cannot wait;
    # after everybody else, since most of it is only looked at. Whose that is, is asked once: row by row it was looked
    # for among all that waits, by a plan of a quiet day, and a look in a burst took a second.
    asked = inbox.alias("asked")
    whose = select(asked.c.subject_id).where(
        asked.c.vouched == "asked", asked.c.state == "waiting", asked.c.subject_id.is_not(None)
    )
    awaited = func.coalesce(inbox.c.subject_id.in_(whose), False)
    waiting = (
        select(inbox.c.id, mine.label("place"), awaited.label("awaited"))
        .where(inbox.c.state == "waiting", or_(inbox.c.ready_at <= bindparam("now"), inbox.c.vouched == "asked"))
        .subquery()
    )
    first = (
        select(waiting.c.id, waiting.c.awaited)
        .where(waiting.c.place <= EACH)
        .order_by(waiting.c.awaited, waiting.c.id)
        .limit(literal_column(str(most)))
        .subquery()
    )
    return Statement(
        select(
            inbox.c.id,
            inbox.c.kind,
            inbox.c.subject_id,
            inbox.c.conversation_id,
            inbox.c.received_at,
            inbox.c.attempts,
            inbox.c.payload_enc,
            inbox.c.vouched,
            inbox.c.update_id,
            _behind_a_gap().label("behind_a_gap"),
            keys.c.wrapped,
        )
        .join(first, first.c.id == inbox.c.id)
        .outerjoin(keys, keys.c.subject_id == inbox.c.subject_id)
        .order_by(first.c.awaited, inbox.c.id)
    )


async def peek(
    database: Database, secrets: Keys, now: datetime, limit: int, most: int, *, beside: bool = False
) -> list[Waiting]:
    """The oldest rows that may be handled now, without locking them: a few of each person, so that nobody who writes
    a hundred lines stands in front of somebody in danger. Of the people among them only the first `most` are looked at:
    what is not handled now stays sealed. `beside` other workers: `most` of them by chance, out of WIDE times as many
    rows and with no more rows than `limit`, since all who take the first ones understand the same words, and one alone
    may answer them."""
    async with database.looking() as connection:
        rows_wanted = limit * WIDE if beside else limit
        (rows,) = await ask(connection, _waiting(rows_wanted)(now=now, just=now - GAP_WAIT))
    return [
        Waiting(
            row.id,
            row.kind,
            row.subject_id,
            row.conversation_id,
            row.received_at,
            row.attempts,
            _payload(secrets, row.subject_id, row.wrapped, row.payload_enc, row.conversation_id),
            row.vouched,
            row.update_id,
            row.behind_a_gap,
        )
        for row in _of_some(rows, limit, most, by_chance=beside)
    ]


def _of_some(rows: Rows, limit: int, most: int, *, by_chance: bool) -> Rows:
    """Of so many people all their rows, while those are no more than `limit`; and no more of nobody's (receipts), so
    that a flood of them is not worked off before anybody is understood. In their order."""
    of_each: dict[UUID | None, Rows] = {}
    for row in rows:
        of_each.setdefault(row.subject_id, []).append(row)
    nobodys = of_each.pop(None, [])
    people = list(of_each.values())
    if by_chance:
        random.shuffle(nobodys)
        random.shuffle(people)
    taken = {row.id for row in nobodys[:limit]}
    room = limit
    for theirs in people[:most]:
        room -= len(theirs)
        if room < 0:
            break
        taken |= {row.id for row in theirs}
    return [row for row in rows if row.id in taken]


def in_order(rows: Sequence[Waiting]) -> list[Waiting]:
    """The rows of one person as they were written: updates of Telegram's that overtook each other within moments change
    places; from one that waits for another on, nothing is handled."""
    found: list[Waiting] = []
    for row in rows:
        place = len(found)
        while place and _overtook(found[place - 1], row):
            place -= 1
        found.insert(place, row)
    first = next((n for n, row in enumerate(found) if row.behind_a_gap), len(found))
    return found[:first]


def _overtook(early: Waiting, late: Waiting) -> bool:
    """Whether the first of these was written after the second."""
    return (
        early.conversation_id == late.conversation_id
        and early.update_id is not None
        and late.update_id is not None
        and 0 < early.update_id - late.update_id <= GAP_MOST
        and late.received_at - early.received_at <= GAP_WAIT
    )


def _payload(
    secrets: Keys, subject_id: UUID | None, wrapped: bytes | None, sealed: bytes, conversation_id: UUID | None
) -> dict[str, Any]:
    """One spoilt row, or one spoilt key, must not hold up all others."""
    try:
        found = opened(secrets, subject_id, wrapped, sealed, conversation_id)
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def opened(
    secrets: Keys, subject_id: UUID | None, wrapped: bytes | None, sealed: bytes, conversation_id: UUID | None
) -> Any:
    """A payload as it was sealed. Raises ValueError."""
    key = secrets.system_key if subject_id is None else secrets.keyring.unwrap(wrapped or b"")
    return open_json(key, sealed, where=where(conversation_id))


_IDS = many("ids", BigInteger)
STILL_WAITING = Statement(select(inbox.c.id).where(inbox.c.id == func.any(_IDS), inbox.c.state == "waiting"))
_FINISH = Statement(update(inbox).where(inbox.c.id == func.any(_IDS)).values(state="done", done_at=bindparam("at")))


async def still_waiting(connection: AsyncConnection, ids: Sequence[int]) -> set[int]:
    """Of the rows peeked at, those that nobody has handled since. Called with their subjects locked."""
    (rows,) = await ask(connection, STILL_WAITING(ids=ids))
    return {row.id for row in rows}


async def finish(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """These rows are handled."""
    await tell(connection, _FINISH(ids=ids, at=now))


async def wipe(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """The words of these handled rows are kept by nobody but the letter that they are."""
    if ids:
        await connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(payload_enc=b""))


async def park(connection: AsyncConnection, ids: Sequence[int], until: datetime) -> None:
    """These rows are looked at again later, so that they do not stand in front of others."""
    await connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(ready_at=until))


async def count_attempt(database: Database, ids: Sequence[int], error: str) -> None:
    """Write down, before a risky rerun, that it is tried once more."""
    async with database.begin() as connection:
        await connection.execute(
            update(inbox).where(inbox.c.id.in_(ids)).values(attempts=inbox.c.attempts + 1, error=error)
        )


async def set_aside(connection: AsyncConnection, ids: Sequence[int], now: datetime, error: str) -> None:
    """Quarantine rows: a human looks at them, the conversation goes on."""
    await connection.execute(
        update(inbox).where(inbox.c.id.in_(ids)).values(state="quarantined", done_at=now, error=error)
    )
