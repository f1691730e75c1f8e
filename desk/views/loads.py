"""Who has how many open cases.

Law: by name, of the reader's organisation, and only of now: nobody is compared with anybody over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import cases, contacts, conversations, users
from desk.views.figures import joined
from desk.views.scope import Scope

WORKS = ("volunteer", "partner", "caseworker", "specialist", "supervisor")  # roles that may have cases


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody has now."""

    user_id: UUID
    name: str
    role: str
    open: int
    critical: int


async def load(connection: AsyncConnection, scope: Scope) -> list[Load]:
    """Open and critical cases of each colleague of the reader's organisation, by name."""
    has = case((conversations.c.owner == "human", conversations.c.owner_user_id))
    also, talks = cases.alias("also"), conversations.alias("talks")
    given = select(also.c.id).where(also.c.assigned_to.is_not(None), also.c.closed_at.is_(None))
    with_talk = also.join(talks, talks.c.id == also.c.conversation_id)
    held = (
        select(also.c.id).select_from(with_talk).where(talks.c.owner_user_id.is_not(None), also.c.closed_at.is_(None))
    )
    kept = (
        select(func.coalesce(has, cases.c.assigned_to).label("user_id"), cases.c.severity)
        .select_from(joined())
        .where(
            scope.where("find"),
            contacts.c.simulated.is_(False),
            cases.c.closed_at.is_(None),
            cases.c.id == func.any(func.array(union(given, held).scalar_subquery())),
        )
        .subquery()
    )
    rows = await connection.execute(
        select(
            users.c.id,
            users.c.name,
            users.c.role,
            func.count(kept.c.user_id).label("open"),
            func.count().filter(kept.c.severity == "critical").label("critical"),
        )
        .select_from(users.outerjoin(kept, kept.c.user_id == users.c.id))
        .where(
            users.c.active.is_(True),
            users.c.organisation_id == scope.user.organisation_id,
            users.c.role.in_(WORKS),
        )
        .group_by(users.c.id, users.c.name, users.c.role)
        .order_by(func.lower(users.c.name), users.c.id)
    )
    return [Load(*row) for row in rows]
