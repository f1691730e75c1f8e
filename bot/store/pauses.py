"""A pause that a colleague takes: out of routing until it ends, and what rings her rings somebody else.

Law: a pause is an absence, so that routing and what the bot promises know of it by themselves. What she was called for
goes on to the next step of the ladder at once; she is not called for it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Interval, and_, case, delete, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import users as people
from bot.store.homes import Home
from bot.store.keys import Keys
from bot.store.tables import absences, conversations, keys, notices, pages

PAUSE = "pause"
SETTING = "paused_until"  # a copy in the user's settings, for what each of her pages says
_LONG_AGO = literal(timedelta(days=1), Interval)


async def begin(connection: AsyncConnection, user_id: UUID, until: datetime, now: datetime) -> int:
    """Out of routing until then; returns how many calls and offers went on to somebody else."""
    await end(connection, user_id, now)
    await connection.execute(
        insert(absences).values(id=uuid7(), user_id=user_id, kind=PAUSE, starts_at=now, ends_at=until, made_at=now)
    )
    await people.prefer(connection, user_id, **{SETTING: until.isoformat()})
    return await _pass_on(connection, user_id)


async def end(connection: AsyncConnection, user_id: UUID, now: datetime) -> bool:
    """She is back; False when there was no pause."""
    mine = and_(absences.c.user_id == user_id, absences.c.kind == PAUSE, absences.c.ends_at > now)
    gone = await connection.execute(delete(absences).where(mine, absences.c.starts_at >= now))
    done = await connection.execute(update(absences).where(mine).values(ends_at=now))
    await people.prefer(connection, user_id, **{SETTING: ""})
    return bool(done.rowcount or gone.rowcount)


async def _pass_on(connection: AsyncConnection, user_id: UUID) -> int:
    open_ones = select(notices.c.id).where(notices.c.taken_at.is_(None))
    calls = and_(pages.c.user_id == user_id, pages.c.notice_id.in_(open_ones))
    await connection.execute(update(pages).where(calls).values(acknowledged_at=None))
    await connection.execute(
        update(pages).where(calls, pages.c.state != "failed").values(state="failed", reason=PAUSE, lease_until=None)
    )
    # The next step is due from when the last one was called: that was long ago now. What nobody was called for yet is
    # offered anew.
    earlier = case((notices.c.called == 0, null()), else_=notices.c.called_at - _LONG_AGO)
    done = await connection.execute(
        update(notices)
        .where(notices.c.taken_at.is_(None), notices.c.offered_to == user_id)
        .values(offered_to=None, offer=[], called_at=earlier)
    )
    return int(done.rowcount)


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that she has, and by when somebody there waits for an answer."""

    where: Home
    reply_due_at: datetime | None


async def held(connection: AsyncConnection, secrets: Keys, user_id: UUID) -> Sequence[Held]:
    """What she has in her hands."""
    rows = await connection.execute(
        select(conversations.c.id, conversations.c.subject_id, conversations.c.reply_due_at, keys.c.wrapped)
        .join(keys, keys.c.subject_id == conversations.c.subject_id)
        .where(conversations.c.owner == "human", conversations.c.owner_user_id == user_id)
        .order_by(conversations.c.reply_due_at.asc().nulls_last(), conversations.c.id)
    )
    found = []
    for row in rows:
        try:
            key = secrets.keyring.unwrap(row.wrapped)
        except ValueError:
            continue  # a spoilt key: nothing can be done in it anyway
        found.append(Held(Home(row.subject_id, row.id, key), row.reply_due_at))
    return found
