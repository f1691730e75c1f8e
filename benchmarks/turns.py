"""How many turns a worker makes durable in a second: `python -m benchmarks.turns [--people 4096] [--write]`.

Law: a database of its own, durable as it is delivered, removed afterwards. Everything is measured in one run, side by
side, on copies of one database: the worker; the worker with understanding and conversation left out; the very
statements of that one, heard and sent again with psycopg alone; the same with asyncpg. Figures are of the machine that
ran it, ratios are what counts.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.replay import noting, with_asyncpg, with_psycopg
from benchmarks.report import machine, ratio, scratch, write_section
from bot import app as composition
from bot import outgoing
from bot.app import App
from bot.conductor.arrived import Arrived
from bot.conductor.batch import Conductor
from bot.conductor.here import Tools
from bot.conductor.turn import Turn
from bot.engine.inbound import Inbound
from bot.engine.inputs import Meaning
from bot.engine.messages import Reply
from bot.settings import Settings
from bot.store import embedded
from bot.store.embedded import Server
from bot.store.migrate import migrate
from bot.store.subject import Subject

SECTION = "## Turns\n"
ACCOUNT = "7001"
BEGAN = datetime(2026, 11, 24, 6, 15, tzinfo=UTC)  # a staffed hour, inside everybody's safe hours
SPOKEN = ("hello", "1", "menu")  # before the measured message: welcome, consent, the list
CHUNK = 512
HALF, AT_LEAST = 0.5, 1000.0  # of the issue: of the bare statements; turns per second with everything


class Silent:
    """Understands nothing, at once."""

    def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """One empty meaning for each."""
        return [Meaning() for _ in texts]


class Bare(Conductor):
    """Everything that is durable about a turn, and nothing of what is said in it."""

    async def _turn(self, tools: Tools, subject: Subject, arrived: Arrived) -> tuple[int, ...]:
        conversation = subject.conversations[arrived.conversation_id]
        turn = Turn(tools, subject, conversation)
        assert arrived.inbound is not None
        turn.note(arrived, arrived.inbound)
        conversation.session = {**conversation.session, "turns": conversation.session.get("turns", 0) + 1}
        reply = Reply("menu.ask", "en", "Choose one: 1 pay 2 papers 3 a person")
        outgoing.queue(tools.policy, subject, conversation, reply, origin="bot", row_id=tools.new_id(), now=tools.now)
        return ()


@dataclass(frozen=True, slots=True)
class Result:
    """`turns` in `seconds`, with the seconds of processor time of this process."""

    name: str
    turns: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        """Turns per second."""
        return self.turns / self.seconds


async def measured(name: str, turns: int, work: Callable[[], Awaitable[None]]) -> Result:
    """How long it takes."""
    began, used = time.perf_counter(), time.process_time()
    await work()
    return Result(name, turns, time.perf_counter() - began, time.process_time() - used)


def settings_of(server: Server, folder: Path) -> Settings:
    """Of the service on one of the copies."""
    urls = {"database_url": server.url_app, "database_owner_url": server.url_owner}
    return Settings(_env_file=None, env="development", data_dir=folder, **urls)


@asynccontextmanager
async def built(server: Server, folder: Path, clock: Callable[[], datetime]) -> AsyncIterator[App]:
    """The whole service, in this process."""
    app = await composition.build(settings_of(server, folder), clock=clock)
    gc.collect()
    gc.freeze()  # as `saathi serve` does: flows and words are not looked through for garbage again and again
    try:
        yield app
    finally:
        await app.close()


def copy_of(server: Server, source: str, name: str) -> Server:
    """Another database with the same rows."""
    with psycopg.connect(server.on("postgres").url_admin, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER saathi_owner").format(*map(sql.Identifier, (name, source)))
        )
        admin.execute("CHECKPOINT")
    return server.on(name)


async def fill(app: App, people: int, say: Callable[[str], None]) -> None:
    """People who have written before, and whose next message waits."""
    for round_number, words in enumerate((*SPOKEN, "1")):
        for first in range(0, people, CHUNK):
            numbers = range(first, min(people, first + CHUNK))
            await app.receive(
                [Inbound("sms", ACCOUNT, f"+96650{n:07d}", f"e{round_number}.{n}", "text", text=words) for n in numbers]
            )
        if round_number < len(SPOKEN):
            while await app.conductor.run_once():
                pass
            async with app.database.begin() as connection:
                await connection.exec_driver_sql("UPDATE outbox SET state = 'delivered'")
            say(f"{people} people said {words!r}")


async def until_done(conductor: Conductor) -> None:
    """Until nothing waits."""
    while await conductor.run_once():
        pass


def bare(app: App) -> Bare:
    """The same conductor with nothing said."""
    return Bare(
        app.database,
        app.secrets,
        app.content,
        Silent(),
        app.policy,
        clock=app.clock,
        new_id=composition.uuid7,
        draw_reference=composition.draw_reference,
    )


async def run(people: int, folder: Path) -> list[Result]:
    """All of them, the worker first and last, since a machine changes its speed."""
    server = embedded.ensure(folder)
    await asyncio.to_thread(migrate, server.url_owner)
    now = BEGAN

    def clock() -> datetime:
        return now

    async with built(server, folder, clock) as app:
        await fill(app, people, lambda line: print(line, flush=True))
    now = BEGAN + timedelta(minutes=2)
    copies = [copy_of(server, "saathi", f"copy_{n}") for n in range(5)]
    results = []
    async with built(copies[0], folder, clock) as app:
        results.append(await measured("the worker", people, lambda: until_done(app.conductor)))
    async with built(copies[1], folder, clock) as app:
        results.append(await measured("nothing understood or said", people, lambda: until_done(bare(app))))
    async with built(copies[2], folder, clock) as app, noting(app.database) as sent:
        await until_done(bare(app))
    print(f"{len(sent)} statements for {people} turns", flush=True)
    results.append(await measured("its statements by psycopg", people, lambda: with_psycopg(copies[3].url_app, sent)))
    try:
        results.append(await measured("the same by asyncpg", people, lambda: with_asyncpg(copies[4].url_app, sent)))
    except ImportError:
        print("asyncpg is not installed: not measured")
    return results


def table(results: Sequence[Result]) -> str:
    """For docs/performance.md."""
    floor = next(r for r in results if "psycopg" in r.name)
    rows = [
        f"| {r.name} | {r.rate:.0f} | {1000 * r.processor / r.turns:.2f} | {ratio(r.rate, floor.rate)} |"
        for r in results
    ]
    head = "| what | turns/s | processor ms of Python a turn | of the bare statements |\n|---|---|---|---|\n"
    return head + "\n".join(rows)


def main() -> None:
    """Measure, print, and with --write put it into docs/performance.md."""
    parser = argparse.ArgumentParser(description="How many turns a worker makes durable in a second.")
    parser.add_argument("--people", type=int, default=4096)
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    with scratch("turns") as folder:
        results = asyncio.run(run(args.people, folder))
    told = table(results)
    print(told)
    if args.write:
        write_section(
            SECTION,
            f"`python -m benchmarks.turns --write`, {machine()}. {args.people} people who wrote before,\n"
            "one message each, in batches of 64, one worker process, the embedded PostgreSQL as it is delivered\n"
            f"(every commit on the disk). Targets: {HALF} of the bare statements when nothing is understood or said;\n"
            f"{AT_LEAST:.0f} turns a second with everything.\n\n" + told,
        )


if __name__ == "__main__":
    main()
