"""Talks after hard cases: who should have one, by when and with whom.

Law: neither a case nor a person stands here, so that whoever sees that a talk is open learns nothing of either. One
open talk of a colleague is enough, however many cases were hard.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import debriefs, users

WITH = "debrief_with"  # in a user's settings: whom she talks to


async def ask(connection: AsyncConnection, user_id: UUID, why: str, now: datetime, due_at: datetime) -> bool:
    """A hard case was closed: she is to talk to whom she chose once, if that colleague is still here. False when there
    is an open talk already."""
    chosen = (
        await connection.execute(select(users.c.settings[WITH].as_string()).where(users.c.id == user_id))
    ).scalar_one_or_none()
    partner = await _active(connection, chosen)
    made = await connection.execute(
        insert(debriefs)
        .values(id=uuid7(), user_id=user_id, with_user_id=partner, why=why, raised_at=now, due_at=due_at)
        .on_conflict_do_nothing()
        .returning(debriefs.c.id)
    )
    return made.first() is not None


async def _active(connection: AsyncConnection, told: str | None) -> UUID | None:
    try:
        wanted = UUID(told or "")
    except ValueError:
        return None
    return (
        await connection.execute(select(users.c.id).where(users.c.id == wanted, users.c.active.is_(True)))
    ).scalar_one_or_none()


async def choose(connection: AsyncConnection, user_id: UUID, with_user_id: UUID | None) -> bool:
    """With whom her open talk is; False when there is none."""
    done = await connection.execute(
        update(debriefs)
        .where(debriefs.c.user_id == user_id, debriefs.c.done_at.is_(None))
        .values(with_user_id=with_user_id)
    )
    return bool(done.rowcount)


async def finish(connection: AsyncConnection, user_id: UUID, now: datetime) -> bool:
    """She says that they have talked. Nobody else says it for her."""
    done = await connection.execute(
        update(debriefs).where(debriefs.c.user_id == user_id, debriefs.c.done_at.is_(None)).values(done_at=now)
    )
    return bool(done.rowcount)
