"""The way of a message at speed: what is done together, what waits for nobody, who is woken, who stands back.

Law: nothing here measures time; statements are counted, and order is forced.
"""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from bot.store import wake as wake_room
from bot.store.database import INBOX_CHANNEL, OUTBOX_CHANNEL, VOUCH_CHANNEL, Database
from bot.store.gathered import MANY, Gathered
from bot.store.wake import Wake
from tests.fakes.statements import heard
from tests.pipeline.test_gathered import Till
from tests.pipeline.test_sender import MAYA, queued, row
from tests.pipeline.world import World

PEOPLE = [f"5{n:02}" for n in range(20)]


async def test_results_that_come_together_are_written_together(world: World) -> None:
    ids = [(await queued(world, person, "one"))[0] for person in PEOPLE]
    with heard(world.app.database) as asked:
        assert await world.sender.run_once() == len(PEOPLE)
    assert {(await row(world, i)).state for i in ids} == {"sent"}
    assert {(await row(world, i)).provider_id for i in ids} == {f"p{n}" for n in range(len(PEOPLE))}
    assert len(asked) < 20  # one by one they were sixty


async def test_a_result_waits_for_who_holds_its_row_and_others_do_not_wait_for_it(world: World) -> None:
    (hers,), (other,) = await queued(world, MAYA, "one"), await queued(world, "502", "other")
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with world.database().begin() as connection:  # as a receipt does
            await connection.execute(text("SELECT id FROM outbox WHERE id = :id FOR UPDATE"), {"id": hers})
            held.set()
            await let_go.wait()

    async def hers_is_held() -> None:
        holding.append(asyncio.create_task(hold()))
        await held.wait()

    holding: list[asyncio.Task[None]] = []
    world.provider.script[MAYA].append(hers_is_held)
    world.provider.script["502"].append(held.wait)
    sending = asyncio.create_task(world.sender.run_once())
    async with asyncio.timeout(60):
        while (await row(world, other)).state != "sent":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await row(world, hers)).state == "sending"
        let_go.set()
        await asyncio.gather(*holding, sending)
    assert (await row(world, hers)).state == "sent"


async def test_a_server_that_hung_up_is_noticed_before_the_next_transaction(world: World) -> None:
    database = world.database()
    async with database.begin() as connection:
        pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    assert database.pids == {pid}
    there = "SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"
    await world.one("SELECT pg_terminate_backend(:pid)", pid=pid)
    async with asyncio.timeout(60):
        while await world.one(there, pid=pid):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    async with database.begin() as connection:
        again = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    assert again != pid
    assert database.pids == {again}


async def _said(other: Database, wake: Wake, channel: str) -> None:
    """Until what another process says is heard."""
    async with asyncio.timeout(60):
        while not wake._events[channel].is_set():
            await other.notify(channel)
            await asyncio.sleep(0.02)


async def test_who_works_in_the_same_process_is_woken_at_once_and_once(world: World) -> None:
    mine, other = world.database(), world.database()
    wake = Wake(mine)
    listening = asyncio.create_task(wake.run())
    try:
        await _said(other, wake, VOUCH_CHANNEL)  # it listens
        await mine.notify(INBOX_CHANNEL)
        assert wake._events[INBOX_CHANNEL].is_set()
        wake._events[INBOX_CHANNEL].clear()
        while mine._saying is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await _said(other, wake, OUTBOX_CHANNEL)  # the server tells in order: our own came before this
        assert not wake._events[INBOX_CHANNEL].is_set()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_what_is_said_is_said_before_the_connections_are_let_go(world: World) -> None:
    wake = Wake(world.database())
    listening = asyncio.create_task(wake.run())
    try:
        await _said(world.database(), wake, VOUCH_CHANNEL)
        short = Database(world.app.database.url, pool_size=1)
        await short.notify(INBOX_CHANNEL)
        await short.close()
        async with asyncio.timeout(60):
            await wake._events[INBOX_CHANNEL].wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_workers_rest_while_many_webhooks_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(wake_room.Wake, "_rest", lambda self, worked: _noted(rests, worked))
    wake, calls = Wake(world.app.database), 0
    wake.pressed = lambda: calls < 3

    async def once() -> int:
        nonlocal calls
        calls += 1
        if calls == 5:
            wake.stop()
        return 1

    await wake.work(once, INBOX_CHANNEL)
    assert (calls, len(rests)) == (5, 2)


async def test_a_worker_that_is_called_rests_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(wake_room.Wake, "_rest", lambda self, worked: _noted(rests, worked))
    wake, calls = Wake(world.app.database), 0
    wake.pressed = lambda: True

    async def once() -> int:
        nonlocal calls
        calls += 1
        wake.set(INBOX_CHANNEL)
        if calls == 2:
            wake.stop()
        return 0

    async with asyncio.timeout(60):
        await wake.work(once, INBOX_CHANNEL, seconds=3600.0)
    assert rests


async def _noted(rests: list[float], worked: float) -> None:
    rests.append(worked)


async def test_the_door_is_pressed_while_many_callers_wait(world: World) -> None:
    till = Till()
    gathered = Gathered(till.take)
    asked = [asyncio.create_task(gathered.do([100 + n])) for n in range(MANY)]
    assert not gathered.pressed
    await asyncio.sleep(0)
    assert gathered.pressed
    till.open.set()
    await asyncio.gather(*asked)
    assert not gathered.pressed
    assert not world.app.wake.pressed()


async def test_a_batch_of_many_says_no_more_than_that_of_one(world: World) -> None:
    """Its statements: however many people wrote, they are the same. The first batch looks references up besides."""
    batches = []
    for people in (["600"], ["601"], PEOPLE):
        for person in people:
            await world.writes(person, "hello")
        with heard(world.app.database) as asked:
            assert await world.app.conductor.run_once() == len(people)
        said = [each.statement.split(maxsplit=1)[0] for each in asked if not each.statement.startswith("NOTIFY")]
        batches.append(said)
    assert batches[1] == batches[2]
    assert len(batches[1]) < 20
