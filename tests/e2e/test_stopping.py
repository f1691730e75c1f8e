"""T17, T20: a stuck conductor keeps no provider waiting, and a service that is told to stop loses nothing.

Law: "while" means that the thing is still so when the assertion is made; no clock decides here.
"""

from __future__ import annotations

import asyncio
import time

import httpx
import psycopg
import pytest

from tests.fakes import database
from tests.fakes.post import deliver, message, post, text, update
from tests.fakes.world import World

pytestmark = pytest.mark.slow
PEOPLE = [f"+601234{n:05}" for n in range(200)]


async def test_acknowledged_while_the_conductor_is_stuck(running: World) -> None:
    """Somebody holds the tables that turns write: everything is taken and acknowledged, nothing is answered."""
    slowest = 0.0
    async with httpx.AsyncClient(trust_env=False, timeout=15) as client:
        with psycopg.connect(running.url_owner) as holder:
            holder.execute("LOCK TABLE messages, outbox, cases IN ACCESS EXCLUSIVE MODE")
            for n in range(20):
                began = time.monotonic()
                assert await post(client, running.base, text(PEOPLE[n % 5], f"hello {n}", str(n))) == 200
                assert await post(client, running.base, update(message(5550000 + n, "hello", n))) == 200
                slowest = max(slowest, (time.monotonic() - began) / 2)
            waiting = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
            assert database.asked(running.url, waiting) == [(40,)]  # all in, and none handled
            assert not running.twilio.messages
    print(f"slowest acknowledgement while stuck: {slowest * 1000:.0f} ms")
    for number in PEOPLE[:5]:
        await running.answered(number, 1)
    await running.quiet()
    assert running.effects()["inbox.done"] == 40


async def test_one_locked_person_does_not_hold_up_the_others(running: World) -> None:
    await deliver(running.base, text(PEOPLE[0], "hello", "1"))
    await running.answered(PEOPLE[0], 1)
    with psycopg.connect(running.url) as holder:
        holder.execute("SELECT id FROM contacts FOR UPDATE")
        await deliver(running.base, text(PEOPLE[0], "my boss has not paid my salary", "2"))
        await deliver(running.base, text(PEOPLE[1], "hello", "1"))
        await running.answered(PEOPLE[1], 1)
        assert len(running.to(PEOPLE[0])) == 1
    await running.answered(PEOPLE[0], 2)


async def test_told_to_stop_under_load_nothing_is_lost(here: World) -> None:
    async with asyncio.TaskGroup() as group:
        async with here.service() as first:
            await first.ready()
            coming = [group.create_task(deliver(here.base, text(number, "hello", "1"))) for number in PEOPLE]
            await here.until(lambda: len(here.twilio.messages) >= 20, here.effects)
            first.terminate()
            assert await first.ended() == 0
            left = here.effects()
        assert "outbox.sending" not in left, left  # what was in hand was finished
        async with here.service() as second:
            await second.ready()
            tries = [await task for task in coming]
            await here.quiet()
    effects = here.effects()
    assert effects["inbox.done"] == effects["outbox.sent"] == effects["seen"] == len(PEOPLE)
    received = [len(here.to(number)) for number in PEOPLE]
    print(
        f"sent before the stop {left.get('outbox.sent', 0)}, after it {200 - left.get('outbox.sent', 0)};"
        f" deliveries tried again {sum(t > 1 for t in tries)}; repeated {sum(received) - len(PEOPLE)}"
    )
    assert received == [1] * len(PEOPLE)
