"""T18, T20: nothing can be written: the provider is told to try again. Told to stop without a database, it ends."""

from __future__ import annotations

import asyncio

import httpx
import psycopg
import pytest

from bot import jobs
from bot.jobs import schedule
from bot.rostering import Roster
from tests.fakes.post import deliver, post, text
from tests.fakes.world import World
from tests.pipeline.world import World as Pipeline

pytestmark = pytest.mark.slow


def _change(here: World, how: str) -> None:
    """Change the database as its operator, or its full disk, would; connections that are open end."""
    name = psycopg.conninfo.conninfo_to_dict(here.url)["dbname"]
    with psycopg.connect(here.admin, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} {how}")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


async def test_T18_T20_it_says_503_while_nothing_can_be_written_and_stops_without_a_database(here: World) -> None:
    async with here.service() as service, httpx.AsyncClient(trust_env=False, timeout=30) as client:
        await service.ready()
        letters = [text(f"+9655000432{n}", "hello", "1") for n in range(4)]
        await deliver(here.base, letters[0])
        await here.answered("+96550004320", 1)
        _change(here, "SET default_transaction_read_only = on")
        assert {await post(client, here.base, letter) for letter in letters[1:]} == {503}
        _change(here, "RESET default_transaction_read_only")
        for number, letter in enumerate(letters[1:], 1):  # the provider tries again
            await deliver(here.base, letter)
            await here.answered(f"+9655000432{number}", 1)
        await here.quiet()
        assert here.effects()["inbox.done"] == 4
        _change(here, "ALLOW_CONNECTIONS false")
        service.terminate()
        assert await service.ended() == 0


async def test_T20_a_cancelled_job_runner_ends_whatever_its_library_raises(
    world: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost:
        """As the library is when the database is away: the cancellation becomes another error."""

        def open_async(self) -> Lost:
            return self

        async def __aenter__(self) -> None:
            return None

        async def __aexit__(self, *_: object) -> None:
            raise RuntimeError("no pool")

        async def run_worker_async(self, **_: object) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(schedule, "make", lambda *_: Lost())
    app = world.app
    running = asyncio.create_task(jobs.run(app.database, app.secrets, app.policy, Roster(app.content), app.clock))
    await asyncio.sleep(0.05)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=30)
    assert done
    assert running.cancelled()
