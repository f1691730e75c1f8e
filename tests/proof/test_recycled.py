"""T44: a phone number that was silent for months may be somebody else's: nothing of hers is told or sent there."""

from __future__ import annotations

import re

import pytest

from handlers import cases, profile
from handlers.context import Context
from tests.pipeline.world import World

pytestmark = pytest.mark.slow
PHONE = "+96550001234"
REFERENCE = re.compile(r"\d{3}\s?\d{3}\s?\d")


async def _with_a_case(world: World, channel: str) -> None:
    await world.says(PHONE, "menu", channel=channel)
    where = await world.where(PHONE, channel)

    async def opens(ctx: Context) -> None:
        await profile.give_consent(ctx)
        await cases.open_case(ctx, kind="report_unpaid_wages")
        ctx.person.consent_contact_at = None

    await world.app.staff.prepare(where, opens)
    world.clock.move(days=2)
    held = await world.app.staff.reply(where, "Come to the office at nine.", case_id=None)
    assert held.state == "held"
    await world.app.staff.release(where)
    world.provider.sent.clear()


def _texts(world: World) -> str:
    return "\n".join(text for _, _, text in world.provider.sent)


@pytest.mark.parametrize(("days", "told"), [(20, True), (91, False)])
async def test_T44_after_months_of_silence_a_stranger_is_told_nothing(world: World, days: int, told: bool) -> None:
    await _with_a_case(world, "sms")
    world.clock.move(days=days)
    await world.says(PHONE, "status", channel="sms")
    assert bool(REFERENCE.search(_texts(world))) is told
    assert ("office" in _texts(world)) is told
    await world.says(PHONE, "hello", "menu", channel="sms")  # nor later, when the number is not silent any more
    assert ("office" in _texts(world)) is told


async def test_T44_danger_from_such_a_number_is_heard_as_ever(world: World) -> None:
    await _with_a_case(world, "sms")
    world.clock.move(days=200)
    await world.says(PHONE, "he has a knife", channel="sms")
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page'") == 1
    assert "office" not in _texts(world)


async def test_T44_a_chat_of_telegram_is_given_to_nobody_else(world: World) -> None:
    await _with_a_case(world, "telegram")
    world.clock.move(days=200)
    await world.says(PHONE, "status", channel="telegram")
    assert REFERENCE.search(_texts(world))
