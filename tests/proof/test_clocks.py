"""T24: workers whose clocks are wrong, and a clock that jumps: no lease is stolen early, nothing is purged early."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import outgoing
from bot.conductor import Conductor
from bot.jobs import schedule, set_back
from bot.rostering import Roster
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
DAY = timedelta(days=1)
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
        await clocks.put_right(world.app.database, world.now, ahead)
        await world.turns()
        await world.sends()
        world.clock.move(minutes=1)
    to = [address for address, _, _ in world.provider.sent]
    assert {address: to.count(address) for address in set(to)} == {MAYA: 2, **dict.fromkeys(OTHERS, 1)}
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    assert await clocks.put_right(world.app.database, world.now, ahead) == 0


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
    await clocks.put_right(world.app.database, world.now, DAY)
    await pager(world, {"voice": voice}).run_once()
    assert len(voice.rung) == 2
    world.clock.move(hours=1)
    for _ in range(9):
        await pager(world, {"voice": voice}).run_once()
        world.clock.move(minutes=5)
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page' AND red_at IS NULL") == 0
    for notice, due_at in await world.rows("SELECT id, due_at FROM notices WHERE due_at IS NOT NULL"):
        assert abs(promised[notice] - due_at - timedelta(days=1)) <= timedelta(minutes=1)
    assert await clocks.put_right(world.app.database, world.now, DAY) == 0


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
    assert await clocks.put_right(world.app.database, world.now, DAY) == 0


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


@pytest.mark.parametrize("seized", [False, True])
async def test_T24_what_a_clock_that_was_ahead_queued_does_not_leave_at_night(world: World, *, seized: bool) -> None:
    """She wrote an hour before the clock was set back: what is put right says so, and her hours hold."""
    world.clock.move(days=1)
    await world.says(MAYA, "wages")
    where = await world.where(MAYA)
    await world.set_person(where.subject_id, consent_contact_at=NOON, seized_at=NOON if seized else None)
    await queued(world, MAYA, "one", origin="human", state="held", reason="safe_hours", not_before=world.now)
    await world.run("UPDATE outbox SET queued_at = :at WHERE state = 'held'", at=world.now)
    world.clock.move(hours=-23)  # an hour has passed since, by a right clock
    world.clock.move(hours=-10)  # and it is two in the morning where she is
    sent = len(world.provider.sent)
    await world.run("UPDATE conversations SET last_inbound_at = :at", at=world.now + timedelta(hours=23))
    await clocks.put_right(world.app.database, world.now, DAY)
    assert await world.one("SELECT max(last_inbound_at) FROM conversations") == world.now - timedelta(hours=1)
    await world.sender.run_once()
    assert len(world.provider.sent) == sent
    assert await world.one("SELECT reason FROM outbox WHERE state = 'held'") == ("seized" if seized else "safe_hours")


async def test_T24_who_never_wrote_has_not_written_now(world: World) -> None:
    await queued(world, MAYA, "one", not_before=world.now + timedelta(days=1))
    await world.run("UPDATE conversations SET last_inbound_at = NULL, next_send_at = :at", at=world.now + DAY)
    await world.run("UPDATE outbox SET queued_at = :at", at=world.now + DAY)
    assert await clocks.put_right(world.app.database, world.now, DAY) > 0
    rows = await world.rows("SELECT last_inbound_at, next_send_at FROM conversations")
    assert [tuple(row) for row in rows] == [(None, world.now)]


async def test_T24_a_clock_is_seen_to_be_set_back_and_not_to_be_set_forward() -> None:
    leads = iter([100.0, 100.0, 900.0, 850.0, 700.0, 0.0])
    assert await set_back.seen(lambda: next(leads), 0.0) == timedelta(seconds=200)


async def test_T24_a_clock_that_is_not_the_database_s_changes_nothing(world: World) -> None:
    await queued(world, MAYA, "one", not_before=world.now + timedelta(days=1))
    await world.run("UPDATE outbox SET queued_at = :at", at=world.now + DAY)
    before = await world.one("SELECT not_before FROM outbox")
    await set_back.put_right(world.app.database, world.clock, DAY)  # the clock of tests is another one
    assert await world.one("SELECT not_before FROM outbox") == before


async def test_T24_jobs_begin_anew_when_the_clock_was_set_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library waits for the minute after the last one that it saw."""
    steps, righted, made, make = [DAY], [], [], schedule.make

    async def seen() -> timedelta:
        if not steps:
            await asyncio.Event().wait()
        return steps.pop()

    async def put_right(database: object, clock: object, back: timedelta) -> None:
        righted.append(back)
        raise ValueError("a fault of ours")  # the jobs go on all the same

    def counted(*given: Any) -> Any:
        made.append(make(*given))
        return made[-1]

    monkeypatch.setattr(set_back, "seen", seen)
    monkeypatch.setattr(set_back, "put_right", put_right)
    monkeypatch.setattr(schedule, "make", counted)
    monkeypatch.setattr(schedule, "RESTART_SECONDS", 0.0)
    app = world.app
    running = asyncio.create_task(schedule.run(app.database, app.secrets, app.policy, Roster(app.content), app.clock))
    async with asyncio.timeout(60):
        while len(made) < 2:  # noqa: ASYNC110 (nothing is set when a library begins)
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert righted == [DAY, DAY]


