"""The lane of broadcasts: what leaves when nothing direct waits, and only while its broadcast runs.

Law: asked for by the sender after the direct replies, never beside them. The running broadcasts are locked in the
claim, so that who stops one waits for no more than this transaction, and nothing is claimed afterwards. A share of an
account's rate is the lane's (`lanes.py`); the day's limit of what the bot says by itself is one for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import claims, lanes, leases
from bot.store.audience import CHANNELS, Sparing, grave
from bot.store.claims import Claim
from bot.store.keys import Keys
from bot.store.tables import (
    addresses,
    broadcasts,
    channel_lanes,
    conversations,
    outbox,
    subscriptions,
)

SPOKEN_BY_US = ("bot", "closed")  # owners of a conversation in which no human is awaited
MOVED = "moved"  # why something is withdrawn: she writes to another account of ours by now
ASKED = "asked"  # why a template is: another one has asked her since she wrote last
NAMED = 2000  # rows a statement


async def claim(
    connection: AsyncConnection,
    secrets: Keys,
    sparing: Sparing,
    now: datetime,
    room: Mapping[str, int],
    most: Mapping[str, int],
) -> list[Claim]:
    """Lock, mark and read what of the running broadcasts may be sent now. `room`: by channel; `most`: of a day."""
    channels = sorted(channel for channel, free in room.items() if free > 0)
    at = {"channels": channels, "now": now}
    running = [row.id for row in await connection.execute(_OPEN, at)] if channels else []
    if not running:
        return []
    left = await lanes.budgets(connection, channels, now, most)
    if not left:
        return []
    wanted = lanes.values({place: min(number, room[place[0]]) for place, number in left.items()})
    asked = {**wanted, "running": running, "now": now, "silent": now - sparing.silence}
    found = list(await connection.execute(_ready(sparing.kinds), asked))
    return await claims.take(connection, secrets, found, now, room, left)


# Written out, not bound: the planner uses an index of one state only when it can read that in the statement.
WAITS: Any = literal_column("'lane'")
_NOW = bindparam("now", type_=DateTime(timezone=True))


def _of_each(holds: ColumnElement[bool]) -> Any:
    """Asked of one row after the other. Where the planner may make a join of it, it reads the subscriptions of all when
    it thinks that few rows wait, as it does until they are counted: 25 ms of the database's for each person told."""
    return select(holds).scalar_subquery()


_WAITING = select(outbox.c.id).where(outbox.c.broadcast_id == broadcasts.c.id, outbox.c.state == WAITS)
# Those that run, and those that are done but for the words that wait until somebody writes, if anything of theirs
# waits in the lane: none, until an account's moment has come.
_OPEN = (
    select(broadcasts.c.id)
    .where(
        broadcasts.c.state.in_(("running", "done")),
        broadcasts.c.ends_at > _NOW,
        lanes.due(),
        _of_each(exists(_WAITING.correlate(broadcasts))),
    )
    .order_by(broadcasts.c.id)
    .with_for_update(read=True, skip_locked=True)
)


@cache
def _ready(kinds: tuple[str, ...]) -> Any:
    """What waits in the lane, by account and broadcast the first rows that may leave: each account by itself, so that a
    slow one stands before no other. Read in their order until there are as many as are asked for, so a look costs the
    same however many wait behind them; what stands before them and may not leave is read each time. Made once, since it
    is asked four times a second: to make it takes longer than to run it."""
    place = lanes.numbered("place")  # and how many rows of each
    # Of these two tables the planner knows how few rows they have. Of arrays it thinks the worst, and planned each look
    # anew: 1.6 ms of the database's in place of 0.4.
    lane, told = channel_lanes.c, broadcasts.alias("told")
    known = and_(lane.channel == place.c.channel, lane.account == place.c.account)
    first = _first(place, told, kinds)
    return (
        select(first)
        .select_from(place)
        .join(channel_lanes, known)
        .join(told, told.c.id == func.any(bindparam("running", type_=ARRAY(Uuid))))
        .join(first, true())
        .order_by(first.c.seq)
    )


