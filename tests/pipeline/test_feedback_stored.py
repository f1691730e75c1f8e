"""How our help was, in the database: asked after closing, never of some, and an answer leads back to nobody."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from bot.store import tables
from handlers import cases, closing, feedback
from handlers.context import Context, Outcome
from tests.pipeline.later import act, known, wake
from tests.pipeline.world import World

SITA = "601"
LATER = timedelta(hours=2)
NEVER = (
    *("express_self_harm", "report_violence", "report_confinement", "report_forced_labour"),
    *("child", "pregnancy_or_child", "report_missing", "report_death"),
)


async def closed(world: World, kind: str, *, allowed: bool = True) -> None:
    """A case of this kind that a human has closed."""
    await known(world, SITA)

    async def settle(ctx: Context) -> Outcome:
        await (feedback.allow(ctx) if allowed else feedback.forbid(ctx))
        return await cases.open_case(ctx, kind=kind)

    opened = await act(world, SITA, settle, kind="person")
    done = await act(world, SITA, partial(closing.close, reference=str(opened.slots["reference"])))
    assert done.name == "closed"


async def test_it_is_asked_after_the_end_and_after_thirty_days(world: World) -> None:
    await closed(world, "report_unpaid_wages")
    begun = world.now
    assert await wake(world, SITA, begun + LATER) == ["feedback.may_we"]
    await world.says(SITA, "2")
    assert await wake(world, SITA, begun + timedelta(days=29)) == []
    assert await wake(world, SITA, begun + timedelta(days=30, hours=2)) == ["feedback.may_we"]


@pytest.mark.parametrize("kind", NEVER)
async def test_never_after_self_harm_abuse_children_and_family(world: World, kind: str) -> None:
    await closed(world, kind)
    assert await world.rows("SELECT 1 FROM reminders") == []
    assert await wake(world, SITA, world.now + timedelta(days=31)) == []


async def test_only_of_who_allowed_it(world: World) -> None:
    await closed(world, "report_unpaid_wages", allowed=False)
    assert await world.rows("SELECT 1 FROM reminders") == []


async def test_what_she_answered_is_counted_and_leads_back_to_nobody(world: World) -> None:
    """The same history whatever she said: no digit, no button, no sealed copy, no other last line, no notice."""
    await closed(world, "report_unpaid_wages")
    await wake(world, SITA, world.now + LATER)
    await world.says(SITA, "1")
    before = len(await world.lines(SITA))
    seen: list[str] = []
    for text in ("1", "2", "3"):  # calm, a little, not respectful
        await world.says(SITA, text)
    lines = (await world.lines(SITA))[before:]
    seen = [line.body["text"] for line in lines if line.direction == "in"]
    assert seen == ["****"] * 3
    assert [line.body.get("press") for line in lines if line.direction == "in"] == [None] * 3
    assert (await world.said(SITA))[-1] == "feedback.thanks"
    (row,) = await world.rows("SELECT * FROM feedback")
    assert (row.kind, row.safe, row.helped, row.respected) == ("help", 3, 2, 1)
    assert set(tables.feedback.c.keys()) == {"id", "month", "kind", "safe", "helped", "respected"}
    kept = await world.rows("SELECT payload_enc FROM inbox WHERE kind <> 'input' ORDER BY id DESC LIMIT 3")
    assert [bytes(r.payload_enc) for r in kept] == [b""] * 3
    assert not await world.rows("SELECT 1 FROM notices WHERE kind = 'not_safe_later'")
    assert "sorry" not in json.dumps([line.body for line in lines])


async def test_what_is_no_answer_is_kept_as_ever(world: World) -> None:
    """Danger in place of an answer is heard, paged and kept for the human."""
    await closed(world, "report_unpaid_wages")
    await wake(world, SITA, world.now + LATER)
    await world.says(SITA, "1", "he has a knife")
    assert (await world.heard(SITA))[-1] == "he has a knife"
    assert await world.rows("SELECT 1 FROM notices WHERE audience = 'page'")


async def test_never_is_never(world: World) -> None:
    await closed(world, "report_unpaid_wages")
    await wake(world, SITA, world.now + LATER)
    await world.says(SITA, "3")
    assert (await world.said(SITA))[-1] == "feedback.not_asked"
    assert await wake(world, SITA, world.now + timedelta(days=31)) == []
