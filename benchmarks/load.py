"""People who talk with an assistant, many at once: each says the next line when the last one is answered.

Law: one generator for all that are compared. A line counts when its answer is word for word the right one: whoever
answers nothing, or anything, wins nothing. What is counted lies within one stretch of time, after everybody has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

PATIENCE = 180.0  # seconds that somebody waits for an answer before going away
ENOUGH, SLOW = 2, 45.0
SAMPLES = 3  # wrong answers that are shown


@dataclass(frozen=True, slots=True)
class Exchange:
    """A line, and the answer that belongs to it."""

    said: str
    answer: str


Talk: TypeAlias = Callable[[int], Sequence[Exchange]]  # the conversation of the n-th person
Meters: TypeAlias = Callable[[], Mapping[str, float]]  # seconds of processor time so far, by what is measured


class Assistant(Protocol):
    """What is talked with."""

    async def say(self, person: int, words: str) -> str:
        """The answer to one line. Never returns when there is none; OSError when it cannot be reached."""

    def close(self) -> None:
        """Hang up."""


@dataclass(slots=True)
class Load:
    """What `seconds` of it gave. `waits`: seconds from a line to its answer, of each one that was right."""

    people: int
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    wrong: int = 0
    unanswered: int = 0
    repeated: int = 0  # people who heard the answer before once more in place of the next one
    finished: int = 0  # conversations, to their last line
    samples: list[tuple[str, str]] = field(default_factory=list)  # the right answer, and what came in its place
    spent: dict[str, float] = field(default_factory=dict)  # seconds of processor time, by the meters' names

    @property
    def rate(self) -> float:
        """Messages a second that were answered."""
        return len(self.waits) / self.seconds if self.seconds else 0.0

    def wait(self, share: float) -> float:
        """Milliseconds that this share of the answers took at most; 0 without any."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def each(self, name: str) -> float:
        """Milliseconds of processor time for one message."""
        return 1000 * self.spent.get(name, 0.0) / len(self.waits) if self.waits else 0.0


@dataclass(slots=True)
class _Crowd:
    """Everybody of one load. `counts`: whether an answer that comes now counts; `over`: whether it is time to go."""

    assistant: Assistant
    talk: Talk
    load: Load
    reads: float
    patience: float
    counts: bool = True
    over: bool = False
    answered: int = 0

    async def converse(self, person: int) -> None:
        """One conversation, to its end, to the first answer that is none, or until it is time to go."""
        heard = ""
        for exchange in self.talk(person):
            if self.over:
                return
            began = time.perf_counter()
            try:
                answer = await asyncio.wait_for(self.assistant.say(person, exchange.said), self.patience)
            except (TimeoutError, OSError):
                self.load.unanswered += 1
                return
            if answer == heard != exchange.answer:
                self.load.repeated += 1
                return
            if answer != exchange.answer:
                self.load.wrong += 1
                self.load.samples = [*self.load.samples, (exchange.answer, answer)][:SAMPLES]
                return
            heard = answer
            self.answered += 1
            if self.counts:
                self.load.waits.append(time.perf_counter() - began)
            await asyncio.sleep(self.reads)
        self.load.finished += 1

    async def keep_on(self, numbers: Iterator[int], after: float) -> None:
        """One conversation after the other, each as somebody new."""
        await asyncio.sleep(after)
        while not self.over:
            await self.converse(next(numbers))


async def steady(
    assistant: Assistant,
    talk: Talk,
    numbers: Iterator[int],
    *,
    people: int,
    seconds: float,
    warm: float,
    reads: float = 0.0,
    meters: Meters = dict,
) -> Load:
    """So many people at any time, for so many seconds. They begin one after the other within the `warm` seconds before,
    so that all lines of the conversation are said at any moment; `reads` = seconds until the next line. It is not
    counted before each has had ENOUGH answers on average, or before SLOW seconds: what came before costs still."""
    crowd = _Crowd(assistant, talk, Load(people), reads, PATIENCE, counts=False)
    async with asyncio.TaskGroup() as group:
        for number in range(people):
            group.create_task(crowd.keep_on(numbers, warm * number / people))
        await asyncio.sleep(warm)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SLOW):
                while crowd.answered < ENOUGH * people:  # noqa: ASYNC110 (thousands would set an event for nobody)
                    await asyncio.sleep(0.1)
        began, before = time.perf_counter(), meters()
        crowd.counts = True
        await asyncio.sleep(seconds)
        crowd.counts, crowd.over = False, True
        crowd.load.seconds, after = time.perf_counter() - began, meters()
    crowd.load.spent = {name: after[name] - before[name] for name in before}
    return crowd.load


async def once(
    assistant: Assistant,
    talk: Talk,
    numbers: Iterator[int],
    load: Load,
    *,
    warm: float = 0.0,
    reads: float = 0.0,
    patience: float = PATIENCE,
) -> Load:
    """`load.people` people, one whole conversation each; `load` says at any time how far they are."""
    crowd = _Crowd(assistant, talk, load, reads, patience)

    async def one(number: int) -> None:
        await asyncio.sleep(warm * number / load.people)
        await crowd.converse(next(numbers))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(load.people):
            group.create_task(one(number))
    load.seconds = time.perf_counter() - began
    return load
