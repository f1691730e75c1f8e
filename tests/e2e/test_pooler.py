"""PgBouncer between Saathi and PostgreSQL (docs/scaling.md): one connection is many processes' in turn.

Law: the real PgBouncer in transaction mode, with fewer connections than there are askers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text as sql

from bot.store import together
from bot.store.database import Database
from bot.store.embedded import Server
from tests.fakes import database, pooler
from tests.fakes.post import deliver, text
from tests.fakes.service import free_port
from tests.fakes.world import World

WHY = pooler.missing()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(WHY), reason=WHY)]
PEOPLE = [f"+601234{n:05}" for n in range(12)]
LINES = ("hello", "1", "menu")
SERVERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'saathi%%'"
)


@pytest.fixture
def through(here: World, server: Server) -> Iterator[str]:
    """The address of the test's database through PgBouncer."""
    with pooler.pooled(server.on(urlsplit(here.url).path[1:])) as url:
        yield url


async def test_a_web_process_and_two_workers_share_its_connections(here: World, through: str) -> None:
    """What they write, claim and answer is as without it; LISTEN alone goes past it."""
    settings = {"database_url": through, "database_direct_url": here.url}
    ports = [free_port() for _ in range(2)]
    web = here.service("--role", "web", **settings)
    workers = [here.service("--role", "worker", "--health-port", str(p), port=p, **settings) for p in ports]
    async with web, workers[0], workers[1]:
        for service in (web, *workers):
            await service.ready()
        async with asyncio.TaskGroup() as group:
            for person in PEOPLE:
                group.create_task(_say(here, person))
        await here.quiet()
        ((most,),) = database.asked(here.url, SERVERS)
    effects = here.effects()
    assert effects["seen"] == effects["inbox.done"] == len(PEOPLE) * len(LINES)
    assert all(here.to(person) for person in PEOPLE)
    # 3 of the pool; of each process what goes past it: one that listens at most, and two of the jobs' (not "saathi").
    assert most <= pooler.CONNECTIONS + len((web, *workers))


async def _say(here: World, person: str) -> None:
    for number, line in enumerate(LINES, 1):
        await deliver(here.base, text(person, line, str(number)))


async def test_more_statements_than_are_kept_prepared(through: str) -> None:
    """psycopg prepares what it sends often and closes the oldest; another connection of the pool knows none of them."""
    pooled = Database(through, pool_size=2 * pooler.CONNECTIONS)
    try:
        async with asyncio.TaskGroup() as group:
            for first in range(2 * pooler.CONNECTIONS):
                group.create_task(_ask_often(pooled, first))
    finally:
        await pooled.close()


async def _ask_often(pooled: Database, first: int) -> None:
    for _ in range(7):  # psycopg prepares at the sixth time
        for number in range(first, first + 120):  # and keeps a hundred
            async with pooled.begin() as connection:
                assert (await connection.execute(sql(f"SELECT {number} + :n"), {"n": 1})).scalar() == number + 1


async def test_statements_that_go_together_stay_in_one_transaction(through: str) -> None:
    """The protocol's pipeline, in transactions that wait for each other's connections."""
    pooled = Database(through, pool_size=2 * pooler.CONNECTIONS)
    add = together.Statement(sql("SELECT set_config('saathi.said', :said, true)"))
    read = together.Statement(sql("SELECT current_setting('saathi.said') AS said, pg_backend_pid() AS pid"))

    async def once(said: str) -> None:
        async with pooled.begin() as connection:
            for _ in range(2):
                _, ((found, _),), _ = await together.ask(connection, add(said=said), read(), read())
                assert found == said
            async with together.unwaited(connection):
                await together.tell(connection, add(said=f"{said} told"))
            (((found, _),),) = await together.ask(connection, read())
            assert found == f"{said} told"

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(60):
                group.create_task(once(str(number)))
    finally:
        await pooled.close()


async def test_what_is_told_through_it_is_heard_past_it(here: World, through: str) -> None:
    """NOTIFY is a statement like others; LISTEN would belong to a connection that is somebody else's a moment later."""
    pooled = Database(through, direct_url=here.url)
    listening = await pooled.listen_connection()
    try:
        await listening.execute("LISTEN saathi_inbox")
        await pooled.notify("saathi_inbox")
        heard = [note async for note in listening.notifies(timeout=30, stop_after=1)]
        assert [note.channel for note in heard] == ["saathi_inbox"]
    finally:
        await listening.close()
        await pooled.close()
