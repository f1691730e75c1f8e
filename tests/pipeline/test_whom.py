"""Whom she would rather talk with: the wish of one turn is what routing honours, and danger is called for as ever."""

from __future__ import annotations

from datetime import timedelta

from handlers import whom
from tests.conftest import NOON
from tests.pipeline.at_the_desk import hire, works
from tests.pipeline.test_pages import Bell, called, pager
from tests.pipeline.world import World

MAYA = "501"
H = timedelta(hours=1)


async def _pregnant(world: World, severity: str = "high") -> None:
    """Her matter is one for which she is asked, and a human is awaited."""
    await world.writes(MAYA, "hello")
    await world.turns()
    where = await world.where(MAYA)
    await world.set_person(where.subject_id, language="en", consent_store_at=NOON)
    await world.says(MAYA, "human")
    await world.run("UPDATE cases SET kind = 'pregnancy_or_child', severity = :s", s=severity)
    await world.run("UPDATE notices SET severity = :s", s=severity)


async def _wishes(world: World, address: str, *, waits: bool) -> None:
    where = await world.where(address)
    await world.app.staff.prepare(where, lambda ctx: whom.record(ctx, gender="woman", waits=waits))


async def test_a_woman_is_there_later_she_waits_and_nobody_is_called_before(world: World) -> None:
    man = await hire(world, "chandra", gender="man", languages=["en"], email="1@help.example")
    woman = await hire(world, "bimala", gender="woman", languages=["en"], email="2@help.example")
    await works(world, man, NOON - H, 9)
    await works(world, woman, NOON + 6 * H, 3)
    await _pregnant(world)
    due = await world.one("SELECT due_at FROM notices")
    await world.says(MAYA, "human")
    assert (await world.said(MAYA))[-1] == "whom.whom"
    await world.says(MAYA, "woman")
    assert (await world.said(MAYA))[-1] == "whom.later_woman"
    assert "18:00" in world.provider.sent[-1][2] or "6:00" in world.provider.sent[-1][2]
    await world.says(MAYA, "I wait")
    assert (await world.said(MAYA))[-1] == "whom.waits"
    later = await world.one("SELECT min(due_at) FROM notices")
    assert later >= NOON + 6 * H > due
    assert await world.one("SELECT answer_due_at FROM cases") == later
    assert await world.one("SELECT reply_due_at FROM conversations") == later
    mail = Bell()
    worker = pager(world, {"email": mail})
    await worker.run_once()
    assert await world.one("SELECT offered_to FROM notices ORDER BY raised_at LIMIT 1") is None, (
        "a man is not offered it"
    )
    world.clock.at = NOON + 6 * H + timedelta(minutes=1)
    await works(world, man, world.now, 4)
    world.clock.at = later + timedelta(minutes=1)
    await worker.run_once()
    assert [to for to, _, _ in mail.rung][:1] == ["2@help.example"]


async def test_danger_rings_whoever_is_there_and_her_wish_comes_first(world: World) -> None:
    man = await hire(world, "chandra", gender="man", languages=["en"], phone="+9779800000001")
    await works(world, man, NOON - H, 9)
    await world.says(MAYA, "he has a knife")
    await _wishes(world, MAYA, waits=True)
    voice = Bell()
    await pager(world, {"voice": voice}).run_once()
    assert called(voice) == ["1"], "she waits for a woman, and is not left alone in danger"
    woman = await hire(world, "bimala", gender="woman", languages=["en"], phone="+9779800000002")
    await works(world, woman, NOON - H, 9)
    await world.says("502", "he has a knife")
    await _wishes(world, "502", waits=False)
    await pager(world, {"voice": voice}).run_once()
    assert called(voice) == ["1", "2"]
