"""Telegram without a webhook: an update is confirmed only after it is committed, so a kill in between loses nothing."""

from __future__ import annotations

import signal

import pytest

from tests.fakes.post import message
from tests.fakes.world import World

pytestmark = pytest.mark.slow
FIRST, SECOND = 5550001, 5550002


@pytest.mark.parametrize("point", ["receive.before_commit", "receive.after_commit"])
async def test_an_update_is_confirmed_only_after_the_commit(here: World, point: str) -> None:
    here.telegram.bring(message(FIRST, "hello", 1), message(SECOND, "hello", 2))
    async with here.service(telegram_mode="polling", crash=point) as first:
        assert await first.ended() == -signal.SIGKILL
    assert len(here.telegram.waiting) == 2  # nothing was confirmed
    assert here.effects()["seen"] == (
        0 if point == "receive.before_commit" else 2
    )  # polled together, committed together
    async with here.service(telegram_mode="polling") as second:
        await second.ready()
        await here.answered(FIRST, 1)
        await here.answered(SECOND, 1)
        await here.until(lambda: not here.telegram.waiting)
        await here.quiet()
    assert here.effects()["seen"] == here.effects()["inbox.done"] == 2
    assert [len(here.to(chat)) for chat in (FIRST, SECOND)] == [1, 1]


async def test_a_person_who_blocked_the_bot_is_left_alone(here: World) -> None:
    async with here.service(telegram_mode="polling") as service:
        await service.ready()
        here.telegram.bring(message(FIRST, "hello", 1))
        await here.answered(FIRST, 1)
        await here.quiet()
        here.telegram.blocked_by.add(FIRST)
        here.telegram.bring(message(FIRST, "my boss has not paid my salary", 2))
        await here.until(lambda: here.effects().get("outbox.failed") == 1, here.effects)
        here.telegram.blocked_by.clear()
        here.telegram.bring(message(SECOND, "hello", 3))
        await here.answered(SECOND, 1)  # the others are served
        assert len(here.to(FIRST)) == 1
        here.telegram.bring(message(FIRST, "1", 4))
        await here.answered(FIRST, 2)  # who writes has unblocked us
