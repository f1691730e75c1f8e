"""Work that is cut off in its middle, at each step of it: told to stop, or the server is gone. All of it or nothing is
written, nothing is done twice, and the one connection there is serves the next.

Law: the steps are counted where the driver waits for the server, so each of them is tried, whatever they are.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from bot.store.database import UNAVAILABLE, Database
from tests.pipeline.world import World

PEOPLE = {"501": "wages", "502": "knife"}
SHORT = 5.0  # seconds that pass between two tries


@dataclass(slots=True)
class Steps:
    """`at`: the wait for the server in which it happens, from 1; 0 = never."""

    database: Database
    happens: Callable[[], Awaitable[None]]
    at: int = 0
    count: int = 0


@contextmanager
def counted(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each wait of this database's connections for the server is a step."""
    wait = psycopg.AsyncConnection.wait

    async def waits(self: Any, *given: Any, **more: Any) -> Any:
        if self.info.backend_pid in steps.database.pids:
            steps.count += 1
            if steps.count == steps.at:
                await steps.happens()
        return await wait(self, *given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.AsyncConnection, "wait", waits)
        yield


async def told_to_stop() -> None:
    """Whoever works now, as soon as it waits."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().call_soon(task.cancel)


def gone(world: World, database: Database) -> Callable[[], Awaitable[None]]:
    """The server ends the connections of this database."""

    async def ends() -> None:
        for pid in tuple(database.pids):
            await world.one("SELECT pg_terminate_backend(:pid, 60000)", pid=pid)

    return ends


async def cut(database: Database, work: Callable[[], Awaitable[Any]]) -> bool:
    """Whether it was cut off. Nothing else may come of it."""
    task = asyncio.ensure_future(work())
    await asyncio.wait([task])
    if database._saying is not None:  # what it said at its end is a step too
        await asyncio.wait([database._saying])
    if task.cancelled():
        return True
    if error := task.exception():
        assert isinstance(error, UNAVAILABLE), error
        return True
    return False


@pytest.mark.parametrize("how", ["told_to_stop", "gone"])
async def test_a_batch_of_turns(world: World, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    worker, database = world.new_conductor(), world._others[-1]
    steps = Steps(database, told_to_stop if how == "told_to_stop" else gone(world, database))
    written = cuts = 0
    while steps.at <= steps.count:
        for person, words in PEOPLE.items():
            await world.writes(person, words)
            written += 1
        steps.at, steps.count = steps.at + 1, 0
        with counted(steps, monkeypatch):
            cuts += await cut(database, worker.run_once)
        handled = await world.one("SELECT count(*) FROM inbox WHERE state = 'done'")
        assert handled in (written - len(PEOPLE), written)
        while await worker.run_once():
            pass
        heard = "SELECT count(*), count(DISTINCT inbox_id) FROM messages WHERE direction = 'in'"
        assert [tuple(each) for each in await world.rows(heard)] == [(written, written)]
        assert await world.one("SELECT max(attempts) FROM inbox") == 0, "nobody's words were held for poison"
        world.clock.move(minutes=2)
    assert cuts > 20, "of some thirty steps: those before the commit"


async def test_what_providers_have_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No claim that was made for nothing, and no result that was lost for a moment, sends anything twice."""
    monkeypatch.setattr("bot.delivery.WRITE_WAITS", (0.0,))
    database = world.database()
    sender, steps = world.new_sender(database), Steps(database, gone(world, database))
    cuts = 0
    while steps.at <= steps.count:
        for person, words in PEOPLE.items():
            await world.writes(person, words)
        await world.turns()
        world.clock.move(seconds=SHORT)
        steps.at, steps.count = steps.at + 1, 0
        with counted(steps, monkeypatch):
            cuts += await cut(database, sender.run_once)
        await world.leases_run_out()
        database.failed_at = -math.inf  # as long as a lease lasts, ago
        while await sender.run_once():
            world.clock.move(seconds=SHORT)
        assert await world.one("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0
        times = Counter(ref for _, ref, _ in world.provider.sent)
        assert set(times.values()) == {1}
        assert len(times) == await world.one("SELECT count(*) FROM outbox")
        world.clock.move(minutes=2)
    assert cuts >= 5, "of the steps of the claim; a result is written again"
