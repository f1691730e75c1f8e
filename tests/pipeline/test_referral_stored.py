"""A referral in the database: staff decide, the person reads her own word, and a no ends what was planned."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from handlers import follow_up, referral
from handlers.context import Outcome
from tests.pipeline.later import Change, act, known, wake
from tests.pipeline.world import World

SITA = "601"
LATER = timedelta(hours=2)
ASK = partial(
    referral.ask,
    need="shelter",
    service="np_shelter_women",
    receiver={"text": "services.np_shelter_women.receiver"},
    name="Sita",
    topic="training",
)


async def asked(world: World) -> str:
    """She asked, and lets us ask later how it goes; the id of the referral."""
    await known(world, SITA)
    outcome = await act(world, SITA, ASK, kind="person")
    row = str(outcome.slots["referral"])
    await act(world, SITA, lambda ctx: follow_up.plan(ctx, referral=row, word=outcome.slots["word"]), kind="person")
    return row


async def decide(world: World, row: str, how: str, kind: str = "staff") -> Outcome:
    change: Change = partial(getattr(referral, how), referral=row)
    return await act(world, SITA, change, kind=kind)


async def states(world: World) -> list[str]:
    return [r.state for r in await world.rows("SELECT state FROM referrals")]


@pytest.mark.parametrize("how", ["accept", "reject", "complete"])
async def test_only_staff_decide(world: World, how: str) -> None:
    row = await asked(world)
    for kind in ("person", "system"):
        assert (await decide(world, row, how, kind)).name == "not_staff"
    assert await states(world) == ["asked"]


async def test_a_yes_is_told_in_her_own_word_and_hours_and_is_sealed(world: World) -> None:
    row = await asked(world)
    assert (await decide(world, row, "accept")).name == "accepted"
    assert await states(world) == ["accepted"]
    assert await wake(world, SITA, world.now + LATER) == ["referral_news.accepted"]
    told = world.provider.sent[-1][2]
    assert "training" in told
    assert "shelter" not in told.lower()
    events = [r.kind for r in await world.rows("SELECT kind FROM case_events ORDER BY happened_at, id")]
    assert events[-1] == "referral_accepted"
    sealed = await world.rows("SELECT * FROM referrals")
    assert all(b"Sita" not in bytes(v) for v in sealed[0]._mapping.values() if isinstance(v, bytes | memoryview))


async def test_a_no_is_told_kindly_and_nothing_is_asked_about_it_later(world: World) -> None:
    row = await asked(world)
    assert (await decide(world, row, "reject")).name == "rejected"
    waiting = await world.rows("SELECT flow, state FROM reminders ORDER BY due_at")
    assert sorted(r.state for r in waiting if r.flow == "follow_up") == ["cancelled"] * 4
    assert await wake(world, SITA, world.now + LATER) == ["referral_news.rejected"]
    assert await wake(world, SITA, world.now + timedelta(days=400)) == []
    assert (await decide(world, row, "accept")).name == "unknown"


async def test_what_took_place_was_accepted_first(world: World) -> None:
    row = await asked(world)
    assert (await decide(world, row, "complete")).name == "unknown"
    await decide(world, row, "accept")
    assert await wake(world, SITA, world.now + LATER) == ["referral_news.accepted"]
    assert (await decide(world, row, "complete")).name == "completed"
    assert await states(world) == ["completed"]
    assert await wake(world, SITA, world.now + LATER) == ["referral_news.completed"]
    waiting = await world.rows("SELECT 1 FROM reminders WHERE flow = 'follow_up' AND state = 'waiting'")
    assert len(waiting) == 4


async def test_nobody_decides_about_somebody_else_s(world: World) -> None:
    row = await asked(world)
    await known(world, "602")
    assert (await act(world, "602", partial(referral.accept, referral=row))).name == "unknown"
    assert await states(world) == ["asked"]
