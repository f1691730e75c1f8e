"""Links between cases, perhaps of two people: a search and the report of whom it looks for.

Law: a link writes no event: who sees only one of the two cases would learn of the other one. The trail has who made it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import case_links, cases


async def link(
    connection: AsyncConnection, case_id: UUID, other: UUID, *, reason: str, user_id: UUID, now: datetime
) -> bool:
    """Link two cases; False when they are one, or are linked already."""
    if case_id == other:
        return False
    pair = or_(
        and_(case_links.c.case_id == case_id, case_links.c.other_case_id == other),
        and_(case_links.c.case_id == other, case_links.c.other_case_id == case_id),
    )
    subject = (
        await connection.execute(select(cases.c.subject_id).where(cases.c.id == case_id).with_for_update())
    ).scalar_one()
    there = await connection.execute(select(case_links.c.id).where(pair, case_links.c.ended_at.is_(None)))
    if there.first() is not None:
        return False
    await connection.execute(
        insert(case_links).values(
            id=uuid7(),
            subject_id=subject,
            case_id=case_id,
            other_case_id=other,
            reason=reason,
            made_by=user_id,
            made_at=now,
        )
    )
    return True


async def unlink(connection: AsyncConnection, link_id: UUID, case_id: UUID, *, user_id: UUID, now: datetime) -> bool:
    """They have nothing to do with each other; False when there is no such link of this case."""
    done = await connection.execute(
        update(case_links)
        .where(
            case_links.c.id == link_id,
            or_(case_links.c.case_id == case_id, case_links.c.other_case_id == case_id),
            case_links.c.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by=user_id)
    )
    return bool(done.rowcount)
