"""What broadcasts may send by each account, and how fast: a place of their own beside the account's (`accounts.py`).

Law: of the accounts themselves nothing is locked here, or a reply would find its own taken. The day's limit of what the
bot says by itself is one for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import accounts
from bot.store.accounts import LANE_SHARE, UNLIMITED, Place
from bot.store.tables import channel_accounts, channel_lanes

LOOK = 0.25  # seconds of the lane's rate in one claim: as often the sender looks
SIMULATED = 8  # rows of one look for simulated phones, which have no rate


async def ensure(connection: AsyncConnection, places: Iterable[Place]) -> None:
    """Make the rows of accounts by which a broadcast is about to send, simulated phones too."""
    wanted = sorted(set(places))
    await accounts.ensure(connection, [place for place in wanted if place[1] != UNLIMITED])
    rows = [{"channel": channel, "account": account} for channel, account in wanted]
    if rows:
        await connection.execute(insert(channel_lanes).values(rows).on_conflict_do_nothing())


async def budgets(connection: AsyncConnection, channels: Iterable[str], now: datetime) -> dict[Place, int]:
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
    left = {place: SIMULATED for place in free if place[1] == UNLIMITED}
    rows = await connection.execute(
        select(channel_accounts)
        .where(tuple_(channel_accounts.c.channel, channel_accounts.c.account).in_(free))
        .order_by(channel_accounts.c.channel, channel_accounts.c.account)
    )
    for row in rows:
        if row.next_send_at is None or row.next_send_at <= now:
            left[(row.channel, row.account)] = max(1, int(row.per_second * LANE_SHARE * LOOK))
    return left


async def rates(connection: AsyncConnection, places: Iterable[Place]) -> dict[Place, float]:
    """Messages of broadcasts that each account sends in a second."""
    wanted = [place for place in sorted(set(places)) if place[1] != UNLIMITED]
    await accounts.ensure(connection, wanted)
    known = tuple_(channel_accounts.c.channel, channel_accounts.c.account).in_(wanted)
    rows = await connection.execute(select(channel_accounts).where(known)) if wanted else ()
    return {(row.channel, row.account): row.per_second * LANE_SHARE for row in rows}


async def all_rates(connection: AsyncConnection) -> dict[Place, float]:
    """Of every account that has ever sent something."""
    rows = await connection.execute(select(channel_accounts))
    return {(row.channel, row.account): row.per_second * LANE_SHARE for row in rows}


async def over(
    connection: AsyncConnection, places: Iterable[Place], now: datetime, most: Mapping[str, int]
) -> set[Place]:
    """The accounts that have said all that the bot may say on this day (UTC). `most`: by channel, for accounts that
    have no number of their own."""
    wanted = [place for place in sorted(set(places)) if place[1] != UNLIMITED]
    if not wanted:
        return set()
    a, lane = channel_accounts.c, channel_lanes.c
    rows = await connection.execute(
        select(channel_accounts, lane.spent_on.label("lane_spent_on"), lane.spent.label("lane_spent"))
        .outerjoin(channel_lanes, and_(lane.channel == a.channel, lane.account == a.account))
        .where(tuple_(a.channel, a.account).in_(wanted))
    )
    limits = [(row, row.most_a_day if row.most_a_day is not None else most.get(row.channel)) for row in rows]
    return {(r.channel, r.account) for r, limit in limits if limit is not None and accounts.said(r, now) >= limit}


async def spend(connection: AsyncConnection, counts: Mapping[Place, int], now: datetime) -> None:
    """Advance the places by what leaves now, and count it."""
    by_place = await rates(connection, counts)
    for (channel, account), number in sorted(counts.items()):
        until = timedelta(seconds=number / by_place[channel, account])
        same_day = channel_lanes.c.spent_on == now.date()
        await connection.execute(
            update(channel_lanes)
            .where(channel_lanes.c.channel == channel, channel_lanes.c.account == account)
            .values(
                next_send_at=func.greatest(func.coalesce(channel_lanes.c.next_send_at, now), now) + until,
                spent_on=now.date(),
                spent=case((same_day, channel_lanes.c.spent), else_=0) + number,
            )
        )
