"""A burst after a quiet day: what the planner remembers of tables in which nothing waited makes no look dear."""

from __future__ import annotations

import psycopg

from bot.conductor.batch import ROWS, SUBJECTS
from bot.databases import owner_url
from bot.settings import Settings
from bot.store.waiting import peek
from tests.fakes.plans import read_of
from tests.fakes.statements import heard
from tests.pipeline.world import World

PEOPLE = 400
EACH = 10  # rows read for one that waits, at most: it is looked at a few times, not once for each other


async def test_a_look_at_many_who_wait_reads_each_of_them_a_few_times(world: World, settings: Settings) -> None:
    await world.app.receive([world.inbound(f"6{number:03}", "hello") for number in range(PEOPLE)])
    await world.run("UPDATE inbox SET state = 'done', done_at = now()")
    with psycopg.connect(owner_url(settings), autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE) inbox")
    await world.app.receive([world.inbound(f"6{number:03}", "again") for number in range(PEOPLE)])
    with heard(world.app.database) as asked:
        rows = await peek(world.app.database, world.app.secrets, world.now, ROWS, SUBJECTS)
    assert len(rows) == SUBJECTS
    assert await read_of(world.app.database, asked) <= EACH * PEOPLE
