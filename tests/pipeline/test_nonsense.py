"""Providers that answer, and make no sense: ids that are none, waits that are none, and news of somebody who was erased
while her answer was on its way. It concerns that one message, and nobody else's.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DataError

from bot.store import claims, erase
from bot.store.claims import Sent
from bot.transports import errors
from bot.transports.errors import LONGEST_WAIT
from tests.pipeline.test_receipts import LONG
from tests.pipeline.test_sender import MAYA, queued, row
from tests.pipeline.world import Provider, World

OTHERS = [f"60{n}" for n in range(5)]
TOO_LONG = secrets.token_hex(5000)  # for an index, and no server can make it shorter


@dataclass(slots=True)
class Odd(Provider):
    """Its ids are what it is told to answer for an address."""

    ids: dict[str, str] = field(default_factory=dict)

    async def send(self, *, address: str, **given: Any) -> str:
        """Take it, and say so in its way."""
        usual = await super(Odd, self).send(address=address, **given)
        return self.ids.get(address, usual)


@pytest.mark.parametrize("odd", [TOO_LONG, "a\0b", "\ud800", "é" * 9])
async def test_an_id_that_is_none_leaves_a_doubt_of_that_message_alone(world: World, odd: str) -> None:
    provider = Odd(ids={MAYA: odd})
    sender = world.new_sender(provider=provider)
    (hers,) = await queued(world, MAYA, "one")
    for person in OTHERS:
        await queued(world, person, "one")
    for _ in range(3):
        await sender.run_once()
        world.clock.move(seconds=10)
    times = Counter(address for address, _, _ in provider.sent)
    assert times == {MAYA: 2, **dict.fromkeys(OTHERS, 1)}
    assert await world.one("SELECT count(*) FROM outbox WHERE state = 'sent'") == len(OTHERS)
    left = await row(world, hers)
    assert (left.state, left.attempts, left.provider_id) == ("unknown", 2, None)


async def test_a_result_that_no_table_takes_takes_no_other_with_it(world: World) -> None:
    """Whatever made it so: it is no sign that the database is away, for which all of them would be sent again."""
    ids = [(await queued(world, person, "one"))[0] for person in (MAYA, *OTHERS)]
    results = world.sender._delivery._results
    async with world.app.database.begin() as connection:
        got = await claims.claim(connection, world.app.secrets, world.now, 10, {"telegram": 10})
    named = [Sent(claim, world.now, TOO_LONG if claim.id == ids[0] else f"p{n}") for n, claim in enumerate(got)]
    told = await asyncio.gather(*(results.do([each]) for each in named), return_exceptions=True)
    assert [type(each) for each in told] == [DataError, *(type(None) for _ in OTHERS)]
    assert TOO_LONG not in str(told[0])
    assert [(await row(world, i)).state for i in ids] == ["sending", *("sent" for _ in OTHERS)]


@pytest.mark.parametrize(
    ("wait", "kept"),
    [(1e30, LONGEST_WAIT), (86_400.0 * 400, LONGEST_WAIT), (30.0, 30.0), (-5.0, 0.0), (float("inf"), 0.0),
     (float("nan"), 0.0)],
)  # fmt: skip
async def test_nobody_is_silenced_by_a_wait_that_makes_no_sense(world: World, wait: float, kept: float) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    world.provider.script[MAYA].append(errors.Throttled("429", retry_after=wait))
    assert await world.sender.run_once() == 1
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("queued", "429")
    assert timedelta(seconds=kept) <= left.not_before - world.now <= timedelta(seconds=kept + 1)


NEWS: dict[str, errors.SendError | None] = {
    "sent": None,
    "throttled": errors.Throttled("429", retry_after=3),
    "cut": errors.OutcomeUnknown("cut"),
    "refused": errors.BadContent("400"),
    "blocked": errors.PersonBlocked("403"),
    "moved": errors.AddressMoved("777"),
    "closed": errors.WindowClosed("63016"),
}


@pytest.mark.parametrize("news", NEWS)
@pytest.mark.parametrize("words", ["one", LONG])
async def test_who_is_erased_while_her_answer_leaves_is_gone_for_good(world: World, news: str, words: str) -> None:
    await queued(world, MAYA, words)
    (other,) = await queued(world, OTHERS[0], "one")
    hers = (await world.where(MAYA)).subject_id

    async def meanwhile() -> None:
        async with world.database().begin() as connection:
            assert await erase.by_hand(connection, hers, world.now, reason="asked")
        if error := NEWS[news]:
            raise error

    world.provider.script[MAYA].append(meanwhile)
    assert await world.sender.run_once() == 2
    assert Counter(address for address, _, _ in world.provider.sent)[MAYA] == (news == "sent")  # of two parts the first
    assert (await row(world, other)).state == "sent"
    for table in ("outbox", "conversations", "contacts", "keys", "notices"):
        assert await world.one(f"SELECT count(*) FROM {table} WHERE subject_id = :id", id=hers) == 0
    world.clock.move(minutes=1)
    assert await world.sender.run_once() == 0


async def test_who_is_erased_while_her_chat_is_wiped_is_gone_for_good(world: World) -> None:
    await queued(world, MAYA, "one", kind="wipe", origin="system")
    hers = (await world.where(MAYA)).subject_id
    async with world.app.database.begin() as connection:
        (claim,) = await claims.claim(connection, world.app.secrets, world.now, 10, {"telegram": 10})
    async with world.app.database.begin() as connection:
        assert await erase.by_hand(connection, hers, world.now, reason="asked")
    await world.sender._delivery.deliver(claim)
    assert world.provider.wiped == [(MAYA, [])]
    assert await world.one("SELECT count(*) FROM outbox") == 0
