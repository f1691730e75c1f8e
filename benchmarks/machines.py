"""How work grows with processes: `python -m benchmarks.machines [--people 600] [--write]`.

Law: the real commands as processes of their own, real sockets and signatures, every commit on the disk; only the
provider is played. Workers stand still (SIGSTOP) until everything has been delivered, then go on together. Counted at
the end: nothing lost, every conversation in order. Figures are of the machine that ran it: where its cores are full,
more processes can only show what they cost.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg

from benchmarks.burden import processor
from benchmarks.desk import postgres_seconds
from benchmarks.report import machine, scratch, write_section
from benchmarks.webhooks import CONNECTIONS, PER_SECOND, Line, provide, request_of, until_answered
from bot.store import embedded
from bot.store.embedded import Server
from bot.store.migrate import migrate
from tests.fakes.database import asked, copied
from tests.fakes.post import text
from tests.fakes.service import Service, free_port
from tests.fakes.world import settings_of

SECTION = "## Machines\n"
SETUPS = ((1, 1), (1, 2), (1, 4), (2, 2))  # web processes, workers
LINES = ("hello", "1", "menu", "1", "menu", "2")  # of each person; short ones are never joined: one turn for each
WARM = 64  # people who write before, so that everything has been used once
LOOK = 0.05  # seconds between two looks at who waits for a lock
FULL = 0.9  # share of the cores in use
TICKS = os.sysconf("SC_CLK_TCK")
WAITING = (
    "SELECT count(*) FILTER (WHERE wait_event_type = 'Lock'), count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'saathi' AND state = 'active'"
)
UNTIDY = "SELECT deadlocks, xact_rollback FROM pg_stat_database WHERE datname = current_database()"
DONE = (
    "SELECT count(*), extract(epoch FROM max(done_at) - min(done_at))::float FROM inbox"
    " WHERE state = 'done' AND id > %s"
)
ORDER = (
    "SELECT count(*) FROM (SELECT inbox_id < lag(inbox_id) OVER (PARTITION BY conversation_id ORDER BY id) AS wrong"
    " FROM messages WHERE direction = 'in') AS each WHERE wrong"
)
SENT = (
    "SELECT count(*) FROM (SELECT sent_at < lag(sent_at) OVER (PARTITION BY conversation_id ORDER BY seq) AS wrong"
    " FROM outbox WHERE kind = 'reply') AS each WHERE wrong"
)
REPLIES = "SELECT count(*), count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE fence > 1) FROM outbox"


@dataclass
class Seen:
    """One setup. Rates a second; processor time in milliseconds of a webhook or a turn; shares from 0 to 1."""

    webs: int
    workers: int
    acknowledged: float = 0.0
    web_ms: float = 0.0
    turns: float = 0.0
    worker_ms: float = 0.0
    postgres_ms: float = 0.0
    busy: float = 0.0  # cores, during the turns
    locked: float = 0.0  # of the looks at a statement at work, those in which it waited for a lock
    rollbacks: int = 0  # with deadlocks
    again: int = 0  # replies that were claimed twice
    lost: int = 0
    disorder: int = 0


@dataclass
class Town:
    """The processes of one setup on one database."""

    url: str
    provider: Connection
    webs: list[Service] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    workers: list[Service] = field(default_factory=list)

    async def delivered(self, people: Sequence[str], lines: Sequence[str], name: str) -> float:
        """All of everybody's lines, hers one after the other, spread over the web processes; seconds that it took."""
        waiting = iter(people)

        async def one(port: int) -> None:
            line = Line(port)
            for person in waiting:
                for number, words in enumerate(lines):
                    told = await line.send(request_of(text(person, words, f"{name}{number}"), port))
                    if told.status // 100 != 2:
                        raise SystemExit(f"a webhook was answered {told.status}")
            line.close()

        began, ports = time.perf_counter(), itertools.cycle(self.ports)
        await asyncio.gather(*(one(next(ports)) for _ in range(CONNECTIONS)))
        return time.perf_counter() - began

    def tell(self, sign: signal.Signals) -> None:
        """All workers at once."""
        for worker in self.workers:
            worker.process.send_signal(sign)

    def waiting(self) -> int:
        """Messages that no worker has handled."""
        return int(asked(self.url, "SELECT count(*) FROM inbox WHERE state = 'waiting'")[0][0])


def used_by(services: Sequence[Service]) -> float:
    """Seconds that these processes have used."""
    return sum(processor(service.process.pid) for service in services)


def cores() -> tuple[float, float]:
    """Seconds that all cores together were idle, and that there were."""
    values = [int(v) for v in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:9]]
    return (values[3] + values[4]) / TICKS, sum(values) / TICKS


@asynccontextmanager
async def town(server: Server, folder: Path, provider: Connection, port: int, seen: Seen) -> AsyncIterator[Town]:
    """A database of its own, and its processes, ready."""
    with copied(server) as copy:
        settings = settings_of(copy, folder, f"http://127.0.0.1:{port}") | {"SAATHI_LOG_LEVEL": "WARNING"}
        here = Town(copy.url_admin, provider)
        async with AsyncExitStack() as stack:
            for number in range(seen.webs + seen.workers):
                own = free_port()
                role = ("web",) if number < seen.webs else ("worker", "--health-port", str(own))
                service = Service(settings, folder / "output", own, ("--role", *role))
                await stack.enter_async_context(service)
                await service.ready()
                (here.webs if number < seen.webs else here.workers).append(service)
                if number < seen.webs:
                    here.ports.append(own)
            yield here
            with suppress(ProcessLookupError):
                here.tell(signal.SIGCONT)


