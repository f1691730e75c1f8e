"""T57, `make soak ARGS='--day 20000'`: a whole day by a clock that is moved: people, jobs, safe hours, purges.

Law: the real service on the real database, built as `saathi serve` builds it; only clock, providers and the wires
between the workers are played, so that a day takes minutes. What a day of wear does is read from the process.
"""

from __future__ import annotations

import gc
import itertools
import os
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from croniter import croniter

from bot import app as composition
from bot import jobs
from bot.channels.contract import Inbound, Part
from bot.rostering import Roster
from bot.settings import Settings
from tests.chaos.soak import LINES, PEOPLE, Soaked, measured
from tests.fakes import database
from tests.fakes.world import World
from tests.pipeline.world import Provider
from tests.pipeline.world import World as Workers

BEGIN = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
MINUTES = 24 * 60
Job = tuple[str, Callable[[int], Awaitable[None]]]  # when, as cron says it; what


class Moved:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **amount: float) -> None:
        """Forward."""
        self.at += timedelta(**amount)


class Forgetful(Provider):
    """Takes everything and keeps nothing: what grows is ours."""

    taken = 0

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """Take one part."""
        Forgetful.taken += 1
        return f"p{Forgetful.taken}"


@dataclass(slots=True)
class Day(Soaked):
    """What is published; `memory` is by seconds of the played day, `spent` processor seconds of each hour."""

    replies: int = 0
    jobs: int = 0
    waiting: int = 0  # rows of the inbox that nobody handled at the end
    spent: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        quarter = len(self.spent) // 4
        warm, last = self.memory[len(self.memory) // 6 :], self.memory[-1][1]
        steady = Soaked(memory=warm).slope
        return (
            f"a day of {self.sent} messages of {PEOPLE} people in {self.seconds:.0f} s: {self.replies} replies,"
            f" {self.jobs} jobs run\n"
            f"lost {self.lost}, still waiting {self.waiting}; rows of `seen` {self.seen}, one for each message\n"
            f"memory {self.memory[0][1] >> 20} MB after the first hour, {last >> 20} MB at the end; once warm"
            f" {steady:+.2f} % an hour\n"
            f"open files {self.files[0]} after the first hour, {max(self.files)} at most, {self.files[-1]} at the end\n"
            f"processor: {sum(self.spent[:quarter]):.1f} s for the first quarter of the day,"
            f" {sum(self.spent[-quarter:]):.1f} s for the last"
        )


def _periodic(app: composition.App, clock: Moved) -> list[Job]:
    """The jobs, as `saathi serve` makes them: when, and what."""
    made = jobs.make(
        app.database,
        app.secrets,
        app.policy,
        Roster(app.content),
        clock,
        jobs.Others(after_erasing=app.after_erasing, files=app.attachments.sweep, digest=app.digests.plan),
    )
    found = made.periodic_registry.periodic_tasks.values()
    return [(task.cron, task.task.func) for task in found]


async def _minute(work: Workers, todo: list[Job], at: datetime, day: Day) -> None:
    for cron, job in todo:
        if croniter.match(cron, at):
            await job(int(at.timestamp()))
            day.jobs += 1
    await work.turns()
    while done := await work.sender.run_once():
        day.replies += done


def _letter(rng: random.Random, number: int) -> Inbound:
    """What somebody writes next, on any channel."""
    who, line = rng.randrange(PEOPLE), rng.choice(LINES)
    if who % 2:
        return Inbound("sms", "+447700900123", f"+9655{who:07}", f"SM{number:032x}", "text", line)
    return Inbound("telegram", "7001", str(5_000_000 + who), f"{880_000 + number}:{who}:{number}:", "text", line)


async def play(here: World, messages: int, *, minutes: int = MINUTES) -> Day:
    """The day: so many messages, spread over it; the workers look once a minute, and the jobs run when they are due."""
    clock, day, rng, began = Moved(BEGIN), Day(), random.Random(57), time.monotonic()
    settings = Settings(
        _env_file=None,
        env="development",
        data_dir=here.directory,
        database_url=here.url,
        database_owner_url=here.url_owner,
    )
    app = await composition.build(settings, clock=clock, migrating=False)
    work = Workers(app, clock)  # type: ignore[arg-type]
    work.sender = work.new_sender(provider=Forgetful())
    try:
        numbers, todo = itertools.count(1), _periodic(app, clock)
        share, used = messages / minutes, time.process_time()
        for minute in range(minutes):
            while day.sent < share * (minute + 1):
                await app.receive([_letter(rng, next(numbers))])
                day.sent += 1
            await _minute(work, todo, clock(), day)
            clock.move(minutes=1)
            if minute % 60 == 59:
                gc.collect()
                memory, files = measured(os.getpid())
                day.memory.append(((minute + 1) * 60.0, memory))
                day.files.append(files)
                day.spent.append(time.process_time() - used)
                used = time.process_time()
        for _ in range(5):  # what is still in the air
            await _minute(work, todo, clock(), day)
            clock.move(minutes=1)
    finally:
        await work.close()
    kept = database.counts(here.url)
    states: dict[str, Any] = dict(database.asked(here.url, "SELECT state, count(*) FROM inbox GROUP BY 1"))
    day.seen, day.waiting = kept["seen"], states.get("waiting", 0)
    day.lost = day.sent - day.seen + states.get("quarantined", 0)
    day.seconds = time.monotonic() - began
    return day
