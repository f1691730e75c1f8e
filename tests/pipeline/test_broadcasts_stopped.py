"""A broadcast that is stopped, runs beside another worker, or dies in the middle: nobody is left out or told twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.store import restore, settling, tables
from bot.transports import errors
from tests.pipeline.telling import MAYA, RITA, Telling, quiet
from tests.pipeline.world import World


async def test_stopping_stops_at_once_and_starting_again_leaves_nobody_out(world: World, telling: Telling) -> None:
    people = [str(600 + n) for n in range(40)]
    for who in people:
        await telling.subscriber(who)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 40
    await world.sender.run_once()
    before = len([who for who in people if telling.heard(who)])
    assert 0 < before < 40
    assert await telling.stop(which)
    for _ in range(5):
        world.clock.move(seconds=30)
        await telling.minute()
        assert await world.sends() == 0
    assert len([who for who in people if telling.heard(who)]) == before
    assert (await telling.known(which)).state == "stopped"
    assert await telling.start(which)
    for _ in range(5):
        world.clock.move(seconds=30)
        await telling.minute()
        await world.sends()
    assert Counter(len(telling.heard(who)) for who in people) == {1: 40}
    assert await telling.counts(which) == {"sent": 40}


async def test_one_that_ran_when_a_backup_was_made_tells_nobody_a_second_time(world: World, telling: Telling) -> None:
    """After the restore Maya's words stand in the lane, and Rita is still to be put there: both may have been told."""
    await telling.subscriber(MAYA)
    await quiet(telling)
    await telling.subscriber(RITA)
    which = await telling.begun()
    assert await telling.minute() == 1
    assert await telling.counts(which) == {"queued": 1, "waiting:silence": 1}
    assert await restore.hold(world.app.database, world.now) == (1, 1)
    await quiet(telling)
    assert await telling.minute() == 0
    assert await world.sends() == 0
    assert (await telling.known(which)).state == "stopped"
    assert await telling.counts(which) == {"failed:restored": 1, "waiting:silence": 1}
    assert await telling.start(which)  # a human decided it: who stood in the lane hears nothing again even so
    await telling.minute()
    await world.sends()
    assert (telling.heard(MAYA), len(telling.heard(RITA))) == ([], 1)


async def test_a_stop_in_the_middle_of_a_claim_waits_for_that_claim_alone(world: World, telling: Telling) -> None:
    """Whoever was told that it has stopped sees nothing claimed afterwards."""
    await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    async with world.app.database.begin() as connection:
        claimed = await telling.lane(connection)
        assert len(claimed) == 1
        stopping = asyncio.create_task(telling.stop(which))
        await asyncio.sleep(0.2)
        assert not stopping.done()
    assert await stopping
    async with world.app.database.begin() as connection:
        assert await telling.lane(connection) == []


async def _until(done: asyncio.Task[Any], world: World) -> None:
    """Until somebody waits for a lock in the database, or all is done."""
    while not done.done():
        if await world.one(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):  # of others on this server nothing is learned
            return
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("late", [False, True], ids=["settle", "finish"])
async def test_whoever_holds_a_persons_rows_and_the_job_do_not_wait_in_a_circle(
    world: World, telling: Telling, late: bool
) -> None:
    """As two channels become one: her rows of the list first, then those of the outbox."""
    subject = await telling.subscriber(MAYA)
    await telling.subscriber(RITA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 2
    if not late:
        await world.run("UPDATE subscriptions SET ended_at = now()")
    one = await telling.known(which)
    now = world.now + timedelta(days=4 if late else 0)

    async def look() -> None:
        async with world.app.database.begin() as connection:
            if late:
                await settling.finish(connection, one, now)
            else:
                await settling.settle(connection, which, telling.room.sparing, now)

    async with world.database().begin() as other:
        theirs = update(tables.broadcast_recipients).where(tables.broadcast_recipients.c.subject_id == subject)
        await other.execute(theirs.values(subject_id=subject))
        looks = asyncio.create_task(look())
        await _until(looks, world)
        hers = update(tables.outbox).where(tables.outbox.c.subject_id == subject)
        await other.execute(hers.values(subject_id=subject))
    await looks
    world.clock.move(days=4 if late else 0)
    await telling.minute()
    assert await telling.counts(which) == {f"skipped:{'late' if late else 'unsubscribed'}": 2}


async def test_two_workers_settle_at_once(world: World, telling: Telling) -> None:
    for n in range(20):
        await telling.subscriber(str(700 + n))
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 20
    await world.run("UPDATE subscriptions SET ended_at = now()")
    bases = [world.database() for _ in range(3)]

    async def settles(base: Any) -> None:
        async with base.begin() as connection:
            await settling.settle(connection, which, telling.room.sparing, world.now)

    await asyncio.gather(*(settles(base) for base in bases))
    assert await telling.counts(which) == {"skipped:unsubscribed": 20}


async def test_what_the_provider_refuses_is_tried_again_in_the_lane_and_counted_at_the_end(
    world: World, telling: Telling
) -> None:
    await telling.subscriber(MAYA)
    await telling.subscriber(RITA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    world.provider.script[MAYA].append(errors.Unreachable("down"))
    world.provider.script[RITA].append(errors.PersonBlocked("403"))
    await world.sender.run_once()
    assert await world.one("SELECT state FROM outbox WHERE broadcast_id IS NOT NULL AND state <> 'failed'") == "lane"
    world.clock.move(seconds=10)
    await world.sends()
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1, "failed:PersonBlocked": 1}
    assert len(telling.heard(MAYA)) == 1


async def test_two_workers_at_once_reach_everybody_once(world: World, telling: Telling) -> None:
    people = [str(900 + n) for n in range(30)]
    for who in people:
        await telling.subscriber(who)
    await quiet(telling)
    which = await telling.begun()
    other = type(telling.room)(world.database(), world.app.secrets, world.app.content, world.policy, world.clock)
    queued = await asyncio.gather(telling.minute(), other.run_once())
    assert sum(queued) == 30
    senders = [world.sender, world.new_sender(world.database())]
    for _ in range(60):
        await asyncio.gather(*(sender.run_once() for sender in senders))
        world.clock.move(seconds=1)
    assert Counter(len(telling.heard(who)) for who in people) == {1: 30}
    await telling.minute()
    assert await telling.counts(which) == {"sent": 30}


async def test_a_sender_that_dies_sends_again_once_and_then_no_more(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    for tries in (1, 2):
        async with world.app.database.begin() as connection:
            assert len(await telling.lane(connection)) == 1, tries
        world.clock.move(minutes=1)
        await world.leases_run_out()
        await telling.minute()
        world.clock.move(seconds=2)
    assert await telling.counts(which) == {"failed:lease": 1}
    assert await world.sends() == 0