async def watch(here: Town, stop: asyncio.Event) -> float:
    """The share of statements at work that waited for a lock, looked at again and again."""
    locked = active = 0
    async with await psycopg.AsyncConnection.connect(here.url, autocommit=True) as connection:
        while not stop.is_set():
            row = await (await connection.execute(WAITING)).fetchone()
            locked, active = locked + (row[0] if row else 0), active + (row[1] if row else 0)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK)
    return locked / active if active else 0.0


async def measured(here: Town, folder: Path, seen: Seen, people: int) -> None:
    """Deliver everything while the workers stand still; let them go on; count."""
    await here.delivered(["+96650000000"], LINES[:1], "first")
    await until_answered(here.url, here.provider, set())  # an account has its row when something has left
    with psycopg.connect(here.url) as admin:
        admin.execute("UPDATE channel_accounts SET per_second = %s", (PER_SECOND,))
    await here.delivered([f"+9665{n:08d}" for n in range(1, WARM)], LINES[:3], "warm")
    await until_answered(here.url, here.provider, set())
    here.tell(signal.SIGSTOP)
    (first,) = asked(here.url, "SELECT coalesce(max(id), 0) FROM inbox")[0]
    who, used = [f"+9719{n:08d}" for n in range(people)], used_by(here.webs)
    total = people * len(LINES)
    seen.acknowledged = total / await here.delivered(who, LINES, "m")
    seen.web_ms = 1000 * (used_by(here.webs) - used) / total
    (before,) = asked(here.url, UNTIDY)
    used, of_postgres, (idle, whole) = used_by(here.workers), postgres_seconds(folder), cores()
    stop = asyncio.Event()
    looks = asyncio.create_task(watch(here, stop))
    here.tell(signal.SIGCONT)
    while await asyncio.to_thread(here.waiting):  # noqa: ASYNC110 (the database is asked)
        await asyncio.sleep(0.1)
    stop.set()
    idle_after, whole_after = cores()
    seen.busy = 1 - (idle_after - idle) / (whole_after - whole)
    seen.worker_ms = 1000 * (used_by(here.workers) - used) / total
    seen.postgres_ms = 1000 * (postgres_seconds(folder) - of_postgres) / total
    seen.locked = await looks
    ((done, seconds),) = asked(here.url, DONE, first)
    seen.turns = done / seconds
    sent = await until_answered(here.url, here.provider, set(who))
    (after,) = asked(here.url, UNTIDY)
    seen.rollbacks = sum(after) - sum(before)
    ((replies, left, seen.again),) = asked(here.url, REPLIES)
    seen.lost = (total - done) + (people - len(sent)) + (replies - left)
    seen.disorder = asked(here.url, ORDER)[0][0] + asked(here.url, SENT)[0][0]


async def run(server: Server, folder: Path, people: int) -> list[Seen]:
    """Each setup, one after the other."""
    port, (ours, theirs) = free_port(), multiprocessing.get_context("spawn").Pipe()
    player = multiprocessing.get_context("spawn").Process(target=provide, args=(port, theirs), daemon=True)
    player.start()
    await asyncio.to_thread(ours.recv)
    found = []
    for webs, workers in SETUPS:
        seen = Seen(webs, workers)
        async with town(server, folder, ours, port, seen) as here:
            await measured(here, folder, seen, people)
        found.append(seen)
        print(seen, flush=True)
    ours.send("end")
    player.join(10)
    player.terminate()
    return found


def table(found: Sequence[Seen]) -> str:
    """For docs/performance.md."""
    head = (
        "| web + workers | webhooks/s (ms of processor each) | turns/s | times one | processor ms a turn: workers' +"
        " PostgreSQL's | cores in use | waits for locks | rolled back | claimed twice | lost | out of order |\n"
    )
    one = found[0].turns
    rows = [
        f"| {s.webs} + {s.workers} | {s.acknowledged:.0f} ({s.web_ms:.2f}) | {s.turns:.0f} | {s.turns / one:.2f} |"
        f" {s.worker_ms:.2f} + {s.postgres_ms:.2f} | {s.busy:.0%}{', full' if s.busy >= FULL else ''} |"
        f" {s.locked:.1%} | {s.rollbacks} | {s.again} | {s.lost} | {s.disorder} |"
        for s in found
    ]
    return head + "|---" * 11 + "|\n" + "\n".join(rows)


def main() -> int:
    """Measure, print, and with --write put it into docs/performance.md. 1 = something was lost or out of order."""
    parser = argparse.ArgumentParser(description="How work grows with processes on one PostgreSQL.")
    parser.add_argument("--people", type=int, default=600, help=f"who write {len(LINES)} messages each")
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    with scratch("machines") as folder:
        server = embedded.ensure(folder)
        migrate(server.url_owner)
        found = asyncio.run(run(server, folder, args.people))
    told = table(found)
    print(told)
    if args.write:
        words = (
            f"`python -m benchmarks.machines --write`, {machine()}. {args.people} people, {len(LINES)} messages each,\n"
            "delivered over the web processes by turns while the workers stand still, then handled and answered by\n"
            "all workers together, on one PostgreSQL, every commit on the disk; provider and client are on the same\n"
            "cores. "
            "A worker sends as well: answers leave while turns are made. Cores in use: by everything on the machine."
        )
        write_section(SECTION, f"{words}\n\n{told}")
    return int(any(seen.lost or seen.disorder for seen in found))


if __name__ == "__main__":
    raise SystemExit(main())
