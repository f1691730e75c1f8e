"""Issue 7.4: one web process and two workers on one database, while some dozens of people write at once.

Law: real processes; one is killed without warning, the others are replaced one after the other, also by those of the
next version, whose migration was run while people wrote; nobody helps a lease to run out. What a clock decides is read
from the database's, and allows for a machine that does other things.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.store import leases, migrate
from bot.store.embedded import Server
from tests.fakes import database, next_version
from tests.fakes.loopback import Answer, Asked
from tests.fakes.post import deliver, text
from tests.fakes.service import Service, free_port
from tests.fakes.twilio import FakeTwilio
from tests.fakes.world import World, world

pytestmark = pytest.mark.slow
PEOPLE = [f"+601234{n:05}" for n in range(20)] + [f"whatsapp:+60124{n:06}" for n in range(20)]
# Short lines are never joined: one turn for each. Nobody says no to being kept: the purge would take her words away.
FIRST, SECOND = ("hello", "1", "menu"), ("1", "menu", "2")
ORDER = "SELECT conversation_id, inbox_id FROM messages WHERE direction = 'in' ORDER BY id"
HELD = "SELECT id, fence, lease_until - clock_timestamp() FROM outbox WHERE state = 'sending'"
LEFT = (
    "SELECT count(*), clock_timestamp() FROM outbox WHERE state = 'sending'"
    " AND (id, fence) IN (SELECT * FROM unnest(%s::uuid[], %s::bigint[]))"
)
BUSY = timedelta(seconds=30)  # a machine may be: what is right is the lease
REPLIES = "SELECT conversation_id, provider_id FROM outbox WHERE kind = 'reply' AND state = 'sent' ORDER BY seq"


class SlowTwilio(FakeTwilio):
    """Takes its time, so that something is always in the air."""

    async def usual(self, asked: Asked) -> Answer:
        """As ever, a little later."""
        answer = await super().usual(asked)
        await asyncio.sleep(0.4)
        return answer


@pytest.fixture
async def here(server: Server, tmp_path: Path) -> AsyncIterator[World]:
    async with world(server, tmp_path, SlowTwilio) as made:
        yield made


class Machines:
    """One web process, and workers that come and go."""

    def __init__(self, here: World, stack: AsyncExitStack) -> None:
        self.here, self._stack = here, stack

    async def web(self, migrations: Path | None = None) -> Service:
        """The process that providers talk to; of the next version, with its migrations."""
        return await self._started(self._of(migrations, "--role", "web"))

    async def worker(self, migrations: Path | None = None) -> Service:
        """One more worker, which is ready."""
        port = free_port()
        return await self._started(self._of(migrations, "--role", "worker", "--health-port", str(port), port=port))

    def _of(self, migrations: Path | None, *arguments: str, port: int | None = None) -> Service:
        if migrations is None:
            return self.here.service(*arguments, port=port)
        service = self.here.service(*arguments, port=port, next_migrations=str(migrations))
        service.module = next_version.__name__
        return service

    async def _started(self, service: Service) -> Service:
        await self._stack.enter_async_context(service)
        await service.ready()
        return service


async def _say(here: World, person: str, lines: tuple[str, ...], first: int) -> None:
    for number, line in enumerate(lines, first):
        await deliver(here.base, text(person, line, str(number)))


async def _said(here: World, lines: tuple[str, ...], first: int) -> None:
    async with asyncio.TaskGroup() as group:
        for person in PEOPLE:
            group.create_task(_say(here, person, lines, first))


def _by_conversation(here: World, query: str) -> dict[object, list[object]]:
    found = defaultdict(list)
    for conversation, value in database.asked(here.url, query):
        found[conversation].append(value)
    return dict(found)


def _right(here: World, written: int) -> int:
    """Nothing lost, nothing handled twice, all in order; returns how often a text was repeated on a phone."""
    effects = here.effects()
    assert effects["seen"] == effects["inbox.done"] == written
    handled = _by_conversation(here, ORDER)
    assert len(handled) == len(PEOPLE)
    assert sum(len(ids) for ids in handled.values()) == written
    assert all(ids == sorted(set(ids)) for ids in handled.values())  # type: ignore[type-var]
    place = {sid: number for number, sid in enumerate(here.twilio.messages)}
    for sent in _by_conversation(here, REPLIES).values():
        places = [place[str(sid)] for sid in sent]
        assert places == sorted(places)
    asked = Counter(a.form["StatusCallback"] for a in here.twilio.asked if a.method == "POST")  # our id of each part
    assert max(asked.values()) <= 2  # what was in the air leaves once more, never a third time
    return sum(count - 1 for count in asked.values())


async def test_a_killed_worker_and_a_rolling_restart_lose_nothing(here: World) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(here, stack)
        await machines.web()
        one, two = await machines.worker(), await machines.worker()
        writing = asyncio.create_task(_said(here, FIRST, 1))
        await here.until(lambda: len(here.twilio.messages) >= 30, here.effects)
        one.kill()
        assert await one.ended() == -signal.SIGKILL
        held = database.asked(here.url, HELD)  # both workers'
        ((_, killed),) = database.asked(here.url, LEFT, [], [])
        assert all(left <= leases.LEASE for _, _, left in held), "nobody may keep for longer what a dead one had"
        over = await _taken_over(here, [row for row, _, _ in held], [fence for _, fence, _ in held]) - killed
        assert over < timedelta(seconds=10) + BUSY
        await writing
        await here.quiet()
        repeated = _right(here, len(PEOPLE) * len(FIRST))
        assert repeated <= len(held)
        print(
            f"taken over {over.total_seconds():.1f} s after the kill, by the database's clock: {len(held)} in the air"
        )

        writing = asyncio.create_task(_said(here, SECOND, 1 + len(FIRST)))
        three = await machines.worker()
        await here.until(lambda: here.effects()["seen"] > len(PEOPLE) * len(FIRST), here.effects)
        two.terminate()
        assert await two.ended() == 0
        await machines.worker()
        three.terminate()
        assert await three.ended() == 0
        await writing
        await here.quiet()
        assert _right(here, len(PEOPLE) * (len(FIRST) + len(SECOND))) == repeated  # who is told to stop repeats nothing
        print(f"repeated after the kill: {repeated}, after the restarts: 0")


async def _taken_over(here: World, rows: list[object], fences: list[object]) -> datetime:
    """Until nothing of these is held by who held it; when that was, by the database's clock."""
    seen: list[tuple[int, datetime]] = []

    def gone() -> bool:
        seen[:] = database.asked(here.url, LEFT, rows, fences)
        return seen[0][0] == 0

    await here.until(gone, here.effects)
    return seen[0][1]