def _first(place: FromClause, told: FromClause, kinds: tuple[str, ...]) -> Any:
    """The rows of one account and one broadcast: into silence only, never beside a human, never during a grave case."""
    silent = bindparam("silent", type_=DateTime(timezone=True))
    return (
        select(outbox.c.id, outbox.c.state, outbox.c.seq, place.c.channel, place.c.account)
        .select_from(outbox)
        .join(conversations, conversations.c.id == outbox.c.conversation_id)
        .where(
            outbox.c.broadcast_id == told.c.id,
            outbox.c.lane_channel == place.c.channel,
            outbox.c.lane_account == place.c.account,
            outbox.c.state == WAITS,
            outbox.c.not_before <= _NOW,
            conversations.c.owner.in_(SPOKEN_BY_US),
            or_(conversations.c.next_send_at.is_(None), conversations.c.next_send_at <= _NOW),
            or_(conversations.c.last_inbound_at.is_(None), conversations.c.last_inbound_at <= silent),
            *(_of_each(holds) for holds in (subscribed(), ~grave(outbox.c.subject_id, kinds), ~elsewhere())),
        )
        .order_by(outbox.c.seq)
        .limit(place.c.number)
        .with_for_update(of=[outbox, conversations], skip_locked=True, key_share=True)
        .lateral("first")
    )


async def name_places(connection: AsyncConnection) -> int:
    """Of the rows that the version before put into the lane NAMED get the account by which they leave; how many did.
    While both are at work (a rolling restart) they wait for this, a minute at most."""
    nameless = (
        select(outbox.c.id, addresses.c.channel, addresses.c.account)
        .join(conversations, conversations.c.id == outbox.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .where(outbox.c.state == WAITS, outbox.c.lane_channel.is_(None))
        .limit(NAMED)
        .with_for_update(of=outbox, skip_locked=True, key_share=True)
        .cte("nameless")
    )
    named = (
        update(outbox)
        .where(outbox.c.id == nameless.c.id)
        .values(lane_channel=nameless.c.channel, lane_account=nameless.c.account)
    )
    return int((await connection.execute(named)).rowcount)


def subscribed() -> ColumnElement[bool]:
    """Whether she still wants to hear of the topic of this row's broadcast."""
    return exists(
        select(subscriptions.c.id)
        .join(broadcasts, broadcasts.c.topic == subscriptions.c.topic)
        .where(
            broadcasts.c.id == outbox.c.broadcast_id,
            subscriptions.c.subject_id == outbox.c.subject_id,
            subscriptions.c.ended_at.is_(None),
        )
        .correlate(outbox)
    )


def elsewhere() -> ColumnElement[bool]:
    """Whether she wrote last in another conversation than this row's, to whichever of our accounts: there she is told,
    when it is silent there."""
    here, other = conversations.alias("here"), conversations.alias("other")
    later = or_(here.c.last_inbound_at.is_(None), other.c.last_inbound_at > here.c.last_inbound_at)
    return exists(
        select(other.c.id)
        .join(here, and_(here.c.subject_id == other.c.subject_id, here.c.id != other.c.id))
        .join(addresses, addresses.c.id == other.c.address_id)
        .where(
            here.c.id == outbox.c.conversation_id,
            other.c.blocked_at.is_(None),
            other.c.last_inbound_at.is_not(None),
            addresses.c.channel.in_(CHANNELS),
            later,
        )
        .correlate(outbox)
    )


async def recover(connection: AsyncConnection, now: datetime, *, take_over: bool = True) -> int:
    """What a dead sender held goes back into the lane, once; the second time its outcome stays unknown. A minute later
    than a direct reply: nobody waits for it. Returns how many. Without `take_over` nothing is taken
    from anybody."""
    if not take_over:
        return 0
    gone = (
        select(outbox.c.id)
        .where(outbox.c.broadcast_id.is_not(None), outbox.c.state == "sending", leases.over(outbox.c.lease_until))
        .with_for_update(skip_locked=True, key_share=True)
    )
    twice = outbox.c.reason == "unknown"
    back = await connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(gone.scalar_subquery()))
        .values(
            state=case((twice, "unknown"), else_="lane"),
            reason=case((twice, "lease"), else_="unknown"),
            lease_until=None,
            not_before=now + timedelta(seconds=1),
        )
    )
    return int(back.rowcount)
