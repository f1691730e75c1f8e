"""T26: one number writes thousands of messages as fast as they are taken, while others write one each.

Law: people and providers are played, the process is the running one. Times are printed; what is asserted is order and
count, for a busy machine is slow for everybody.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import httpx

from bot import content as content_room
from bot.engine.events import Said
from bot.settings import ROOT
from tests.fakes import database
from tests.fakes.post import deliver, post, text
from tests.fakes.world import World

FLOODER = "+96550666000"
LANES = 8  # requests of the flooder in the air at once
TRIES = 100  # of one message that is answered otherwise than 200


@dataclass(slots=True)
class Flooded:
    """What is published."""

    flood: int = 0  # messages of the flooder, each acknowledged
    others: int = 0  # people beside it, one message each
    seconds: float = 0.0  # that the flood took
    waited: list[float] = field(default_factory=list)  # seconds of each of the others, until her answer left
    overtaken: int = 0  # others whose answer left while messages of the flooder still waited
    answers: int = 0  # that the flooder got
    asked_to_wait: int = 0  # lines of it that ask for patience

    def __str__(self) -> str:
        slow = sorted(self.waited)
        return (
            f"flood of {self.flood} messages from one number in {self.seconds:.0f} s"
            f" ({self.flood / max(self.seconds, 0.001) * 60:.0f} a minute): {self.answers} answers,"
            f" {self.asked_to_wait} of them ask to wait\n"
            f"{self.others} others, one message each: answered in {slow[len(slow) // 2]:.2f} s (half of them),"
            f" {slow[int(len(slow) * 0.95)]:.2f} s (p95); {self.overtaken} before the flood was read"
        )


async def _floods(here: World, count: int, told: Flooded) -> None:
    began = time.monotonic()
    numbers = iter(range(count))

    async def lane() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            for number in numbers:
                letter = text(FLOODER, "#", f"flood-{number}")  # too short to be joined: a turn for each
                for _ in range(TRIES):
                    if await post(client, here.base, letter) == 200:
                        told.flood += 1
                        break
                    await asyncio.sleep(0.1)

    await asyncio.gather(*(lane() for _ in range(LANES)))
    told.seconds = time.monotonic() - began


async def _writes(here: World, person: int, told: Flooded) -> None:
    number = f"+9655{person:07}"
    began = time.monotonic()
    await deliver(here.base, text(number, "hello", "1"))
    await here.answered(number, 1)
    told.waited.append(time.monotonic() - began)
    mine = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
    told.overtaken += database.asked(here.url, mine)[0][0] > 0


async def flood(here: World, count: int, others: int, *, pause: float = 0.2) -> Flooded:
    """The flood, and one of the others every `pause` seconds while it lasts; until everything is handled."""
    told = Flooded(others=others)
    flooding = asyncio.create_task(_floods(here, count, told))
    async with asyncio.TaskGroup() as group:
        for person in range(others):
            await asyncio.sleep(pause)
            group.create_task(_writes(here, person, told))
    await flooding
    await here.quiet()
    shown = here.to(FLOODER)
    content = content_room.load(ROOT)
    waits = {content.reply(Said("system.slowly"), code).sms for code in content.languages}
    told.answers, told.asked_to_wait = len(shown), sum(words in waits for words in shown)
    return told
