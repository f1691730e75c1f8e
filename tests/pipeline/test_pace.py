"""T26, T27: a flood costs so much and no more, and what counts in it is heard all the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.conductor.pace import answered
from bot.engine.session import Session
from tests.pipeline.world import World

FLOODER, MAYA = "666", "501"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = 40  # contact_policy.yml: answers a minute off SMS
SMS_HOUR = 120


async def flood(world: World, count: int, address: str = FLOODER, text: str = "#", **more: object) -> None:
    """So many messages at one moment, each answered by itself: short ones are never joined."""
    await world.writes(address, *[text] * count, **more)
    await world.turns()


async def test_t26_a_flooder_is_answered_so_often_and_asked_once_to_wait(world: World) -> None:
    await flood(world, 3 * MINUTE)
    said = await world.said(FLOODER)
    assert len(said) <= 2 * MINUTE + 1
    assert said.count("system.slowly") == 1
    assert said[-1] == "system.slowly"
    assert len(await world.heard(FLOODER)) == 3 * MINUTE, "each line is kept"
    assert [n.kind for n in await world.rows("SELECT kind FROM notices WHERE kind = 'flood'")] == ["flood"]
    world.clock.move(minutes=1)
    await flood(world, 2 * MINUTE)
    assert (await world.said(FLOODER)).count("system.slowly") == 1, "once an hour"
    world.clock.move(minutes=1)
    before = len(await world.said(FLOODER))
    await world.says(FLOODER, "menu")
    assert len(await world.said(FLOODER)) > before, "who waited is answered"


def test_t26_an_hour_has_its_measure_too_and_sms_a_smaller_one(world: World) -> None:
    limits = world.app.content.knowledge.get("contact_policy")["answers"]
    session, verdicts = Session(), []
    for second in range(0, 3600, 2):
        session, verdict = answered(session, "sms", NOON + timedelta(seconds=second), limits)
        verdicts.append(verdict)
    assert Counter(verdicts) == {"answer": SMS_HOUR, "wait": 1, "silent": 1800 - SMS_HOUR - 1}
    assert answered(session, "sms", NOON + timedelta(hours=1), limits)[1] == "answer"


async def test_t26_others_are_answered_beside_it(world: World) -> None:
    await world.writes(FLOODER, *["#"] * 200)
    await world.writes(MAYA, "hello")
    await world.app.conductor.run_once()
    assert await world.said(MAYA), "in the first look: a look takes eight rows of one person"


async def test_t27_danger_in_a_flood_pages_and_is_answered(world: World) -> None:
    await flood(world, 2 * MINUTE)
    await world.says(FLOODER, "he has a knife")
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page'") == 1
    assert (await world.said(FLOODER))[-1].partition(".")[0] not in {"system", "stay"}


async def test_a_human_and_stop_are_words_that_cannot_wait(world: World) -> None:
    await flood(world, 2 * MINUTE)
    await world.says(FLOODER, "0")
    assert await world.one("SELECT owner FROM conversations") == "waiting"
    await flood(world, 2 * MINUTE, MAYA)
    await world.says(MAYA, "stop")
    assert (await world.said(MAYA))[-1].startswith("stop.")
