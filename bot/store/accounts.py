"""Our accounts at the providers and their rate budgets.

Law: shared by every process through the database; nothing is remembered in memory. An account has its row before its
first message leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import channel_accounts, channel_lanes
from bot.store.together import Rows, Statement, ask, many, tell

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


@dataclass(frozen=True, slots=True)
class Round:
    """What an account may send in this round: how many messages, a second's worth at most; `over`: the bot has said all
    that it may say by itself on this day (UTC)."""

    left: int = 0
    over: bool = False


def _one_of_places() -> ColumnElement[bool]:
    places = (
        func.unnest(many("channels", Text), many("accounts", Text)).table_valued("channel", "account").render_derived()
    )
    return tuple_(channel_accounts.c.channel, channel_accounts.c.account).in_(
        select(places.c.channel, places.c.account)
    )


_LOCK = Statement(  # with what broadcasts send beside it (`lanes.py`), which is not locked
    select(
        channel_accounts,
        channel_lanes.c.next_send_at.label("lane_at"),
        channel_lanes.c.spent_on.label("lane_spent_on"),
        channel_lanes.c.spent.label("lane_spent"),
    )
    .outerjoin(
        channel_lanes,
        and_(
            channel_lanes.c.channel == channel_accounts.c.channel,
            channel_lanes.c.account == channel_accounts.c.account,
        ),
    )
    .where(_one_of_places())
    .order_by(channel_accounts.c.channel, channel_accounts.c.account)
    .with_for_update(of=channel_accounts, skip_locked=True)
)
_KNOWN = Statement(select(channel_accounts.c.channel, channel_accounts.c.account).where(_one_of_places()))
_TODAY = case((channel_accounts.c.spent_on == bindparam("day", type_=Date), channel_accounts.c.spent), else_=0)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_NEXT = Statement(
    select(func.min(channel_accounts.c.next_send_at).label("moment")).where(channel_accounts.c.next_send_at > _NOW)
)
_SPEND = Statement(
    update(channel_accounts)
    .where(channel_accounts.c.channel == bindparam("place_channel"))
    .where(channel_accounts.c.account == bindparam("place_account"))
    .values(
        spent_on=bindparam("day", type_=Date),
        spent=_TODAY + bindparam("ordinary", type_=Integer),
        next_send_at=func.greatest(func.coalesce(channel_accounts.c.next_send_at, _NOW), _NOW)
        + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("messages", type_=Float) / channel_accounts.c.per_second),
    )
)


async def rounds(
    connection: AsyncConnection, places: Iterable[Place], now: datetime, most: Mapping[str, int]
) -> dict[Place, Round]:
    """Lock these accounts; what each may send now. `most`: a day's number by channel, for accounts without their own.

    Nothing is left for an account that another sender is claiming from, or whose second is not over; the simulator has
    no budget, and is not told of.
    """
    left = {place: Round() for place in sorted(places) if place[1] != UNLIMITED}
    if not left:
        return {}
    locked = await _locked(connection, left)
    if len(locked) < len(left):  # locked by another sender, or new
        (rows,) = await ask(connection, _KNOWN(**_named(left)))
        known = {(row.channel, row.account) for row in rows}
        if missing := left.keys() - known:
            await ensure(connection, missing)
            locked += await _locked(connection, missing)
    for row in locked:
        limit = row.most_a_day if row.most_a_day is not None else most.get(row.channel)
        over = limit is not None and said(row, now) >= limit
        free = row.next_send_at is None or row.next_send_at <= now
        beside = row.lane_at is not None and row.lane_at > now - timedelta(seconds=1)
        share = 1 - LANE_SHARE if beside else 1
        left[(row.channel, row.account)] = Round(max(1, int(row.per_second * share)) if free else 0, over)
    return left


def said(row: Any, now: datetime) -> int:
    """What the bot has said by itself on this day (UTC), to one and to many."""
    day = now.date()
    return (row.spent if row.spent_on == day else 0) + ((row.lane_spent or 0) if row.lane_spent_on == day else 0)


async def free_at(connection: AsyncConnection, now: datetime) -> datetime | None:
    """The next moment at which an account may send again that has used up its second; None when there is none."""
    ((row,),) = await ask(connection, _NEXT(now=now))
    moment: datetime | None = row.moment
    return moment


async def _locked(connection: AsyncConnection, places: Iterable[Place]) -> Rows:
    (rows,) = await ask(connection, _LOCK(**_named(places)))
    return rows


def _named(places: Iterable[Place]) -> dict[str, list[str]]:
    channels, names = zip(*sorted(places), strict=True)
    return {"channels": list(channels), "accounts": list(names)}


async def spend(
    connection: AsyncConnection, messages: Mapping[Place, int], ordinary: Mapping[Place, int], now: datetime
) -> None:
    """Advance the budgets by what leaves now, and count what of it the bot says by itself (`ordinary`): not danger, not
    the words of a human."""
    for (channel, account), number in sorted(messages.items()):
        values = {"place_channel": channel, "place_account": account, "day": now.date(), "now": now}
        values |= {"messages": float(number), "ordinary": ordinary.get((channel, account), 0)}
        await tell(connection, _SPEND(**values))
