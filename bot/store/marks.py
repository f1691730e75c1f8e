"""What colleagues say about facts, and better translations that they propose.

Law: a word is added and never changed, with its author and the hash of what she saw; the newest counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import fact_marks, text_proposals, users
from bot.store.together import Rows, Statement, ask

CHECKED, WRONG, CHANGE = "checked", "wrong", "change"
NOTE = 1000  # characters of a note, and of a proposal


@dataclass(frozen=True, slots=True)
class Mark:
    """One word of one colleague. `fact` is `file:path`, `hash` of its content as she saw it."""

    fact: str
    hash: str
    verdict: str
    note: str
    user_id: UUID
    name: str
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """A better text. `english` is what it translates: when that has changed, the proposal is old."""

    language: str
    text_id: str
    english: str
    proposal: str
    note: str
    name: str
    made_at: datetime


async def mark(
    connection: AsyncConnection, *, fact: str, hash: str, verdict: str, note: str, user_id: UUID, now: datetime
) -> None:
    """Add one word about a fact."""
    await connection.execute(
        insert(fact_marks).values(
            id=uuid7(), fact=fact, hash=hash, verdict=verdict, note=note, user_id=user_id, marked_at=now
        )
    )


_M = fact_marks.c
MARKS = Statement(
    select(_M.fact, _M.hash, _M.verdict, _M.note, _M.user_id, users.c.name, _M.marked_at)
    .join(users, users.c.id == _M.user_id)
    .order_by(_M.marked_at, _M.id)
)


async def marks(connection: AsyncConnection) -> Sequence[Mark]:
    """All words about facts, oldest first."""
    (rows,) = await ask(connection, MARKS())
    return read(rows)


def read(rows: Rows) -> Sequence[Mark]:
    """The words of the rows of `MARKS`."""
    return [Mark(*row) for row in rows]


async def propose(
    connection: AsyncConnection,
    *,
    language: str,
    text_id: str,
    english: str,
    proposal: str,
    note: str,
    user_id: UUID,
    now: datetime,
) -> None:
    """Add one better text."""
    await connection.execute(
        insert(text_proposals).values(
            id=uuid7(),
            language=language,
            text_id=text_id,
            english=english,
            proposal=proposal,
            note=note,
            user_id=user_id,
            made_at=now,
        )
    )


async def proposals(connection: AsyncConnection, language: str | None = None) -> Sequence[Proposal]:
    """All better texts, oldest first; of one language, if it is said."""
    p = text_proposals.c
    query = (
        select(p.language, p.text_id, p.english, p.proposal, p.note, users.c.name, p.made_at)
        .join(users, users.c.id == p.user_id)
        .order_by(p.made_at, p.id)
    )
    rows = await connection.execute(query.where(p.language == language) if language else query)
    return [Proposal(*row) for row in rows]
