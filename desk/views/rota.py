"""The rota as the desk reads it: shifts with their breaks and swaps, who is away, who may be planned.

Law: names and shifts of colleagues only; nothing of a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.shifts import OPEN
from bot.store.spans import Span
from bot.store.staffed import ANSWERING
from bot.store.tables import absences, organisations, shift_breaks, shift_swaps, shifts, user_profiles, users

OURS = organisations.c.settings["main"].as_boolean()  # who runs this installation: the rota is theirs


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift. `swap`: offered, or agreed (a supervisor has to confirm it); `to`: to whom; nobody: to whoever takes
    it. `away`: who has it is sick or on leave then."""

    id: UUID
    user_id: UUID
    name: str
    role: str
    starts_at: datetime
    ends_at: datetime
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    series: bool
    override: str | None
    away: bool
    swap: str | None
    sick: bool
    to_user_id: UUID | None
    to: str | None
    breaks: tuple[tuple[UUID, datetime, datetime], ...] = ()


async def between(
    connection: AsyncConnection, start: datetime, end: datetime, *, language: str = "", skill: str = ""
) -> list[Shift]:
    """The shifts that reach into a time, in order; of those who read a language or have a skill, where one is given."""
    other = users.alias("other")
    gone = exists(
        select(absences.c.id).where(
            absences.c.user_id == shifts.c.user_id,
            absences.c.starts_at < shifts.c.ends_at,
            absences.c.ends_at > shifts.c.starts_at,
        )
    )
    query = (
        select(
            shifts.c.id,
            shifts.c.user_id,
            users.c.name,
            shifts.c.role,
            shifts.c.starts_at,
            shifts.c.ends_at,
            user_profiles.c.languages,
            user_profiles.c.skills,
            shifts.c.series_id.is_not(None).label("series"),
            shifts.c.override,
            gone.label("away"),
            shift_swaps.c.state.label("swap"),
            (shift_swaps.c.reason == "sick").label("sick"),
            shift_swaps.c.to_user_id,
            other.c.name.label("to"),
        )
        .join(users, users.c.id == shifts.c.user_id)
        .outerjoin(user_profiles, user_profiles.c.user_id == users.c.id)
        .outerjoin(shift_swaps, (shift_swaps.c.shift_id == shifts.c.id) & shift_swaps.c.state.in_(OPEN))
        .outerjoin(other, other.c.id == shift_swaps.c.to_user_id)
        .where(shifts.c.starts_at < end, shifts.c.ends_at > start, users.c.active.is_(True))
        .order_by(shifts.c.starts_at, users.c.name, shifts.c.id)
    )
    if language:
        query = query.where(user_profiles.c.languages.contains([language]))
    if skill:
        query = query.where(user_profiles.c.skills.contains([skill]))
    rows = (await connection.execute(query)).mappings().all()
    pauses = await _breaks(connection, [row["id"] for row in rows])
    return [_shift(dict(row), pauses) for row in rows]


def _shift(row: Mapping[str, Any], pauses: Mapping[UUID, Sequence[tuple[UUID, datetime, datetime]]]) -> Shift:
    told = {**row, "languages": tuple(row["languages"] or ()), "skills": tuple(row["skills"] or ())}
    return Shift(**{**told, "sick": bool(row["sick"])}, breaks=tuple(pauses.get(row["id"], ())))


async def _breaks(
    connection: AsyncConnection, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[tuple[UUID, datetime, datetime]]]:
    found: dict[UUID, list[tuple[UUID, datetime, datetime]]] = {}
    if ids:
        rows = await connection.execute(
            select(shift_breaks).where(shift_breaks.c.shift_id.in_(ids)).order_by(shift_breaks.c.starts_at)
        )
        for row in rows:
            found.setdefault(row.shift_id, []).append((row.id, row.starts_at, row.ends_at))
    return found


@dataclass(frozen=True, slots=True)
class Mate:
    """Somebody who may be planned."""

    id: UUID
    name: str
    languages: tuple[str, ...]
    skills: tuple[str, ...]


async def team(connection: AsyncConnection) -> list[Mate]:
    """Who writes to people, by name."""
    rows = await connection.execute(
        select(users.c.id, users.c.name, user_profiles.c.languages, user_profiles.c.skills)
        .join(organisations, organisations.c.id == users.c.organisation_id)
        .outerjoin(user_profiles, user_profiles.c.user_id == users.c.id)
        .where(users.c.active.is_(True), users.c.role.in_(ANSWERING), OURS)
        .order_by(users.c.name, users.c.id)
    )
    return [Mate(row.id, row.name, tuple(row.languages or ()), tuple(row.skills or ())) for row in rows]


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is sick or on leave."""

    id: UUID
    user_id: UUID
    name: str
    kind: str
    starts_at: datetime
    ends_at: datetime


async def away(connection: AsyncConnection, span: Span) -> list[Away]:
    """Who is away within a time, the first first."""
    rows = await connection.execute(
        select(
            absences.c.id, absences.c.user_id, users.c.name, absences.c.kind, absences.c.starts_at, absences.c.ends_at
        )
        .join(users, users.c.id == absences.c.user_id)
        .join(organisations, organisations.c.id == users.c.organisation_id)
        .where(OURS)
        .where(absences.c.starts_at < span[1], absences.c.ends_at > span[0], users.c.active.is_(True))
        .order_by(absences.c.starts_at, users.c.name)
    )
    return [Away(*row) for row in rows]
