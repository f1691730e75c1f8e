"""T24: workers whose clocks are wrong, and a clock that jumps: no lease is stolen early, nothing is purged early."""

from __future__ import annotations

from collections import deque
from datetime import timedelta

import pytest

from bot import outgoing
from bot.conductor import Conductor
from bot.sender import Sender
from bot.store import clocks, inbox, leases, retention
from bot.transports import errors
from bot.transports.errors import LONGEST_WAIT
from bot.transports.verdict import SLOW
from tests.conftest import NOON, Clock
from tests.pipeline.at_the_desk import hire, works
from tests.pipeline.test_pages import Bell, _team, pager
from tests.pipeline.test_sender import queued, row
from tests.pipeline.world import Provider, World

pytestmark = pytest.mark.slow
MAYA = "777001"
OTHERS = ("777002", "777003", "777004")


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


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(hours=5, minutes=45)])
async def test_T24_a_clock_that_was_ahead_for_a_while_keeps_nobody_waiting(world: World, ahead: timedelta) -> None:
    """As of a machine that starts with the wrong hour: one was answered in it, one was read, one was received."""
    world.clock.at += ahead
    await world.says(MAYA, "wages")
    await world.writes("777002", "wages")
    await world.turns()
    await world.writes("777003", "wages")
    world.clock.at -= ahead
    await world.writes(MAYA, "rules")
    await world.writes("777004", "wages")
    for _ in range(2):  # minutes: what is written now may be for a chat that waits
        await clocks.put_right(world.app.database, world.now)
        await world.turns()
        await world.sends()
        world.clock.move(minutes=1)
    to = [address for address, _, _ in world.provider.sent]
    assert {address: to.count(address) for address in set(to)} == {MAYA: 2, **dict.fromkeys(OTHERS, 1)}
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    assert await clocks.put_right(world.app.database, world.now) == 0


async def test_T24_a_page_of_a_clock_that_was_ahead_climbs_on(world: World) -> None:
    await _team(world)
    voice = Bell(script=deque([errors.Unreachable("503")]))
    await works(world, await hire(world, "dora", "caseworker", languages=["ne"], phone="+977980000005"), NOON, 48)
    world.clock.move(days=1)
    await world.says(MAYA, "he has a knife")
    await pager(world, {"voice": voice}).run_once()  # and it is to be called once more in a moment
    await world.says("777002", "he has a knife")
    promised = dict([tuple(each) for each in await world.rows("SELECT id, due_at FROM notices")])
    world.clock.move(days=-1)
    assert await pager(world, {"voice": voice}).run_once() == 0
    await clocks.put_right(world.app.database, world.now)
    await pager(world, {"voice": voice}).run_once()
    assert len(voice.rung) == 2
    world.clock.move(hours=1)
    for _ in range(9):
        await pager(world, {"voice": voice}).run_once()
        world.clock.move(minutes=5)
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page' AND red_at IS NULL") == 0
    for notice, due_at in await world.rows("SELECT id, due_at FROM notices WHERE due_at IS NOT NULL"):
        assert abs(promised[notice] - due_at - timedelta(days=1)) <= timedelta(minutes=1)
    assert await clocks.put_right(world.app.database, world.now) == 0


async def test_T24_what_waits_by_a_right_clock_goes_on_waiting(world: World) -> None:
    later = world.now + timedelta(hours=9)
    await queued(world, MAYA, "one", state="held", reason="safe_hours", not_before=later)
    await queued(world, "777002", "two", not_before=world.now + timedelta(hours=1))
    await queued(world, "777003", "three", state="held", reason="no_consent", not_before=outgoing.NEVER)
    world.provider.script["777004"].append(errors.Throttled("429", retry_after=LONGEST_WAIT))
    await world.writes("777004", "wages")
    await world.turns()
    await world.sends()
    album = await world.app.inbox.open(world.inbound("777005"), {})
    await world.given(album, "resumed", {}, at=world.now + timedelta(seconds=3))
    assert await clocks.put_right(world.app.database, world.now) == 0


async def test_T24_who_wrote_by_a_clock_that_was_ahead_is_not_written_to_at_night(world: World) -> None:
    world.clock.move(days=1)
    await world.says(MAYA, "wages")
    world.clock.move(hours=-9)  # three in the morning where she is
    where = await world.where(MAYA)
    (row_id,) = await queued(world, MAYA, "one", origin="human")
    await world.set_conversation(where.conversation_id, last_inbound_at=NOON + timedelta(days=1), next_send_at=None)
    await world.run("UPDATE channel_accounts SET next_send_at = NULL")
    await world.set_person(where.subject_id, consent_contact_at=NOON)
    assert await world.sender.run_once() == 1
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("held", "safe_hours")
    await world.writes(MAYA, "rules")  # now she has
    await world.turns()
    conversation = "SELECT last_inbound_at FROM conversations WHERE id = :id"
    assert await world.one(conversation, id=where.conversation_id) == world.now


def test_no_right_clock_writes_what_is_put_right() -> None:
    assert clocks.SILENCE.total_seconds() >= LONGEST_WAIT
    assert clocks.RETRY.total_seconds() >= SLOW[1]
    assert clocks.AHEAD > inbox.ALBUM_WAIT
    assert clocks.AHEAD.total_seconds() > leases.LEASE.total_seconds()


def test_every_worker_takes_its_clock_from_outside() -> None:
    for worker in (Conductor, Sender):
        assert "clock" in worker.__init__.__annotations__
