"""What broadcasts may send by each account, and how fast: a place of their own beside the account's (`accounts.py`).

Law: of the accounts themselves nothing is locked here, or a reply would find its own taken. The day's limit of what the
bot says by itself is one for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import accounts
from bot.store.accounts import LANE_SHARE, UNLIMITED, Place
from bot.store.tables import channel_accounts, channel_lanes

LOOK = 0.25  # seconds of the lane's rate in one claim: as often the sender looks
SIMULATED = 8  # rows of one look for simulated phones, which have no rate

_NOW = bindparam("now", type_=DateTime(timezone=True))
_SAME = and_(
    channel_accounts.c.channel == channel_lanes.c.channel, channel_accounts.c.account == channel_lanes.c.account
)


def due() -> ColumnElement[bool]:
    """Whether the lane of any account of these `channels` may go on at this moment (`now`)."""
    return exists(select(channel_lanes.c.channel).where(_due()))


def _due() -> ColumnElement[bool]:
    lane = channel_lanes.c
    moment = or_(lane.next_send_at.is_(None), lane.next_send_at <= _NOW)
    return and_(lane.channel == func.any(bindparam("channels", type_=ARRAY(Text))), moment)


_FREE = (  # locked against other senders' looks at the lane
    select(
        channel_lanes.c.channel,
        channel_lanes.c.account,
        channel_lanes.c.spent_on.label("lane_spent_on"),
        channel_lanes.c.spent.label("lane_spent"),
        channel_accounts.c.per_second,
        channel_accounts.c.most_a_day,
        channel_accounts.c.spent_on,
        channel_accounts.c.spent,
    )
    .outerjoin(channel_accounts, _SAME)
    .where(_due(), or_(channel_accounts.c.next_send_at.is_(None), channel_accounts.c.next_send_at <= _NOW))
    .order_by(channel_lanes.c.channel, channel_lanes.c.account)
    .with_for_update(of=channel_lanes, skip_locked=True)
)


async def ensure(connection: AsyncConnection, places: Iterable[Place]) -> None:
    """Make the rows of accounts by which a broadcast is about to send, simulated phones too."""
    wanted = sorted(set(places))
    await accounts.ensure(connection, [place for place in wanted if place[1] != UNLIMITED])
    rows = [{"channel": channel, "account": account} for channel, account in wanted]
    if rows:
        await connection.execute(insert(channel_lanes).values(rows).on_conflict_do_nothing())


async def budgets(
    connection: AsyncConnection, channels: Iterable[str], now: datetime, most: Mapping[str, int]
) -> dict[Place, int]:
    """By account of these channels, how much a broadcast may send in this look: nothing while what is direct has used
    up its second, while another sender claims, or once the bot has said all that it may say on this day (UTC). `most`:
    a day's number by channel, for accounts that have none of their own."""
    rows = await connection.execute(_FREE, {"channels": sorted(channels), "now": now})
    return {(row.channel, row.account): _number(row) for row in rows if not _over(row, now, most)}


def _number(row: Any) -> int:
    return SIMULATED if row.account == UNLIMITED else max(1, int(row.per_second * LANE_SHARE * LOOK))


def _over(row: Any, now: datetime, most: Mapping[str, int]) -> bool:
    """Also an account that is not known, and so has no rate."""
    if row.account == UNLIMITED:
        return False
    limit = row.most_a_day if row.most_a_day is not None else most.get(row.channel)
    return row.per_second is None or (limit is not None and accounts.said(row, now) >= limit)


async def rates(connection: AsyncConnection) -> dict[Place, float]:
    """Messages of broadcasts a second, of every account that has ever sent something; simulated phones have no rate."""
    rows = await connection.execute(select(channel_accounts).where(channel_accounts.c.account != UNLIMITED))
    return {(row.channel, row.account): row.per_second * LANE_SHARE for row in rows}


_NUMBERED = {"channel": Text, "account": Text, "number": Integer}


def numbered(name: str) -> TableValuedAlias:
    """Accounts with a number each, as rows of a statement; `values` says which."""
    arrays: list[Any] = [bindparam(f"v_{column}", type_=ARRAY(kind)) for column, kind in _NUMBERED.items()]
    return func.unnest(*arrays).table_valued(*_NUMBERED, name=name).render_derived()


def values(numbers: Mapping[Place, int]) -> dict[str, list[Any]]:
    """The parameters of `numbered`; there is at least one."""
    rows = [(channel, account, number) for (channel, account), number in numbers.items()]
    return {f"v_{name}": list(column) for name, column in zip(_NUMBERED, zip(*rows, strict=True), strict=True)}


def _spend() -> Any:
    news = numbered("news")
    lane, day = channel_lanes.c, bindparam("day", type_=Date)
    seconds = news.c.number / (channel_accounts.c.per_second * LANE_SHARE)
    return (
        update(channel_lanes)
        .where(lane.channel == news.c.channel, lane.account == news.c.account, _SAME)
        .values(
            next_send_at=func.greatest(func.coalesce(lane.next_send_at, _NOW), _NOW)
            + func.make_interval(0, 0, 0, 0, 0, 0, seconds),
            spent_on=day,
            spent=case((lane.spent_on == day, lane.spent), else_=0) + news.c.number,
        )
    )


_SPEND = _spend()


async def spend(connection: AsyncConnection, counts: Mapping[Place, int], now: datetime) -> None:
    """Advance these places, which this transaction has locked, by what leaves now, and count it."""
    await connection.execute(_SPEND, {**values(counts), "now": now, "day": now.date()})
