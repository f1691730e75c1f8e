"""T20: told to stop while the database is away for good: it ends, and does not hang until somebody kills it."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from bot import jobs
from tests.fakes.post import deliver, text
from tests.fakes.world import World
from tests.pipeline.world import World as Pipeline

pytestmark = pytest.mark.slow


async def test_T20_it_stops_without_a_database(here: World) -> None:
    name = psycopg.conninfo.conninfo_to_dict(here.url)["dbname"]
    async with here.service() as service:
        await service.ready()
        await deliver(here.base, text("+96550004321", "hello", "1"))
        await here.answered("+96550004321", 1)
        with psycopg.connect(here.admin, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
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

    monkeypatch.setattr(jobs, "make", lambda *_: Lost())
    app = world.app
    running = asyncio.create_task(jobs.run(app.database, app.secrets, app.policy, app.clock))
    await asyncio.sleep(0.05)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=2)
    assert done
    assert running.cancelled()
