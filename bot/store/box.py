"""The box of letters about ourselves: who reads it lists, opens and answers; no row leads to a person.

Law: sealed under the system's key; opening one marks it read, answering needs the words only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.filing import from_row
from bot.store.keys import Keys, seal_json
from bot.store.records import BoxLetter
from bot.store.tables import box_letters


@dataclass(frozen=True, slots=True)
class Outside:
    """A letter as it lies there: the day, not the hour; `numbered` = its writer can read an answer."""

    id: UUID
    received_at: datetime
    state: str
    numbered: bool


async def lying(connection: AsyncConnection) -> list[Outside]:
    """All letters: unanswered ones first, oldest first."""
    rows = await connection.execute(
        select(
            box_letters.c.id,
            box_letters.c.received_at,
            box_letters.c.state,
            box_letters.c.lookup.is_not(None).label("numbered"),
        ).order_by(box_letters.c.state == "answered", box_letters.c.received_at, box_letters.c.id)
    )
    return [Outside(**row) for row in rows.mappings()]


async def unread(connection: AsyncConnection) -> int:
    """How many nobody has opened."""
    query = select(func.count()).select_from(box_letters).where(box_letters.c.state == "new")
    return int((await connection.execute(query)).scalar_one())


async def read(connection: AsyncConnection, secrets: Keys, letter_id: UUID) -> BoxLetter | None:
    """Open a letter; it counts as read from now on. None when it is not there."""
    query = select(box_letters).where(box_letters.c.id == letter_id).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    if row.state == "new":
        await connection.execute(update(box_letters).where(box_letters.c.id == letter_id).values(state="read"))
    return from_row(BoxLetter, row, secrets.system_key)


async def answer(connection: AsyncConnection, secrets: Keys, letter_id: UUID, words: str) -> bool:
    """Lay an answer to a letter, in place of an earlier one; False when it is not there or has no number."""
    sealed = seal_json(secrets.system_key, words, where=f"box_letters.answer_enc.{letter_id}")
    done = await connection.execute(
        update(box_letters)
        .where(box_letters.c.id == letter_id, box_letters.c.lookup.is_not(None))
        .values(answer_enc=sealed, state="answered")
    )
    return done.rowcount > 0
