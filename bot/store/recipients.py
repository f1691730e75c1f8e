"""Who hears a broadcast, person by person: listed once, looked at when her turn comes, put into the lane or left out.

Law: a person's row changes only under her lock and from `waiting`, in the transaction that writes her row of the
outbox. The broadcast is locked with it, so nothing goes into the lane once somebody has stopped it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid, and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import lane, reached
from bot.store.accounts import Place
from bot.store.audience import Sparing, Wanted, chosen
from bot.store.broadcasts import SENT
from bot.store.bulk import insert_rows
from bot.store.keys import Keys
from bot.store.reached import Reached
from bot.store.tables import (
    broadcast_recipients,
    broadcasts,
    messages,
    outbox,
    subscriptions,
)

WAITING = ("held", "lane")  # states of words that have not left
IN_THE_AIR = ("sending", "unknown", *SENT)  # of those that have, or may have


@dataclass(frozen=True, slots=True)
class Listed:
    """How far the list is: the last subscriber in it."""

    after: UUID | None


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a person now. `reached`: where she is, for whom it is not decided yet; `language`: hers."""

    subject_id: UUID
    state: str  # waiting, queued, skipped
    reason: str | None = None
    not_before: datetime | None = None
    outbox_id: UUID | None = None
    reached: Reached | None = None
    language: str = ""
    place: Place | None = None  # where she writes by now, if it is not where she was listed


# --- the list


async def place(connection: AsyncConnection, broadcast_id: UUID) -> Listed | None:
    """Lock a running broadcast whose list is not whole; None when there is none, or another worker is at it."""
    row = (
        await connection.execute(
            select(broadcasts.c.cursor)
            .where(broadcasts.c.id == broadcast_id, broadcasts.c.state == "running", broadcasts.c.poured_at.is_(None))
            .with_for_update(skip_locked=True)
        )
    ).first()
    return Listed(row.cursor) if row else None


async def move(connection: AsyncConnection, broadcast_id: UUID, last: UUID | None, now: datetime) -> None:
    """The list goes so far; without a `last` one it is whole."""
    values: dict[str, Any] = {"poured_at": now} if last is None else {"cursor": last}
    await connection.execute(update(broadcasts).where(broadcasts.c.id == broadcast_id).values(**values))


# --- whose turn it is


async def still_running(connection: AsyncConnection, broadcast_id: UUID) -> bool:
    """Whether it runs; it cannot be stopped before this transaction ends."""
    row = await connection.execute(
        select(broadcasts.c.id)
        .where(broadcasts.c.id == broadcast_id, broadcasts.c.state == "running")
        .with_for_update(read=True)
    )
    return row.first() is not None


async def due(connection: AsyncConnection, broadcast_id: UUID, now: datetime) -> list[Place]:
    """The accounts by which somebody is to be written to now."""
    r = broadcast_recipients.c
    rows = await connection.execute(
        select(r.channel, r.account)
        .where(r.broadcast_id == broadcast_id, r.state == "waiting", r.not_before <= now)
        .group_by(r.channel, r.account)
        .order_by(r.channel, r.account)
    )
    return [(row.channel, row.account) for row in rows]


async def in_lane(connection: AsyncConnection) -> dict[Place, int]:
    """Rows that wait in the lane, of all broadcasts, by account."""
    o, running = outbox.c, select(broadcasts.c.id).where(broadcasts.c.state == "running")
    rows = await connection.execute(
        select(o.lane_channel, o.lane_account, func.count().label("rows"))
        .where(o.broadcast_id.in_(running), o.state == lane.WAITS)
        .group_by(o.lane_channel, o.lane_account)
    )
    return {(row.lane_channel, row.lane_account): row.rows for row in rows}


async def next_ones(
    connection: AsyncConnection, broadcast_id: UUID, place: Place, now: datetime, most: int
) -> list[UUID]:
    """Whose turn it is at an account, the longest waiting first."""
    r = broadcast_recipients.c
    rows = await connection.execute(
        select(r.subject_id)
        .where(
            r.broadcast_id == broadcast_id,
            r.state == "waiting",
            r.channel == place[0],
            r.account == place[1],
            r.not_before <= now,
        )
        .order_by(r.not_before)
        .limit(most)
    )
    return [row.subject_id for row in rows]


