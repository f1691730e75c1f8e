"""T24: workers whose clocks are wrong, and a clock that jumps: no lease is stolen early, nothing is purged early."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conductor import Conductor
from bot.sender import Sender
from bot.store import retention
from bot.transports import errors
from tests.conftest import Clock
from tests.pipeline.world import Provider, World

pytestmark = pytest.mark.slow
MAYA = "777001"


def _sender(world: World, skew: timedelta, provider: Provider) -> Sender:
    made = world.new_sender(world.database(), provider)
    made._clock = Clock(world.clock.at + skew)
    return made


@pytest.mark.parametrize("minutes", [-10, -1, 1, 10])
async def test_T24_no_message_is_sent_twice_by_clocks_that_differ(world: World, minutes: int) -> None:
    """One sender is at its request while another, whose clock is wrong, looks at the outbox."""
    other = Provider()
    await world.writes(MAYA, "wages")
    await world.turns()
    second = _sender(world, timedelta(minutes=minutes), other)

    async def meanwhile() -> None:
        await second.run_once()

    world.provider.script[MAYA].append(meanwhile)
    await world.sender.run_once()
    assert len(world.provider.sent) == 1
    assert other.sent == []  # a lease is by the database's clock: no other one can steal it
    state = await world.rows("SELECT state, fence, attempts FROM outbox WHERE kind = 'reply'")
    assert [tuple(row) for row in state] == [("sent", 1, 1)]


@pytest.mark.parametrize("hours", [-24, -1])
async def test_T24_a_clock_that_goes_back_loses_nothing(world: World, hours: int) -> None:
    await world.says(MAYA, "wages")
    world.clock.move(hours=hours)
    await world.says(MAYA, "1")
    world.clock.move(hours=-hours)
    await world.says(MAYA, "1")
    assert sorted(await world.heard(MAYA)) == ["1", "1", "wages"]  # the history shows them by our clock
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    # A reply that waited for the clock to come back may be withdrawn as stale; none is stuck.
    left = await world.rows("SELECT state, reason FROM outbox WHERE state <> 'sent' AND reason <> 'stale'")
    assert [tuple(row) for row in left] == []


async def test_T24_nothing_is_purged_early_by_the_hour_of_a_change(world: World) -> None:
    await world.says(MAYA, "rules")
    world.clock.move(hours=23, minutes=59)
    assert (await retention.purge(world.app.database, world.app.secrets, world.now))["messages"] == 0
    world.clock.move(hours=-26)  # back, and forward again
    assert (await retention.purge(world.app.database, world.app.secrets, world.now))["messages"] == 0
    assert await world.one("SELECT count(*) FROM messages") > 0


async def test_T24_a_retry_waits_by_the_clock_that_reads_it(world: World) -> None:
    world.provider.script[MAYA].append(errors.Throttled("429", retry_after=60))
    await world.writes(MAYA, "wages")
    await world.turns()
    await world.sender.run_once()
    assert await _sender(world, timedelta(seconds=50), world.provider).run_once() == 0
    assert await _sender(world, timedelta(seconds=70), world.provider).run_once() == 1


def test_every_worker_takes_its_clock_from_outside() -> None:
    for worker in (Conductor, Sender):
        assert "clock" in worker.__init__.__annotations__
