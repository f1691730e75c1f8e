"""Lives of a worker that a message may have ended: counted before anything of it is looked at, uncounted once that was
outlived.

Law: one worker at a time counts for a person. Many begin together after a pause, and each would count a life that
nothing has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.tables import inbox

_LOCKS = 7_221_549  # any number that is ours: of these locks


async def alone(connection: AsyncConnection, subject_id: UUID) -> bool:
    """Whether nobody else tries what she wrote, as long as this transaction lasts: it ends with whoever dies."""
    taken = func.pg_try_advisory_xact_lock(_LOCKS, func.hashtext(str(subject_id)))
    return bool((await connection.execute(select(taken))).scalar_one())


async def lives(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, int]:
    """How many each of these rows may have ended, of those that still wait."""
    query = select(inbox.c.id, inbox.c.lives).where(inbox.c.id.in_(ids), inbox.c.state == "waiting")
    return {row.id: row.lives for row in await connection.execute(query)}


async def count(database: Database, ids: Sequence[int], by: int = 1) -> None:
    """Written down before it is tried; `by` -1: it was outlived."""
    async with database.begin() as connection:
        await connection.execute(
            update(inbox).where(inbox.c.id.in_(ids)).values(lives=func.greatest(inbox.c.lives + by, 0))
        )
