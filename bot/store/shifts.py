"""Changing shifts that stand: other times, an end, breaks, swaps that are confirmed, somebody who is well again.

Law: the rules of care are asked before (`bot/rostering.py`). What is over is never changed; what runs can only be cut.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.rota import Shift
from bot.store.spans import Span
from bot.store.tables import absences, shift_breaks, shift_swaps, shifts, users

OPEN = ("offered", "agreed")  # states of a swap that is not over


async def by_id(connection: AsyncConnection, shift_id: UUID) -> tuple[Shift, UUID | None] | None:
    """A shift and its series, locked."""
    row = (
        await connection.execute(
            select(shifts.c.id, shifts.c.user_id, users.c.login, users.c.name, shifts.c.role, shifts.c.starts_at,
                   shifts.c.ends_at, shifts.c.series_id)
            .join(users, users.c.id == shifts.c.user_id)
            .where(shifts.c.id == shift_id)
            .with_for_update(of=shifts)
        )
    ).first()  # fmt: skip
    if row is None:
        return None
    found = Shift(row.id, row.user_id, row.login, row.name, row.role, row.starts_at, row.ends_at, (), False, None)
    return found, row.series_id


async def write(connection: AsyncConnection, shift_id: UUID, **values: Any) -> None:
    """Change a shift; breaks that would lie outside of it go."""
    await connection.execute(update(shifts).where(shifts.c.id == shift_id).values(**values))
    outside = or_(shift_breaks.c.starts_at < shifts.c.starts_at, shift_breaks.c.ends_at > shifts.c.ends_at)
    await connection.execute(
        delete(shift_breaks).where(
            shift_breaks.c.shift_id == shift_id,
            exists(select(shifts.c.id).where(shifts.c.id == shift_breaks.c.shift_id, outside)),
        )
    )


async def end(connection: AsyncConnection, shift_id: UUID, series: UUID | None, now: datetime) -> int:
    """Take a shift away, or cut it now when it runs; with a `series`, also those of it that begin later. Returns how
    many were ended."""
    which = shifts.c.id == shift_id
    if series is not None:
        begins = select(shifts.c.starts_at).where(shifts.c.id == shift_id).scalar_subquery()
        which = or_(which, and_(shifts.c.series_id == series, shifts.c.starts_at >= begins))
    gone = await connection.execute(delete(shifts).where(which, shifts.c.starts_at >= now).returning(shifts.c.id))
    cut = await connection.execute(
        update(shifts)
        .where(shifts.c.id == shift_id, shifts.c.starts_at < now, shifts.c.ends_at > now)
        .values(ends_at=now)
        .returning(shifts.c.id)
    )
    return len(gone.all()) + len(cut.all())


async def in_span(connection: AsyncConnection, span: Span) -> list[Shift]:
    """The shifts of active colleagues that begin in a time, in order."""
    rows = await connection.execute(
        select(shifts.c.id, shifts.c.user_id, users.c.login, users.c.name, shifts.c.role, shifts.c.starts_at,
               shifts.c.ends_at)
        .join(users, and_(users.c.id == shifts.c.user_id, users.c.active.is_(True)))
        .where(shifts.c.starts_at >= span[0], shifts.c.starts_at < span[1])
        .order_by(shifts.c.starts_at, shifts.c.id)
    )  # fmt: skip
    return [Shift(*row, (), False, None) for row in rows]


async def is_away(connection: AsyncConnection, user_id: UUID, span: Span) -> bool:
    """Whether somebody is sick or on leave in a time."""
    found = await connection.execute(
        select(absences.c.id)
        .where(absences.c.user_id == user_id, absences.c.starts_at < span[1], absences.c.ends_at > span[0])
        .limit(1)
    )
    return found.first() is not None


async def drop_break(connection: AsyncConnection, break_id: UUID) -> bool:
    """A break is not taken after all."""
    gone = await connection.execute(delete(shift_breaks).where(shift_breaks.c.id == break_id))
    return bool(gone.rowcount)


async def last_end(connection: AsyncConnection, user_id: UUID, span: Span) -> datetime | None:
    """The end of the last shift of a colleague that begins before the end of a time and reaches into it."""
    row = (
        await connection.execute(
            select(shifts.c.ends_at)
            .where(shifts.c.user_id == user_id, shifts.c.starts_at < span[1], shifts.c.ends_at > span[0])
            .order_by(shifts.c.ends_at.desc())
            .limit(1)
        )
    ).first()
    return row.ends_at if row else None


# --- swaps


async def agree(connection: AsyncConnection, shift_id: UUID, by: UUID, now: datetime) -> None:
    """Somebody would take it; a supervisor has still to confirm."""
    await connection.execute(
        update(shift_swaps)
        .where(shift_swaps.c.shift_id == shift_id, shift_swaps.c.state == "offered")
        .values(state="agreed", to_user_id=by, decided_at=now)
    )


async def agreed(connection: AsyncConnection, shift_id: UUID) -> UUID | None:
    """Who would take a shift and waits to be confirmed; the shift is locked."""
    row = (
        await connection.execute(
            select(shift_swaps.c.to_user_id)
            .join(shifts, shifts.c.id == shift_swaps.c.shift_id)
            .where(shift_swaps.c.shift_id == shift_id, shift_swaps.c.state == "agreed")
            .with_for_update()
        )
    ).first()
    return row.to_user_id if row else None


async def settle(connection: AsyncConnection, shift_id: UUID, state: str, now: datetime) -> bool:
    """An open swap ends as accepted or withdrawn; False when none was open."""
    done = await connection.execute(
        update(shift_swaps)
        .where(shift_swaps.c.shift_id == shift_id, shift_swaps.c.state.in_(OPEN))
        .values(state=state, decided_at=now)
    )
    return bool(done.rowcount)


# --- away


async def well(connection: AsyncConnection, absence_id: UUID, now: datetime) -> UUID | None:
    """Somebody is back: what is left of the absence ends, and their shifts are not looked for any more. Returns whose
    it was; None when there is no such absence, or it is over."""
    row = (
        await connection.execute(
            select(absences.c.user_id, absences.c.starts_at, absences.c.ends_at)
            .where(absences.c.id == absence_id, absences.c.ends_at > now)
            .with_for_update()
        )
    ).first()
    if row is None:
        return None
    if row.starts_at >= now:
        await connection.execute(delete(absences).where(absences.c.id == absence_id))
    else:
        await connection.execute(update(absences).where(absences.c.id == absence_id).values(ends_at=now))
    theirs = select(shifts.c.id).where(
        shifts.c.user_id == row.user_id, shifts.c.starts_at < row.ends_at, shifts.c.ends_at > now
    )
    await connection.execute(
        update(shift_swaps)
        .where(shift_swaps.c.shift_id.in_(theirs), shift_swaps.c.state == "offered", shift_swaps.c.reason == "sick")
        .values(state="withdrawn", decided_at=now)
    )
    return UUID(str(row.user_id))


async def whose(connection: AsyncConnection, absence_id: UUID) -> UUID | None:
    """Whose absence it is."""
    found = (
        await connection.execute(select(absences.c.user_id).where(absences.c.id == absence_id))
    ).scalar_one_or_none()
    return UUID(str(found)) if found else None
