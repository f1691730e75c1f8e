"""The people of the crash tests: each writes, waits for an answer, and goes on.

Law: what they write does not depend on when the service dies; one message at a time per person, as on a phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.fakes.post import deliver, message, tap, text, update
from tests.fakes.world import World, steady

LOCKED_IN, UNPAID, GREETING = "+60123400001", "+60123400002", "whatsapp:+9779812000003"
TAPS, STARTS = 5550004, 5550005
PEOPLE: tuple[str | int, ...] = (LOCKED_IN, UNPAID, GREETING, TAPS, STARTS)


async def _writes(world: World, number: str, *lines: str) -> None:
    for count, line in enumerate(lines, 1):
        await deliver(world.base, text(number, line, str(count)))
        await world.answered(number, count)


async def _taps(world: World) -> None:
    await deliver(world.base, update(message(TAPS, "my employer locked me in the house", 1)))
    await world.answered(TAPS, 1)
    first = next(iter(world.keyboard(TAPS).values()))
    await deliver(world.base, update(tap(TAPS, first, 2)))
    await world.answered(TAPS, 2)


async def _starts(world: World) -> None:
    await deliver(world.base, update(message(STARTS, "/start", 3)))
    await world.answered(STARTS, 1)


SCRIPTS: tuple[Callable[[World], Awaitable[None]], ...] = (
    lambda w: _writes(w, LOCKED_IN, "my employer locked me in the house", "1"),
    lambda w: _writes(w, UNPAID, "my boss has not paid my salary for three months", "1"),
    lambda w: _writes(w, GREETING, "hello"),
    _taps,
    _starts,
)


async def all_write(world: World) -> None:
    """Everybody at once, each to the end of what they have to say."""
    async with asyncio.TaskGroup() as group:
        for script in SCRIPTS:
            group.create_task(script(world))  # type: ignore[arg-type]


def shown(world: World) -> dict[str | int, list[str]]:
    """What each phone shows, in order, without numbers and times, which differ from run to run."""
    return {person: [steady(t) for t in world.to(person)] for person in PEOPLE}
