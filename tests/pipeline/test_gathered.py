"""What arrives together is committed together, each part for itself where one is bad."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.store.gathered import MOST, Gathered
from tests.fakes.statements import heard
from tests.pipeline.world import World


class Till:
    """Takes numbers, slowly; 13 is refused, and a batch that holds it is lost whole."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()

    async def take(self, items: Sequence[int]) -> None:
        """One transaction."""
        await self.open.wait()
        if 13 in items:
            raise ValueError("13")
        self.batches.append(list(items))


async def test_what_comes_meanwhile_is_one_batch_in_order() -> None:
    till = Till()
    gathered = Gathered(till.take)
    asked = [asyncio.create_task(gathered.do([n, n + 100])) for n in range(5)]
    await asyncio.sleep(0)
    till.open.set()
    await asyncio.gather(*asked)
    assert [n for batch in till.batches for n in batch] == [m for n in range(5) for m in (n, n + 100)]
    assert len(till.batches) <= 2


async def test_a_bad_part_fails_alone() -> None:
    till = Till()
    till.open.set()
    gathered = Gathered(till.take)
    told = await asyncio.gather(*(gathered.do([n]) for n in range(20)), return_exceptions=True)
    assert [n for n, answer in enumerate(told) if answer is not None] == [13]
    assert sorted(n for batch in till.batches for n in batch) == [n for n in range(20) if n != 13]


async def test_a_database_that_is_away_is_asked_once() -> None:
    asked: list[int] = []

    async def away(items: Sequence[int]) -> None:
        asked.append(len(items))
        await asyncio.sleep(0)
        raise OSError("away")

    gathered = Gathered(away)
    told = await asyncio.gather(*(gathered.do([n]) for n in range(8)), return_exceptions=True)
    assert all(isinstance(answer, OSError) for answer in told)
    assert sum(asked) == 8
    with pytest.raises(OSError, match="away"):
        await gathered.do([1])


async def test_who_hangs_up_takes_nothing_back() -> None:
    till = Till()
    gathered = Gathered(till.take)
    first, second = asyncio.create_task(gathered.do([1])), asyncio.create_task(gathered.do([2]))
    await asyncio.sleep(0)
    first.cancel()
    till.open.set()
    await second
    assert sorted(n for batch in till.batches for n in batch) == [1, 2]


async def test_no_batch_is_larger_than_one_transaction_may_be() -> None:
    till = Till()
    gathered = Gathered(till.take)
    asked = [asyncio.create_task(gathered.do(list(range(100, 200)))) for _ in range(9)]
    await asyncio.sleep(0)
    till.open.set()
    await asyncio.gather(*asked)
    assert max(map(len, till.batches)) <= MOST
    assert sum(map(len, till.batches)) == 900


async def test_two_hundred_webhooks_at_once_are_few_transactions(world: World) -> None:
    items = [world.inbound(f"+97798{n:08d}", f"message {n}") for n in range(200)]
    with heard(world.app.database) as statements:
        await asyncio.gather(*(world.app.receive([item]) for item in items))
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 200
    assert await world.one("SELECT count(*) FROM conversations") == 200
    assert len(statements) < 60  # one by one they were about ten each