async def test_the_next_version_takes_over_while_people_write(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its migration is run beside the version before, which goes on and may be started again; then one process after
    the other is replaced."""
    place = next_version.made(tmp_path / "migrations")
    async with AsyncExitStack() as stack:
        machines = Machines(here, stack)
        web, worker = await machines.web(), await machines.worker()
        writing = asyncio.create_task(_said(here, FIRST, 1))
        await here.until(lambda: len(here.twilio.messages) >= 10, here.effects)
        with monkeypatch.context() as patch:
            patch.setattr(migrate, "MIGRATIONS", place)
            assert await asyncio.to_thread(migrate.migrate, here.url_owner) == next_version.REVISION
        async with httpx.AsyncClient(trust_env=False) as client:
            for old in (web, worker):
                assert (await client.get(f"{old.url}/health/ready")).status_code == 200
        await writing
        await here.quiet()
        assert _right(here, len(PEOPLE) * len(FIRST)) == 0

        writing = asyncio.create_task(_said(here, SECOND, 1 + len(FIRST)))
        again = await machines.worker()  # of the version before, on the schema of the next one
        await machines.worker(place)
        for old in (worker, again, web):
            old.terminate()
            assert await old.ended() == 0
        await machines.web(place)
        await writing
        await here.quiet()
        assert _right(here, len(PEOPLE) * (len(FIRST) + len(SECOND))) == 0
        assert database.asked(here.url, "SELECT DISTINCT next_mood FROM conversations") == [("calm",)]


async def test_each_role_does_its_own(here: World) -> None:
    """What a web process takes waits for a worker; two web processes take alike."""
    async with AsyncExitStack() as stack:
        machines = Machines(here, stack)
        await machines.web()
        other = await machines._started(here.service("--role", "web", port=free_port()))
        await deliver(here.base, text(PEOPLE[0], "hello", "1"))
        await deliver(other.url, text(PEOPLE[0], "hello", "1"))  # the same event at another door
        await deliver(other.url, text(PEOPLE[1], "hello", "1"))
        assert here.effects()["inbox.waiting"] == 2
        worker = await machines.worker()
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{worker.url}/metrics")).status_code == 200
        await here.answered(PEOPLE[0], 1)
        await here.answered(PEOPLE[1], 1)
        await here.quiet()
        assert here.effects()["inbox.done"] == 2
