"""A round of the comparison: one party at work, many people and then few; and one that is killed under them.

Law: the same for everybody, measured from outside: processor time and memory of the process with all that it started,
PostgreSQL's apart.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.burden import postmaster, processor, proportional, resident
from benchmarks.load import Assistant, Load, Talk, once, steady
from bot.store.embedded import Server

CALM, READS = 8, 1.0  # people for the time of an answer, and seconds for which each reads
WARM, BRIEF = 8.0, 2.0  # seconds in which they begin: many, few
# The kill: so many people, who begin within so many seconds; it comes when they have had MIDDLE answers together, so
# when all are between their first line and their last; and how long they wait once it is started again (the lease of a
# dead sender is 30 s).
KILLED, BEGIN, LATEST = 200, 1.5, 60.0
MIDDLE = KILLED * 3 // 2
FOREVER = 3600.0


class Party(Protocol):
    """An assistant that can be started again and again."""

    def started(self) -> AbstractAsyncContextManager[Sequence[int]]:
        """Its processes, once it is ready."""

    def talked_with(self) -> Assistant:
        """By whom it is reached."""


@dataclass(slots=True)
class Measured:
    """One round of one party. Megabytes of memory after the load: its own, PostgreSQL's."""

    busy: Load
    calm: Load
    memory: float
    postgres: float


@dataclass(slots=True)
class Entry:
    """A party in a conversation, and what it did, round by round; `killed` = under load, once."""

    name: str
    party: Party
    talk: Talk
    people: int
    rounds: list[Measured] = field(default_factory=list)
    killed: Load | None = None
    dies: bool = True


@dataclass(frozen=True, slots=True)
class Bench:
    """What all parts of a run share."""

    server: Server
    folder: Path
    numbers: Iterator[int]
    seconds: float

    async def measure(self, entry: Entry) -> Measured:
        """One round: many people, then few who read."""
        database = postmaster(self.folder)
        async with entry.party.started() as pids:

            def meters() -> Mapping[str, float]:
                return {"own": processor(*pids), "PostgreSQL": processor(database), "people": time.process_time()}

            with closing(entry.party.talked_with()) as assistant:
                busy = await steady(
                    assistant, entry.talk, self.numbers,
                    people=entry.people, seconds=self.seconds, warm=WARM, meters=meters,
                )  # fmt: skip
                memory, postgres = resident(*pids), proportional(database)
                calm = await steady(
                    assistant, entry.talk, self.numbers,
                    people=CALM, seconds=self.seconds, warm=BRIEF, reads=READS, meters=meters,
                )  # fmt: skip
            return Measured(busy, calm, memory, postgres)

    async def kill(self, entry: Entry) -> Load:
        """`kill -9` in the middle, started again at once: who is answered, and with what."""
        load = Load(KILLED)
        with closing(entry.party.talked_with()) as assistant:
            async with entry.party.started() as pids:
                talking = once(assistant, entry.talk, self.numbers, load, warm=BEGIN, reads=READS, patience=FOREVER)
                people = asyncio.ensure_future(talking)
                while len(load.waits) < MIDDLE:  # noqa: ASYNC110 (hundreds would set an event for nobody)
                    await asyncio.sleep(0.05)
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
            async with entry.party.started():
                await asyncio.wait({people}, timeout=LATEST)
                people.cancel()
                await asyncio.gather(people, return_exceptions=True)
        load.unanswered = load.people - load.finished - load.wrong - load.repeated
        return load
