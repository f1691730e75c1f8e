"""Calls of colleagues: made by one worker at a time, and heard.

Law: a claim is a lease with a fencing number, as in the outbox. Nothing of a person is opened here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import leases
from bot.store.database import Database
from bot.store.leases import Leases
from bot.store.pages import AT_ONCE
from bot.store.tables import cases, notices, pages, user_profiles


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that this worker holds. `taken`: the notice was taken meanwhile, so nobody is called any more."""

    id: UUID
    receiver: str
    user_id: UUID | None
    channel: str
    attempts: int
    fence: int
    reference: str | None
    language: str | None  # of the colleague
    taken: bool
    kind: str  # of the notice


def held(database: Database) -> Leases:
    """The calls that a worker is making."""
    return Leases(database, pages, pages.c.fence, pages.c.state == "sending")


async def claim(connection: AsyncConnection, now: datetime, *, take_over: bool = True) -> list[Claimed]:
    """Calls that may be made now; a dead worker's are claimed again: a phone that rings twice wakes one, too."""
    due = and_(pages.c.state == "queued", or_(pages.c.lease_until.is_(None), pages.c.lease_until <= now))
    if take_over:
        due = or_(due, and_(pages.c.state == "sending", leases.over(pages.c.lease_until)))
    ids = [
        row.id
        for row in await connection.execute(
            select(pages.c.id).where(due).order_by(pages.c.queued_at).limit(AT_ONCE).with_for_update(skip_locked=True)
        )
    ]
    if not ids:
        return []
    await connection.execute(
        update(pages)
        .where(pages.c.id.in_(ids))
        .values(state="sending", lease_until=leases.until(), fence=pages.c.fence + 1, attempts=pages.c.attempts + 1)
    )
    rows = await connection.execute(
        select(
            pages.c.id,
            pages.c.receiver,
            pages.c.user_id,
            pages.c.channel,
            pages.c.attempts,
            pages.c.fence,
            cases.c.reference,
            user_profiles.c.languages,
            notices.c.taken_at,
            notices.c.kind,
        )
        .join(notices, notices.c.id == pages.c.notice_id)
        .outerjoin(cases, cases.c.id == notices.c.case_id)
        .outerjoin(user_profiles, user_profiles.c.user_id == pages.c.user_id)
        .where(pages.c.id.in_(ids))
        .order_by(pages.c.queued_at)
    )
    return [
        Claimed(
            row.id,
            row.receiver,
            row.user_id,
            row.channel,
            row.attempts,
            row.fence,
            row.reference,
            next(iter(row.languages or ()), None),
            row.taken_at is not None,
            row.kind,
        )
        for row in rows
    ]


async def write(connection: AsyncConnection, claimed: Claimed, **values: Any) -> bool:
    """The result of a call; False when somebody else holds it by now."""
    done = await connection.execute(
        update(pages)
        .where(pages.c.id == claimed.id, pages.c.fence == claimed.fence, pages.c.state == "sending")
        .values(**values)
    )
    return bool(done.rowcount)


async def acknowledge(connection: AsyncConnection, page_id: UUID, now: datetime) -> str | None:
    """Somebody pressed the key; once is enough. The reference that it was about ("" when it has none), None for a call
    that never was."""
    found = await connection.execute(
        update(pages)
        .where(pages.c.id == page_id)
        .values(acknowledged_at=func.coalesce(pages.c.acknowledged_at, now))
        .returning(pages.c.notice_id)
    )
    row = found.first()
    if row is None:
        return None
    reference = await connection.execute(
        select(cases.c.reference).join(notices, notices.c.case_id == cases.c.id).where(notices.c.id == row.notice_id)
    )
    return str(reference.scalar_one_or_none() or "")
