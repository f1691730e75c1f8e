"""Our accounts at the providers and their rate budgets.

Law: shared by every process through the database; nothing is remembered in memory. An account has its row before its
first message leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import channel_accounts, channel_lanes

Place = tuple[str, str]  # channel, our account
UNLIMITED = "simulator"
# Messages per second that an account may send. Telegram: about 30 overall (Bot API FAQ); Twilio: long codes 1, but a
# messaging service spreads over its pool and queues by itself.
PER_SECOND = {"telegram": 25, "whatsapp": 40, "sms": 10}
# A SIM in a phone: Android lets an app send about 30 SMS in 30 minutes without asking, and carriers look for robots;
# the app has limits of its own besides (docs/channels.md). Who sets it higher changes the row.
SIM_PER_SECOND = 0.2
# What broadcasts may take of an account's rate. They take it beside what is direct, never out of it: a reply waits for
# none of them. So a burst of replies is that much smaller while one has just sent.
LANE_SHARE = 0.5
LANE_LOOK = 0.25  # seconds of the lane's rate in one claim: as often the sender looks
LANE_SIMULATED = 8  # rows of one look for simulated phones, which have no rate


async def ensure(connection: AsyncConnection, places: Iterable[Place]) -> None:
    """Make the rows of accounts that have none."""
    rows = [{"channel": c, "account": a, "per_second": PER_SECOND[c]} for c, a in sorted(places)]
    if rows:
        await connection.execute(insert(channel_accounts).values(rows).on_conflict_do_nothing())


async def ensure_sims(connection: AsyncConnection, numbers: Iterable[str]) -> None:
    """Make the rows of SIMs that have none, at the pace of a phone."""
    rows = [{"channel": "sms", "account": n, "per_second": SIM_PER_SECOND} for n in sorted(numbers)]
    if rows:
        await connection.execute(insert(channel_accounts).values(rows).on_conflict_do_nothing())


async def budgets(connection: AsyncConnection, places: Iterable[Place], now: datetime) -> dict[Place, int]:
    """Lock these accounts; how many messages each may send in this round, a second's worth at most.

    0 for an account that another sender is claiming from, or whose second is not over; the simulator has no budget.
    """
    left = {place: 0 for place in places if place[1] != UNLIMITED}
    if not left:
        return {}
    known = tuple_(channel_accounts.c.channel, channel_accounts.c.account).in_(sorted(left))
    present = await connection.execute(select(channel_accounts.c.channel, channel_accounts.c.account).where(known))
    await ensure(connection, set(left) - {(row.channel, row.account) for row in present})
    locked = await connection.execute(
        select(channel_accounts)
        .where(known)
        .order_by(channel_accounts.c.channel, channel_accounts.c.account)
        .with_for_update(skip_locked=True)
    )
    beside = await _telling(connection, left, now)
    for row in locked:
        if row.next_send_at is None or row.next_send_at <= now:
            share = 1 - LANE_SHARE if (row.channel, row.account) in beside else 1
            left[(row.channel, row.account)] = max(1, int(row.per_second * share))
    return left


async def _telling(connection: AsyncConnection, places: Iterable[Place], now: datetime) -> set[Place]:
    """The accounts by which a broadcast has sent something within the last second."""
    rows = await connection.execute(
        select(channel_lanes.c.channel, channel_lanes.c.account).where(
            tuple_(channel_lanes.c.channel, channel_lanes.c.account).in_(sorted(places)),
            channel_lanes.c.next_send_at > now - timedelta(seconds=1),
        )
    )
    return {(row.channel, row.account) for row in rows}


async def ensure_lanes(connection: AsyncConnection, places: Iterable[Place]) -> None:
    """Make the rows of accounts by which a broadcast is about to send, simulated phones too."""
    wanted = sorted(set(places))
    await ensure(connection, [place for place in wanted if place[1] != UNLIMITED])
    rows = [{"channel": channel, "account": account} for channel, account in wanted]
    if rows:
        await connection.execute(insert(channel_lanes).values(rows).on_conflict_do_nothing())


async def lane_budgets(connection: AsyncConnection, channels: Iterable[str], now: datetime) -> dict[Place, int]:
    """By account of these channels, how much a broadcast may send in this look: nothing while what is direct has used
    up its second, or while another sender claims. Of the accounts themselves nothing is locked, or a reply would find
    its own taken."""
    mine = await connection.execute(
        select(channel_lanes)
        .where(channel_lanes.c.channel.in_(sorted(channels)))
        .order_by(channel_lanes.c.channel, channel_lanes.c.account)
        .with_for_update(skip_locked=True)
    )
    free = [(row.channel, row.account) for row in mine if row.next_send_at is None or row.next_send_at <= now]
    left = {place: LANE_SIMULATED for place in free if place[1] == UNLIMITED}
    rows = await connection.execute(
        select(channel_accounts)
        .where(tuple_(channel_accounts.c.channel, channel_accounts.c.account).in_(free))
        .order_by(channel_accounts.c.channel, channel_accounts.c.account)
    )
    for row in rows:
        if row.next_send_at is None or row.next_send_at <= now:
            left[(row.channel, row.account)] = max(1, int(row.per_second * LANE_SHARE * LANE_LOOK))
    return left


async def lane_rates(connection: AsyncConnection, places: Iterable[Place]) -> dict[Place, float]:
    """Messages of broadcasts that each account sends in a second."""
    wanted = [place for place in sorted(set(places)) if place[1] != UNLIMITED]
    await ensure(connection, wanted)
    known = tuple_(channel_accounts.c.channel, channel_accounts.c.account).in_(wanted)
    rows = await connection.execute(select(channel_accounts).where(known)) if wanted else ()
    return {(row.channel, row.account): row.per_second * LANE_SHARE for row in rows}


async def spent(
    connection: AsyncConnection, places: Iterable[Place], now: datetime, most: Mapping[str, int]
) -> set[Place]:
    """The accounts that have said all that the bot may say on this day (UTC). `most`: by channel, for accounts that
    have no number of their own."""
    wanted = [place for place in sorted(set(places)) if place[1] != UNLIMITED]
    if not wanted:
        return set()
    a, lane = channel_accounts.c, channel_lanes.c
    direct, told = (case((t.spent_on == now.date(), t.spent), else_=0) for t in (a, lane))
    rows = await connection.execute(
        select(a.channel, a.account, a.most_a_day, (direct + func.coalesce(told, 0)).label("said"))
        .outerjoin(channel_lanes, and_(lane.channel == a.channel, lane.account == a.account))
        .where(tuple_(a.channel, a.account).in_(wanted))
    )
    over = set()
    for row in rows:
        limit = row.most_a_day if row.most_a_day is not None else most.get(row.channel)
        if limit is not None and row.said >= limit:
            over.add((row.channel, row.account))
    return over


async def count(connection: AsyncConnection, counts: Mapping[Place, int], now: datetime, *, lane: bool = False) -> None:
    """Count what the bot says by itself: not danger, not the words of a human. `lane`: what broadcasts say."""
    table = channel_lanes if lane else channel_accounts
    for (channel, account), number in sorted(counts.items()):
        same_day = table.c.spent_on == now.date()
        await connection.execute(
            update(table)
            .where(table.c.channel == channel, table.c.account == account)
            .values(spent_on=now.date(), spent=case((same_day, table.c.spent), else_=0) + number)
        )


async def all_lane_rates(connection: AsyncConnection) -> dict[Place, float]:
    """Of every account that has ever sent something."""
    rows = await connection.execute(select(channel_accounts))
    return {(row.channel, row.account): row.per_second * LANE_SHARE for row in rows}


async def spend(connection: AsyncConnection, counts: Mapping[Place, int], now: datetime) -> None:
    """Advance the budgets by what leaves now."""
    for (channel, account), count in sorted(counts.items()):
        spent = func.make_interval(0, 0, 0, 0, 0, 0, count * 1.0 / channel_accounts.c.per_second)
        await connection.execute(
            update(channel_accounts)
            .where(channel_accounts.c.channel == channel, channel_accounts.c.account == account)
            .values(next_send_at=func.greatest(func.coalesce(channel_accounts.c.next_send_at, now), now) + spent)
        )


async def spend_lane(connection: AsyncConnection, counts: Mapping[Place, int], now: datetime) -> None:
    """The same for broadcasts."""
    rates = await lane_rates(connection, counts)
    for (channel, account), count in sorted(counts.items()):
        until = timedelta(seconds=count / rates[channel, account])
        await connection.execute(
            update(channel_lanes)
            .where(channel_lanes.c.channel == channel, channel_lanes.c.account == account)
            .values(next_send_at=func.greatest(func.coalesce(channel_lanes.c.next_send_at, now), now) + until)
        )
