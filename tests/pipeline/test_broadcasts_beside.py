"""A broadcast beside everything else that leaves: replies go first, and the rates are shared."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot import sender
from bot.store import accounts, lanes, outbox
from tests.pipeline.telling import MAYA, RITA, Telling, quiet
from tests.pipeline.world import ACCOUNT, World


async def test_direct_replies_are_claimed_first_however_long_a_broadcast_waits(world: World, telling: Telling) -> None:
    for n in range(6):
        await telling.subscriber(str(700 + n))
    await quiet(telling)
    await telling.begun()
    assert await telling.minute() == 6
    world.clock.move(minutes=1)
    await world.writes(RITA, "hello")
    await world.turns()
    before = len(world.provider.sent)
    await world.sender.run_once()
    assert {to for to, _, _ in world.provider.sent[before:]} == {RITA}  # the younger row alone
    world.clock.move(seconds=1)
    await world.sender.run_once()
    assert all("NEWS OFF" in text for to, _, text in world.provider.sent[before + 1 :] if to != RITA)
    assert len(world.provider.sent) > before + 1


async def test_a_broadcast_to_her_never_holds_up_an_answer_to_her(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    await telling.stop(which)
    await world.says(MAYA, "hello")
    assert telling.heard(MAYA) == []
    assert [to for to, _, _ in world.provider.sent].count(MAYA) >= 2


async def test_its_pace_is_a_share_of_the_accounts_rate_and_leaves_the_replies_theirs(
    world: World, telling: Telling
) -> None:
    for n in range(30):
        await telling.subscriber(str(800 + n))
    await quiet(telling)
    await world.run("UPDATE channel_accounts SET per_second = 8 WHERE account = :account", account=ACCOUNT)
    await telling.begun()
    assert await telling.minute() == 30
    sent: list[int] = []
    for _ in range(12):  # three seconds, a quarter at a time, as the sender looks
        before = len(world.provider.sent)
        await world.sender.run_once()
        sent.append(len(world.provider.sent) - before)
        world.clock.move(seconds=lanes.LOOK)
    assert sum(sent) == 12  # 8 * LANE_SHARE in a second
    assert max(sum(sent[n : n + 4]) for n in range(9)) <= 8 * accounts.LANE_SHARE
    free = await world.one("SELECT next_send_at FROM channel_accounts WHERE account = :account", account=ACCOUNT)
    assert free <= world.now  # a reply would leave at once


async def test_while_replies_use_up_the_rate_the_lane_is_shut(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    await telling.begun()
    await telling.minute()
    await world.run("UPDATE channel_accounts SET next_send_at = :at", at=world.now + timedelta(seconds=5))
    assert await world.sender.run_once() == 0
    world.clock.move(seconds=5)
    assert await world.sender.run_once() == 1


async def test_a_slow_account_does_not_stand_in_the_way_of_a_fast_one(world: World, telling: Telling) -> None:
    for n in range(4):
        await telling.subscriber(f"+97798123456{n:02}", channel="sms")
    await telling.subscriber(MAYA)
    await quiet(telling)
    await world.run("UPDATE channel_accounts SET per_second = 0.02 WHERE channel = 'sms'")
    which = await telling.begun()
    assert await telling.minute() == 2  # one SMS for the coming minute, and the chat
    await world.sends()
    assert len(telling.heard(MAYA)) == 1
    assert (await telling.counts(which))["waiting"] == 3


async def test_the_days_limit_of_what_the_bot_says_by_itself_holds_for_it(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await telling.subscriber(RITA)
    await quiet(telling)
    await telling.begun()
    await telling.minute()
    await world.run(
        "UPDATE channel_accounts SET most_a_day = 5, spent = 4, spent_on = :day WHERE account = :account",
        day=world.now.date(), account=ACCOUNT,
    )  # fmt: skip
    await world.run("UPDATE channel_accounts SET per_second = 1")
    for _ in range(20):
        await world.sends()
        world.clock.move(seconds=1)
    assert len(telling.heard(MAYA)) + len(telling.heard(RITA)) == 1
    world.clock.move(days=1)
    await world.sends()
    assert len(telling.heard(MAYA)) + len(telling.heard(RITA)) == 2


def test_what_is_told_to_many_waits_in_the_lane_alone() -> None:
    assert [outbox.waits(state, told=True) for state in ("queued", "held", "failed")] == ["lane", "lane", "failed"]
    assert [outbox.waits(state, told=False) for state in ("queued", "held")] == ["queued", "held"]


async def test_while_replies_go_on_leaving_a_broadcast_advances_by_a_few(world: World, telling: Telling) -> None:
    for n in range(12):
        await telling.subscriber(str(700 + n))
    await quiet(telling)
    await telling.begun()
    assert await telling.minute() == 12
    told: list[int] = []
    for n in range(sender.BUSY_LOOKS * 3):  # a reply in each look, for three seconds
        await world.writes(str(900 + n), "hello")
        await world.turns()
        await asyncio.gather(*(await world.sender._start())[1])
        world.clock.move(seconds=0.25)  # the reply's share of the account's second is over
        tasks = await world.sender.look_beside()
        await asyncio.gather(*tasks)
        told.append(len(tasks))
        world.clock.move(seconds=1)
    assert sum(told) == 3 * sender.BUSY_ROOM
    assert max(told) == sender.BUSY_ROOM
    await world.sender._start()  # nothing direct any more
    assert len(await world.sender.look_beside()) > sender.BUSY_ROOM
