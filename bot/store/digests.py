"""What colleagues are told by mail or chat: each thing one row, claimed and sent once.

Law: a row is unique for its colleague, kind and key, so any number of workers may plan at once. Nobody is told twice: a
row whose worker died while it sent is `unknown`, and is not sent again. Codes and counts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import leases
from bot.store.database import Database
from bot.store.leases import Leases
from bot.store.tables import (
    absences,
    digests,
    organisations,
    shift_swaps,
    shifts,
    staff_chats,
    staff_notices,
    user_profiles,
    users,
)

AGAIN = timedelta(minutes=5)  # before one that could not be sent is tried once more
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Reader:
    """A colleague who may be told something. `ways`: those that exist: telegram (a linked chat), email. `main`: of the
    organisation that runs this installation, whose the rota is."""

    id: UUID
    role: str
    settings: Mapping[str, Any]
    languages: tuple[str, ...]
    ways: tuple[str, ...]
    absent: bool
    main: bool


async def readers(connection: AsyncConnection, now: datetime, user_id: UUID | None = None) -> list[Reader]:
    """The active colleagues, or one of them."""
    query = (
        select(
            users.c.id,
            users.c.role,
            users.c.settings,
            user_profiles.c.languages,
            user_profiles.c.email_enc.is_not(None).label("email"),
            exists(select(staff_chats.c.address_id).where(staff_chats.c.user_id == users.c.id)).label("telegram"),
            exists(
                select(absences.c.id).where(
                    absences.c.user_id == users.c.id, absences.c.starts_at <= now, absences.c.ends_at > now
                )
            ).label("absent"),
            func.coalesce(organisations.c.settings["main"].as_boolean(), False).label("main"),
        )
        .join(organisations, organisations.c.id == users.c.organisation_id)
        .outerjoin(user_profiles, user_profiles.c.user_id == users.c.id)
        .where(users.c.active.is_(True))
        .order_by(users.c.id)
    )
    if user_id is not None:
        query = query.where(users.c.id == user_id)
    return [
        Reader(
            row.id,
            row.role,
            dict(row.settings or {}),
            tuple(row.languages or ()),
            tuple(way for way in ("telegram", "email") if getattr(row, way)),
            row.absent,
            row.main,
        )
        for row in await connection.execute(query)
    ]


async def told(connection: AsyncConnection, user_id: UUID, kind: str) -> datetime | None:
    """When something of this kind was last written down for a colleague."""
    query = select(func.max(digests.c.queued_at)).where(digests.c.user_id == user_id, digests.c.kind == kind)
    found: datetime | None = (await connection.execute(query)).scalar_one_or_none()
    return found


async def add(
    connection: AsyncConnection, user_id: UUID, kind: str, key: str, codes: Mapping[str, Any], now: datetime
) -> bool:
    """Something to be told, once for each key; False when it was there."""
    made = await connection.execute(
        pg_insert(digests)
        .values(id=uuid7(), user_id=user_id, kind=kind, key=key, codes=dict(codes), state="queued", queued_at=now)
        .on_conflict_do_nothing()
        .returning(digests.c.id)
    )
    return made.first() is not None


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Lines that are older go."""
    gone = await connection.execute(delete(digests).where(digests.c.queued_at < before))
    return int(gone.rowcount)


# --- what is about no case


async def looked_for(connection: AsyncConnection, user_id: UUID, now: datetime) -> list[tuple[UUID, datetime]]:
    """(swap, when it was offered) of the shifts that this colleague could take, the newest first."""
    rows = await connection.execute(
        select(shift_swaps.c.id, shift_swaps.c.made_at)
        .join(shifts, shifts.c.id == shift_swaps.c.shift_id)
        .where(
            shift_swaps.c.state == "offered",
            shift_swaps.c.from_user_id != user_id,
            or_(shift_swaps.c.to_user_id.is_(None), shift_swaps.c.to_user_id == user_id),
            shifts.c.ends_at > now,
        )
        .order_by(shift_swaps.c.made_at.desc(), shift_swaps.c.id)
    )
    return [(row.id, row.made_at) for row in rows]


async def newest_warning(connection: AsyncConnection, now: datetime) -> str | None:
    """The key of the newest warning that hours to come are empty."""
    row = (
        await connection.execute(
            select(staff_notices.c.key)
            .where(staff_notices.c.kind == "empty_shift", staff_notices.c.raised_at > now - timedelta(days=7))
            .order_by(staff_notices.c.raised_at.desc(), staff_notices.c.key.desc())
            .limit(1)
        )
    ).first()
    return row.key if row else None


# --- sending


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker holds."""

    id: UUID
    user_id: UUID
    kind: str
    codes: Mapping[str, Any]
    attempts: int
    fence: int
    queued_at: datetime


def held(database: Database) -> Leases:
    """What a worker is sending."""
    return Leases(database, digests, digests.c.fence, digests.c.state == "sending")


async def claim(connection: AsyncConnection, now: datetime, *, take_over: bool = True) -> list[Claimed]:
    """Rows that may be sent now. Those whose worker died while it sent are given up, not sent again."""
    if take_over:
        await connection.execute(
            update(digests)
            .where(digests.c.state == "sending", leases.over(digests.c.lease_until))
            .values(state="unknown", reason="worker_gone")
        )
    due = and_(digests.c.state == "queued", or_(digests.c.lease_until.is_(None), digests.c.lease_until <= now))
    ids = [
        row.id
        for row in await connection.execute(
            select(digests.c.id)
            .where(due)
            .order_by(digests.c.queued_at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
    ]
    if not ids:
        return []
    rows = await connection.execute(
        update(digests)
        .where(digests.c.id.in_(ids))
        .values(state="sending", lease_until=leases.until(), fence=digests.c.fence + 1, attempts=digests.c.attempts + 1)
        .returning(digests)
    )
    return [Claimed(row.id, row.user_id, row.kind, row.codes, row.attempts, row.fence, row.queued_at) for row in rows]


async def write(connection: AsyncConnection, claimed: Claimed, **values: Any) -> bool:
    """The result; False when somebody else holds it by now."""
    done = await connection.execute(
        update(digests)
        .where(digests.c.id == claimed.id, digests.c.fence == claimed.fence, digests.c.state == "sending")
        .values(**values)
    )
    return bool(done.rowcount)
