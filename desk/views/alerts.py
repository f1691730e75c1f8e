"""What a colleague is told outside the desk, counted by the same predicate as its lists.

Law: ids and counts leave here, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import case_events, cases, contacts, conversations
from desk.views.figures import joined
from desk.views.scope import Scope


async def given(connection: AsyncConnection, scope: Scope, since: datetime) -> tuple[int, str]:
    """Open cases that somebody else gave the user since then, and still are hers: (how many, the newest event)."""
    me = scope.user.id
    rows = (
        await connection.execute(
            select(case_events.c.id, case_events.c.case_id)
            .select_from(joined().join(case_events, case_events.c.case_id == cases.c.id))
            .where(
                scope.where("find"),
                cases.c.assigned_to == me,
                cases.c.closed_at.is_(None),
                case_events.c.kind == "given",
                case_events.c.codes["to"].as_string() == str(me),
                case_events.c.user_id.is_distinct_from(me),
                case_events.c.happened_at > since,
                contacts.c.simulated.is_(False),
            )
            .order_by(case_events.c.happened_at.desc(), case_events.c.id)
        )
    ).all()
    return len({row.case_id for row in rows}), str(rows[0].id) if rows else ""


async def late(connection: AsyncConnection, scope: Scope) -> Sequence[str]:
    """Conversations that wait longer than promised and are hers, or were until they became late (then they are passed
    on); one key for each time, the newest first."""
    stands, me = scope.relations, scope.user.id
    since = func.coalesce(conversations.c.late_at, conversations.c.reply_due_at)
    hers = or_(stands["own"], stands["assigned"], _passed_on(me))
    rows = await connection.execute(
        select(conversations.c.id, since.label("since"))
        .select_from(joined())
        .where(
            scope.where("find"),
            hers,
            cases.c.closed_at.is_(None),
            cases.c.draft.is_(False),
            conversations.c.reply_due_at <= scope.now,
            contacts.c.simulated.is_(False),
        )
        .distinct()
        .order_by(since.desc(), conversations.c.id)
    )
    found = {row.id: f"{row.id}:{row.since.isoformat()}" for row in rows}
    return list(found.values())


def _passed_on(me: UUID) -> ColumnElement[bool]:
    return and_(
        conversations.c.late_at.is_not(None),
        conversations.c.owner != "human",
        conversations.c.earlier_user_id == me,
    )
