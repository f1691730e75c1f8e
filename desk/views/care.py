"""Care for those who answer: talks that are open, pauses, and who has as much as one may have.

Law: names in the order of the alphabet, no counts beside them, no case and no reason: it is for care, never to compare.
Supervisors see their own organisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import absences, cases, debriefs, users
from bot.store.users import User

LISTENS = ("caseworker", "specialist", "supervisor")  # roles with whom one may talk after a hard case


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk that is open. `mine`: it is the reader's own; else somebody wants to talk to her. `why`: only for whose
    it is."""

    mine: bool
    name: str | None  # of the other one
    due_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """What a supervisor should know of somebody to take care of her."""

    name: str
    talk_since: datetime | None
    talk_due: datetime | None
    talks_with: str | None
    paused_until: datetime | None
    full: bool  # has as many open critical cases as one may have


async def talks(connection: AsyncConnection, user_id: UUID) -> Sequence[Talk]:
    """Open talks that are hers, or that somebody has with her; her own first."""
    hers, other = users.alias("hers"), users.alias("other")
    rows = await connection.execute(
        select(debriefs, hers.c.name.label("hers"), other.c.name.label("other"))
        .join(hers, hers.c.id == debriefs.c.user_id)
        .outerjoin(other, other.c.id == debriefs.c.with_user_id)
        .where(debriefs.c.done_at.is_(None), or_(debriefs.c.user_id == user_id, debriefs.c.with_user_id == user_id))
        .order_by(debriefs.c.user_id != user_id, debriefs.c.due_at)
    )
    return [
        Talk(
            mine=row.user_id == user_id,
            name=row.other if row.user_id == user_id else row.hers,
            due_at=row.due_at,
            why=row.why if row.user_id == user_id else "",
        )
        for row in rows
    ]


async def team(connection: AsyncConnection, user: User, now: datetime, most: int) -> Sequence[Colleague]:
    """Those of the reader's organisation of whom there is something to know."""
    other = users.alias("other")
    load = (
        select(cases.c.assigned_to, func.count().label("n"))
        .where(cases.c.closed_at.is_(None), cases.c.severity == "critical", cases.c.assigned_to.is_not(None))
        .group_by(cases.c.assigned_to)
        .subquery("load")
    )
    paused = (
        select(absences.c.user_id, func.max(absences.c.ends_at).label("until"))
        .where(absences.c.kind == "pause", absences.c.starts_at <= now, absences.c.ends_at > now)
        .group_by(absences.c.user_id)
        .subquery("paused")
    )
    full = func.coalesce(load.c.n, 0) >= most
    rows = await connection.execute(
        select(
            users.c.name,
            debriefs.c.raised_at,
            debriefs.c.due_at,
            other.c.name.label("talks_with"),
            paused.c.until,
            full.label("full"),
        )
        .select_from(
            users.outerjoin(debriefs, and_(debriefs.c.user_id == users.c.id, debriefs.c.done_at.is_(None)))
            .outerjoin(other, other.c.id == debriefs.c.with_user_id)
            .outerjoin(load, load.c.assigned_to == users.c.id)
            .outerjoin(paused, paused.c.user_id == users.c.id)
        )
        .where(
            users.c.organisation_id == user.organisation_id,
            users.c.active.is_(True),
            or_(debriefs.c.id.is_not(None), paused.c.until.is_not(None), full),
        )
        .order_by(users.c.name, users.c.id)
    )
    return [Colleague(*row) for row in rows]
