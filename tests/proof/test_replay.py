"""T6: one captured request, a thousand times in 400 days, at four workers and after restarts: one effect.

Law: real signatures over real sockets; the days pass by the application's clock, and the purge runs on all of them.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx
import pytest

from bot.store import retention
from bot.store.inbox import Inbox
from bot.store.keys import Keys
from bot.web.webhooks import webhooks
from tests.fakes.line import settings
from tests.fakes.post import Letter, message, post, text, update
from tests.fakes.server import served
from tests.pipeline.world import World

pytestmark = pytest.mark.slow
WORKERS, DAYS = 4, 400
SMS = text("+96550001111", "my salary is late", "1")
TELEGRAM = update(message(5551111, "my salary is late", 1))


async def _worker(stack: AsyncExitStack, world: World) -> str:
    """Another web process: connections and keys of its own. Returns where it listens."""
    database = world.database()
    inbox = Inbox(database, await Keys.load(database, world.app.secrets.keyring))

    async def receive(items: object) -> None:
        await inbox.receive(items, world.now, {})  # type: ignore[arg-type]

    async def quarantine(provider: str, account: str, event_id: str, raw: bytes) -> None:
        raise AssertionError("nothing here is unreadable")

    return await stack.enter_async_context(served(webhooks(settings(), receive, quarantine)))


@pytest.mark.parametrize(("letter", "replays"), [(SMS, 1000), (TELEGRAM, 200)], ids=["twilio", "telegram"])
async def test_T6_a_thousand_replays_in_four_hundred_days(world: World, letter: Letter, replays: int) -> None:
    tried, answers = 0, set()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for end in (replays // 2, replays):  # two lives of the service
            async with AsyncExitStack() as stack:
                bases = [await _worker(stack, world) for _ in range(WORKERS)]
                while tried < end:
                    told = letter.with_header("I-Twilio-Idempotency-Token", f"another-{tried}")
                    answers.add(await post(client, bases[tried % WORKERS], told))
                    tried += 1
                    if tried == 1:
                        await world.turns()
                        await world.sends()
                    if tried % 25 == 0:
                        await _days_pass(world, DAYS * 25 / replays)
    await world.turns()
    await world.sends()
    assert answers == {200}
    assert tried == replays
    assert await world.one("SELECT count(*) FROM seen") == 1
    assert len(world.provider.sent) == 1
    assert await world.one("SELECT count(*) FROM outbox WHERE state = 'sent'") <= 1  # its words may be purged by now


async def _days_pass(world: World, days: float) -> None:
    world.clock.move(days=days)
    while any((await retention.purge(world.app.database, world.app.secrets, world.now)).values()):
        pass
