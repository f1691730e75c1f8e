"""A worker that broadcasts is killed in the middle of each of its steps, by SIGKILL; another one goes on: nobody is
left out, and nobody is told twice.

Law: the list of points is the product's own (`BROADCAST_POINTS`). The worker is a process of its own on the database of
the test; it dies at the second chunk, so that there is something before and something behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter

import pytest

from bot.observe.crash import BROADCAST_POINTS
from bot.settings import ROOT, Settings
from tests.pipeline.telling import Telling
from tests.pipeline.world import World

PEOPLE = 25
WORKER = """
import asyncio, sys
from collections import Counter
from datetime import datetime
from bot import app as composition
from bot.broadcasting import telling
from bot import settings as configuration
from bot.observe import crash
from bot.store import audience

passed = Counter()

def second(name):
    passed[name] += 1
    if passed[name] == 2:
        crash.point(name)

async def main():
    app = await composition.build(
        configuration.load(), understanding=False, migrating=False, clock=lambda: datetime.fromisoformat(sys.argv[1])
    )
    audience.CHUNK, telling.CHUNK, telling.point = 10, 10, second
    await app.broadcasting.run_once()
    await app.close()

asyncio.run(main())
"""


async def _work(settings: Settings, world: World, crash: str) -> int:
    """A minute of the job in a process of its own; its exit code."""
    assert settings.database_url is not None
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SAATHI_ENV": "development",
        "SAATHI_DATA_DIR": str(settings.data_dir),
        "SAATHI_DATABASE_URL": settings.database_url.get_secret_value(),
        "SAATHI_CRASH": crash,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, world.now.isoformat(), env=environment)
    return await asyncio.wait_for(process.wait(), 120)


@pytest.mark.parametrize("point", BROADCAST_POINTS)
async def test_nobody_is_left_out_and_nobody_told_twice(point: str, world: World, settings: Settings) -> None:
    telling = await Telling.made(world)
    people = [str(600 + n) for n in range(PEOPLE)]
    for who in people:
        await telling.subscriber(who)
    world.clock.move(hours=2)
    which = await telling.begun()
    assert await _work(settings, world, point) == -signal.SIGKILL, "the point was never reached"
    listed = await world.one("SELECT count(*) FROM broadcast_recipients")
    assert listed == (10 if point == BROADCAST_POINTS[0] else PEOPLE)
    assert await world.one("SELECT count(*) FROM outbox WHERE state = 'lane'") == (0 if listed == 10 else 10)
    assert await _work(settings, world, "") == 0
    for _ in range(20):
        await world.sends()
        world.clock.move(seconds=1)
    await telling.minute()
    assert Counter(len(telling.heard(who)) for who in people) == {1: PEOPLE}
    assert await telling.counts(which) == {"sent": PEOPLE}
    assert (await telling.known(which)).state == "done"
