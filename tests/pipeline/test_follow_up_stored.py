"""How it goes after 1, 3, 6 and 12 months, in the database: when it is asked, in which word, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from handlers import follow_up, referral
from tests.pipeline.later import act, known, wake
from tests.pipeline.test_referral_stored import ASK
from tests.pipeline.world import World

SITA = "601"
MONTHS = (1, 3, 6, 12)
NEVER = ("shelter", "returnee", "survivor", "victim", "case", "helpline")


async def planned(world: World) -> None:
    """She allowed it, at noon."""
    await known(world, SITA)
    asked = await act(world, SITA, ASK, kind="person")
    slots = {"referral": str(asked.slots["referral"]), "word": asked.slots["word"]}
    assert (await act(world, SITA, partial(follow_up.plan, **slots), kind="person")).name == "planned"


async def test_it_is_asked_after_each_of_the_months_and_not_a_day_sooner(world: World) -> None:
    await planned(world)
    begun = world.now
    for month in MONTHS:
        due = follow_up.after(begun, month)
        assert await wake(world, SITA, due - timedelta(days=1)) == []
        assert await wake(world, SITA, due + timedelta(minutes=1)) == ["follow_up.may_we"]
        told = world.provider.sent[-1][2].lower()
        assert "training" in told
        assert not [word for word in NEVER if word in told]
        await world.says(SITA, "2")  # not now: the next one comes all the same
    assert await wake(world, SITA, begun + timedelta(days=800)) == []
    assert [r.state for r in await world.rows("SELECT state FROM reminders")] == ["done"] * 4


async def test_answers_are_counted_without_her_and_the_plainest_is_kept_with_the_referral(world: World) -> None:
    await planned(world)
    assert await wake(world, SITA, follow_up.after(world.now, 1)) == ["follow_up.may_we"]
    await world.says(SITA, "1", "2", "1", "1")
    assert (await world.said(SITA))[-1] == "follow_up.thanks"
    counted = await world.rows("SELECT kind, safe, helped FROM feedback ORDER BY kind")
    assert [tuple(row) for row in counted] == [
        ("follow_up.1", 3, None),
        ("follow_up.1.debt", None, 3),
        ("follow_up.1.income", None, 2),
    ]
    assert await world.rows("SELECT 1 FROM case_events WHERE kind = 'followed_up'")


async def test_who_is_not_safe_is_shown_to_a_human_and_nobody_is_woken(world: World) -> None:
    await planned(world)
    await wake(world, SITA, follow_up.after(world.now, 1))
    await world.says(SITA, "1", "1", "1", "3")
    assert (await world.said(SITA))[-1] == "follow_up.person"
    raised = await world.rows("SELECT audience, kind, severity FROM notices ORDER BY raised_at, id")
    assert [tuple(row) for row in raised][-1] == ("queue", "not_safe_later", "high")


async def test_the_business_is_asked_about_after_a_year_alone(world: World) -> None:
    await planned(world)
    begun = world.now
    for month in MONTHS:
        await wake(world, SITA, follow_up.after(begun, month) + timedelta(minutes=1))
        await world.says(SITA, "1", "1", "1", "1")
        assert ("follow_up.business" in await world.said(SITA)) == (month == MONTHS[-1])


async def test_never_again_is_never_again(world: World) -> None:
    await planned(world)
    begun = world.now
    await wake(world, SITA, follow_up.after(begun, 1))
    await world.says(SITA, "3")
    assert (await world.said(SITA))[-1] == "follow_up.left"
    assert await wake(world, SITA, begun + timedelta(days=800)) == []


def test_the_months_are_those_of_the_facts(world: World) -> None:
    assert tuple(world.app.content.knowledge.get("follow_up")["months"]) == MONTHS
    assert referral.KIND == "returnee"
