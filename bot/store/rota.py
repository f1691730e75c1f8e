"""The rota: shifts, breaks, swaps, who is sick.

Law: times are moments with a zone, whichever zone they were written in. When somebody is there follows from it
(`staffed.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.short_ids import by_end
from bot.store.spans import Span
from bot.store.tables import absences, shift_breaks, shift_swaps, shifts, staff_notices, user_profiles, users


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift as the supervisor sees it."""

    id: UUID
    user_id: UUID
    login: str
    name: str
    role: str
    starts_at: datetime
    ends_at: datetime
    languages: tuple[str, ...]
    absent: bool
    offered: str | None  # swap or sick, while somebody is looked for


async def shown(connection: AsyncConnection, start: datetime, end: datetime) -> list[Shift]:
    """The shifts between two moments, in order."""
    away = exists(
        select(absences.c.id).where(
            absences.c.user_id == shifts.c.user_id,
            absences.c.kind != "pause",  # half an hour of rest leaves no shift empty
            absences.c.starts_at < shifts.c.ends_at,
            absences.c.ends_at > shifts.c.starts_at,
        )
    )
    rows = await connection.execute(
        select(
            shifts.c.id,
            shifts.c.user_id,
            users.c.login,
            users.c.name,
            shifts.c.role,
            shifts.c.starts_at,
            shifts.c.ends_at,
            user_profiles.c.languages,
            away.label("absent"),
            select(shift_swaps.c.reason)
            .where(shift_swaps.c.shift_id == shifts.c.id, shift_swaps.c.state.in_(("offered", "agreed")))
            .scalar_subquery()
            .label("offered"),
        )
        .join(users, users.c.id == shifts.c.user_id)
        .outerjoin(user_profiles, user_profiles.c.user_id == users.c.id)
        .where(shifts.c.starts_at < end, shifts.c.ends_at > start)
        .order_by(shifts.c.starts_at, users.c.name)
    )
    return [Shift(**{**row, "languages": tuple(row["languages"] or ())}) for row in rows.mappings()]


async def of_user(
    connection: AsyncConnection, user_id: UUID, around: datetime, days: int, *, besides: UUID | None = None
) -> list[tuple[str, Span]]:
    """(role, span) of a colleague's shifts within so many days of a moment; the colleague is locked. `besides`: a shift
    that is left out, since it is being changed."""
    await connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True))
    reach = timedelta(days=days)
    rows = await connection.execute(
        select(shifts.c.role, shifts.c.starts_at, shifts.c.ends_at)
        .where(shifts.c.user_id == user_id, shifts.c.ends_at > around - reach, shifts.c.starts_at < around + reach)
        .where(shifts.c.id.is_distinct_from(besides))
        .order_by(shifts.c.starts_at)
    )
    return [(row.role, (row.starts_at, row.ends_at)) for row in rows]


async def add(
    connection: AsyncConnection,
    user_id: UUID,
    role: str,
    span: Span,
    now: datetime,
    *,
    override: str | None = None,
    series: UUID | None = None,
) -> UUID:
    """A new shift; returns its id."""
    shift_id = uuid7()
    await connection.execute(
        insert(shifts).values(
            id=shift_id,
            user_id=user_id,
            role=role,
            starts_at=span[0],
            ends_at=span[1],
            override=override,
            series_id=series,
            made_at=now,
        )
    )
    return shift_id


async def pause(connection: AsyncConnection, shift_id: UUID, span: Span) -> None:
    """A break within a shift."""
    await connection.execute(
        insert(shift_breaks).values(id=uuid7(), shift_id=shift_id, starts_at=span[0], ends_at=span[1])
    )


async def away(connection: AsyncConnection, user_id: UUID, kind: str, span: Span, now: datetime) -> list[UUID]:
    """Somebody is sick or on leave: their shifts in that time are offered to whoever takes them. Returns those."""
    await connection.execute(
        insert(absences).values(id=uuid7(), user_id=user_id, kind=kind, starts_at=span[0], ends_at=span[1], made_at=now)
    )
    hit = await connection.execute(
        select(shifts.c.id)
        .where(shifts.c.user_id == user_id, shifts.c.starts_at < span[1], shifts.c.ends_at > max(span[0], now))
        .order_by(shifts.c.starts_at)
    )
    ids = [row.id for row in hit]
    for shift_id in ids:
        await offer(connection, shift_id, now, reason="sick")
    return ids


async def offer(
    connection: AsyncConnection, shift_id: UUID, now: datetime, *, to: UUID | None = None, reason: str = "swap"
) -> bool:
    """Look for somebody to take a shift: one colleague, or whoever will. False when somebody is looked for already, or
    there is no such shift."""
    owner = (await connection.execute(select(shifts.c.user_id).where(shifts.c.id == shift_id))).scalar_one_or_none()
    if owner is None:
        return False
    made = await connection.execute(
        pg_insert(shift_swaps)
        .values(
            id=uuid7(),
            shift_id=shift_id,
            from_user_id=owner,
            to_user_id=to,
            reason=reason,
            state="offered",
            made_at=now,
        )
        .on_conflict_do_nothing()
        .returning(shift_swaps.c.id)
    )
    return made.first() is not None


async def offered(connection: AsyncConnection, shift_id: UUID, by: UUID) -> Shift | None:
    """The shift that this colleague may take over, locked; None when it is not offered (to them, or any more)."""
    row = (
        await connection.execute(
            select(
                shifts.c.id,
                shifts.c.role,
                shifts.c.starts_at,
                shifts.c.ends_at,
                shifts.c.user_id,
                shift_swaps.c.reason,
            )
            .join(shift_swaps, shift_swaps.c.shift_id == shifts.c.id)
            .where(
                shifts.c.id == shift_id,
                shift_swaps.c.state == "offered",
                shift_swaps.c.from_user_id != by,
                or_(shift_swaps.c.to_user_id.is_(None), shift_swaps.c.to_user_id == by),
            )
            .with_for_update()
        )
    ).first()
    if row is None:
        return None
    return Shift(row.id, row.user_id, "", "", row.role, row.starts_at, row.ends_at, (), False, row.reason)


async def accept(
    connection: AsyncConnection, shift_id: UUID, by: UUID, now: datetime, *, override: str | None = None
) -> None:
    """The shift is theirs from now on."""
    await connection.execute(
        update(shift_swaps)
        .where(shift_swaps.c.shift_id == shift_id, shift_swaps.c.state.in_(("offered", "agreed")))
        .values(state="accepted", to_user_id=by, decided_at=now)
    )
    await connection.execute(update(shifts).where(shifts.c.id == shift_id).values(user_id=by, override=override))


async def tell(
    connection: AsyncConnection, kind: str, key: str, now: datetime, *, audience: str = "supervisor", **codes: Any
) -> bool:
    """A notice for colleagues, once for each key; False when it was there."""
    made = await connection.execute(
        pg_insert(staff_notices)
        .values(id=uuid7(), kind=kind, key=key, audience=audience, codes=codes, raised_at=now)
        .on_conflict_do_nothing()
        .returning(staff_notices.c.id)
    )
    return made.first() is not None


async def by_short_id(connection: AsyncConnection, short: str) -> UUID | None:
    """A shift by the last characters of its id, as `saathi rota show` prints them; None when not exactly one."""
    return await by_end(connection, shifts, short, 1)