async def test_T24_a_clock_that_was_set_back_while_nobody_worked_is_seen_at_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She wrote by a clock that was a day ahead; every process ended; it was put right; one begins."""
    real = lambda: datetime.now(UTC)  # noqa: E731 (the database's own, which the clock of tests is not)
    world.clock.at = real() + DAY
    await world.writes(MAYA, "wages")
    world.clock.at = real()
    await world.writes("777002", "wages")  # the web's process began before
    app = world.app
    assert (
        await set_back.look_back(app.database, real, lambda: False) is None
    )  # nobody keeps this clock right: only said
    assert (
        await set_back.look_back(app.database, lambda: real() - DAY, lambda: True) is None
    )  # it is not the database's
    back = await set_back.look_back(app.database, real, lambda: True)
    assert back is not None
    assert timedelta(minutes=-1) < back - DAY - set_back.LONG <= timedelta()
    monkeypatch.setattr(set_back.look_back, "__defaults__", (lambda: True,))
    monkeypatch.setattr(schedule, "RESTART_SECONDS", 0.0)
    running = asyncio.create_task(schedule.run(app.database, app.secrets, app.policy, Roster(app.content), real))
    async with asyncio.timeout(20):
        while await world.one(  # noqa: ASYNC110 (nothing is set when it is done)
            "SELECT count(*) FROM inbox WHERE ready_at > :at", at=real() + clocks.AHEAD
        ):
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    (hers,) = await world.rows("SELECT received_at FROM inbox ORDER BY id LIMIT 1")
    assert hers.received_at <= real() - set_back.LONG + timedelta(minutes=1)  # it opens no night
    world.clock.at = real()
    await world.turns()
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0


async def test_T24_clocks_that_differ_a_little_are_none_that_was_set_back(world: World) -> None:
    real = lambda: datetime.now(UTC)  # noqa: E731
    world.clock.at = real() + timedelta(seconds=110)
    await world.says(MAYA, "wages")
    assert await set_back.look_back(world.app.database, real, lambda: True) is None


async def test_T24_minutes_ahead_for_which_jobs_were_noted_are_not_passed_over(world: World) -> None:
    table = "procrastinate_periodic_defers"
    note = f"INSERT INTO {table} (task_name, defer_timestamp, periodic_id) VALUES ('remind', :at, '')"
    seconds = int(world.now.timestamp())
    for at in (seconds, seconds + 3600):
        await world.run(note, at=at)
    await clocks.put_right(world.app.database, world.now, DAY)
    assert [tuple(left) for left in await world.rows(f"SELECT defer_timestamp FROM {table}")] == [(seconds,)]


def test_no_right_clock_writes_what_is_put_right() -> None:
    assert clocks.SILENCE.total_seconds() >= LONGEST_WAIT
    assert clocks.RETRY.total_seconds() >= SLOW[1]
    assert clocks.AHEAD > inbox.ALBUM_WAIT
    assert clocks.AHEAD.total_seconds() > leases.LEASE.total_seconds()


def test_every_worker_takes_its_clock_from_outside() -> None:
    for worker in (Conductor, Sender):
        assert "clock" in worker.__init__.__annotations__