async def look(
    connection: AsyncConnection, secrets: Keys, locked: Sequence[UUID], wanted: Wanted, sparing: Sparing, now: datetime
) -> list[Fate]:
    """How these locked people stand now: left out with the reason, or where they can be reached."""
    ids = bindparam("ids", list(locked), ARRAY(Uuid))
    rows = list(
        await connection.execute(chosen(wanted, sparing, now).where(subscriptions.c.subject_id == func.any(ids)))
    )
    open_ones = {one.person.id: one for one in reached.read(secrets, [row for row in rows if row.reason is None])}
    by_id = {row.subject_id: row for row in rows}
    fates = []
    for subject_id in locked:
        row = by_id.get(subject_id)
        if row is None:
            fates.append(Fate(subject_id, "skipped", "unsubscribed"))
        elif row.reason is not None:
            fates.append(Fate(subject_id, "skipped", row.reason))
        elif subject_id not in open_ones:
            fates.append(Fate(subject_id, "failed", "unreadable"))
        else:
            fates.append(Fate(subject_id, "waiting", reached=open_ones[subject_id], language=row.language))
    return fates


async def waiting(connection: AsyncConnection, broadcast_id: UUID, locked: Sequence[UUID]) -> list[UUID]:
    """Of these locked people those who still wait: another worker may have been quicker."""
    r = broadcast_recipients.c
    rows = await connection.execute(
        select(r.subject_id)
        .where(r.broadcast_id == broadcast_id, r.subject_id.in_(locked), r.state == "waiting")
        .order_by(r.not_before, r.id)
    )
    return [row.subject_id for row in rows]


async def write(
    connection: AsyncConnection,
    broadcast_id: UUID,
    rows: list[dict[str, Any]],
    lines: list[dict[str, Any]],
    fates: Sequence[Fate],
) -> None:
    """Rows of the outbox, lines of the history and what became of each, all at once."""
    await insert_rows(connection, outbox, rows)
    await insert_rows(connection, messages, lines)
    arrays: list[Any] = [
        bindparam("v_subject", [f.subject_id for f in fates], ARRAY(Uuid)),
        bindparam("v_state", [f.state for f in fates], ARRAY(Text)),
        bindparam("v_reason", [f.reason for f in fates], ARRAY(Text)),
        bindparam("v_at", [f.not_before for f in fates], ARRAY(DateTime(timezone=True))),
        bindparam("v_row", [f.outbox_id for f in fates], ARRAY(Uuid)),
        bindparam("v_channel", [f.place[0] if f.place else None for f in fates], ARRAY(Text)),
        bindparam("v_account", [f.place[1] if f.place else None for f in fates], ARRAY(Text)),
    ]
    names = ("subject_id", "state", "reason", "not_before")
    kept = ("outbox_id", "channel", "account")  # as they are, where nothing new is told
    news = func.unnest(*arrays).table_valued(*names, *kept, name="news").render_derived()
    r = broadcast_recipients.c
    await connection.execute(
        update(broadcast_recipients)
        .where(and_(r.broadcast_id == broadcast_id, r.subject_id == news.c.subject_id, r.state == "waiting"))
        .values(
            {name: news.c[name] for name in names[1:]} | {name: func.coalesce(news.c[name], r[name]) for name in kept}
        )
    )


async def words_out(
    connection: AsyncConnection, broadcast_id: UUID, locked: Sequence[UUID]
) -> tuple[dict[UUID, UUID], list[UUID]]:
    """Of these locked people who wait: (whose words have left by now, with the row; those to be decided about). Who was
    in the lane before, and left it (another account, a human), may have words of then. What of them still waits for her
    to write is withdrawn; what a sender holds or has sent is hers. Who is in neither: a sender looks at the row just
    now, and she waits for the next look."""
    r, o = broadcast_recipients.c, outbox.c
    hers = and_(o.subject_id == r.subject_id, o.broadcast_id == r.broadcast_id)
    of_then = and_(r.broadcast_id == broadcast_id, r.subject_id.in_(locked), r.outbox_id.is_not(None))
    older = (
        select(o.id)
        .join(broadcast_recipients, hers)
        .where(of_then, o.state.in_(WAITING))
        .order_by(o.id)
        .with_for_update(of=outbox, skip_locked=True)
        .cte("older")
    )
    await connection.execute(update(outbox).where(o.id == older.c.id).values(state="withdrawn", reason=lane.MOVED))
    left = await connection.execute(
        select(o.subject_id, o.id, o.state)
        .join(broadcast_recipients, hers)
        .where(of_then, o.kind == "reply", o.state.in_((*WAITING, *IN_THE_AIR)))
        .order_by(o.seq)
    )
    rows = left.all()
    out = {row.subject_id: row.id for row in rows if row.state in IN_THE_AIR}
    known = {row.subject_id for row in rows}
    return out, [who for who in locked if who not in known]
