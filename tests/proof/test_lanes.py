"""T13: one person's burst, eight workers: her messages are handled in order, each once; nobody else waits for her.

Law: what is right is what one worker does with the same messages, one after the other.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.conductor import Conductor
from tests.pipeline.world import World

pytestmark = pytest.mark.slow
WORKERS, BURST, OTHERS = 8, 20, 99
# Short texts and digits are turns of their own, whatever burst they come in.
LINES = ["wages", "1", "1", "2", "0", "9", "1", "3", "yes", "no"] * (BURST // 10)


async def _drain(world: World, workers: list[Conductor]) -> None:
    async def work(worker: Conductor) -> None:
        idle = 0
        while idle < 3:
            idle = 0 if await worker.run_once() else idle + 1
            await asyncio.sleep(0)

    await asyncio.gather(*(work(w) for w in workers))
    await world.turns()


async def test_T13_twenty_messages_at_once_and_eight_workers(world: World) -> None:
    for line in LINES:  # one worker, one message at a time
        await world.writes("5550001", line)
        await world.turns()
    wanted = await world.said("5550001"), await world.heard("5550001")

    workers = [world.new_conductor() for _ in range(WORKERS)]
    began = time.monotonic()
    for number in range(OTHERS):
        await world.writes(f"777{number:04}", "wages")
    await _drain(world, workers)
    alone = time.monotonic() - began

    began = time.monotonic()
    for number in range(OTHERS):
        await world.writes(f"888{number:04}", "wages")
        if number == 10:
            await world.app.receive([world.inbound("5550002", line) for line in LINES])  # one commit, as they come
    await _drain(world, workers)
    beside = time.monotonic() - began

    assert await world.heard("5550002") == wanted[1]
    assert await world.said("5550002") == wanted[0]
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    said = "SELECT count(DISTINCT conversation_id) FROM outbox WHERE kind = 'reply'"
    assert await world.one(said) == 2 + 2 * OTHERS
    print(f"99 people alone {alone:.2f} s, beside a burst of 20 {beside:.2f} s; lost 0, out of order 0")
