"""From the bot to a human and back: clocks, the honest line, two readers, two looks, who had it before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.jobs import started
from bot.store import notices
from handlers.triage import RANK
from tests.conftest import NOON
from tests.pipeline.at_the_desk import hire, staff, works
from tests.pipeline.world import World

MAYA = "501"
WAGES = ("wages", "1", "Kuwait", "1", "1", "3 months 180 KD", "1")
H = timedelta(hours=1)


async def look(world: World) -> int:
    """The clock's minute, by two workers at once; then what follows from it."""
    app = world.app
    found = await asyncio.gather(
        *(started.start_late(d, app.secrets, world.policy, world.now) for d in (app.database, world.database()))
    )
    await world.turns()
    await world.sends()
    return sum(found)


async def case(world: World) -> Any:
    (row,) = await world.rows("SELECT * FROM cases")
    return row


async def conversation(world: World) -> Any:
    (row,) = await world.rows("SELECT * FROM conversations")
    return row


# --- clocks


async def test_nobody_answers_and_she_is_told_once(world: World) -> None:
    await world.says(MAYA, "human")
    assert (await conversation(world)).reply_due_at is not None
    await world.run("UPDATE conversations SET reply_due_at = :at", at=NOON + 2 * H)
    assert await look(world) == 0
    world.clock.move(hours=3)
    assert await look(world) == 1, "one of two workers"
    assert (await world.said(MAYA))[-1] == "late.person"
    kinds = [n.kind for n in await world.rows("SELECT kind FROM notices ORDER BY raised_at, id")]
    assert kinds.count("late") == 1
    world.clock.move(hours=1)
    assert await look(world) == 0
    assert [t for t in await world.said(MAYA) if t.startswith("late.")] == ["late.person"]


async def test_at_night_it_is_passed_on_at_once_and_said_in_the_morning(world: World) -> None:
    await world.says(MAYA, "human")
    await world.run("UPDATE conversations SET reply_due_at = :at", at=NOON + 11 * H)
    world.clock.move(hours=12)
    await look(world)
    talk = await conversation(world)
    assert (talk.late_at is not None, talk.told_late_at) == (True, None)
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'late'") == 1
    world.clock.move(hours=10)
    await look(world)
    assert (await world.said(MAYA))[-1] == "late.person"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'late'") == 1


async def test_no_number_stands_in_the_line_where_its_choice_was_never_read(world: World) -> None:
    """What is told of who was in danger and read the number before: late.danger.yml."""
    await world.says(MAYA, *WAGES)
    await world.run("UPDATE conversations SET reply_due_at = :at", at=NOON)
    await look(world)
    assert (await world.said(MAYA))[-1] == "late.person"
    assert "112" not in world.provider.sent[-1][2]


async def test_a_silent_human_no_longer_has_it_and_an_active_one_does(world: World) -> None:
    asha = await hire(world, "asha")
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    await world.app.staff.reply(where, "We read it.", case_id=None, user_id=asha)
    await world.sends()
    assert (await conversation(world)).reply_due_at is None, "answered: no clock runs"
    await world.says(MAYA, "thanks")
    assert (await conversation(world)).reply_due_at is None, "nobody waits for an answer to thanks"
    await world.says(MAYA, "what shall I do now")
    due = (await conversation(world)).reply_due_at
    assert due is not None
    world.clock.at = due - timedelta(minutes=1)
    await world.app.staff.reply(where, "This.", case_id=None, user_id=asha)
    world.clock.move(minutes=5)
    assert await look(world) == 0
    await world.says(MAYA, "and then?")
    world.clock.at = (await conversation(world)).reply_due_at + timedelta(minutes=1)
    await look(world)
    talk = await conversation(world)
    assert (talk.owner, talk.owner_user_id, talk.earlier_user_id) == ("waiting", None, asha)
    assert (await world.said(MAYA))[-1].startswith("late.")


async def test_solved_and_closed_stop_the_clock(world: World) -> None:
    asha = await hire(world, "asha")
    await world.says(MAYA, *WAGES)
    assert (await conversation(world)).reply_due_at is not None
    outcome = await world.app.staff.close(await world.where(MAYA), staff(asha))
    assert outcome.name == "closed"
    assert (await conversation(world)).reply_due_at is None
    world.clock.move(days=9)
    assert await look(world) == 0


# --- who has it


async def test_two_answer_at_once_and_one_is_refused(world: World) -> None:
    users = [await hire(world, name) for name in ("asha", "bimala")]
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    found = await asyncio.gather(
        *(world.app.staff.reply(where, f"I am {n}.", case_id=None, user_id=u) for n, u in enumerate(users))
    )
    assert sorted(d.reason or "" for d in found) == ["", "not_yours"]
    await world.sends()
    assert sum(text.startswith("I am") for _, _, text in world.provider.sent) == 1


async def test_the_same_human_is_offered_when_she_returns_and_nothing_is_asked_twice(world: World) -> None:
    asha = await hire(world, "asha")
    await hire(world, "aaron")
    await world.says(MAYA, *WAGES)
    await world.app.staff.take(await world.where(MAYA), staff(asha))
    await world.app.staff.close(await world.where(MAYA), staff(asha), ask=False)
    world.clock.move(days=3)
    said = len(await world.said(MAYA))
    await world.says(MAYA, "it is not paid yet")
    assert (await world.said(MAYA))[said:] == ["reopened.done"], "no greeting, no question"
    await world.app.pager.plan()
    (row,) = await world.rows("SELECT offered_to, offer FROM notices WHERE taken_at IS NULL AND kind = 'reopened'")
    assert (row.offered_to, row.offer[0]) == (asha, "had_it_before")


async def test_one_critical_case_too_many_needs_a_reason(world: World) -> None:
    asha = await hire(world, "asha")
    for number in range(4):
        await world.says(f"60{number}", "he has a knife")
    took = [await world.app.staff.take(await world.where(f"60{n}"), staff(asha)) for n in range(4)]
    assert [o.name for o in took] == ["taken"] * 3 + ["full"]
    assert took[3].slots == {"open": "3"}
    assert (await world.app.staff.take(await world.where("603"), staff(asha), override="because")).name == "full"
    assert (await world.app.staff.take(await world.where("603"), staff(asha), override="nobody_else")).name == "taken"
    codes = await world.one("SELECT codes FROM case_events WHERE codes ? 'override'")
    assert codes["override"] == "nobody_else"


async def test_four_taken_at_once_are_not_more_than_three(world: World) -> None:
    asha = await hire(world, "asha")
    for number in range(4):
        await world.says(f"60{number}", "he has a knife")
    homes = [await world.where(f"60{n}") for n in range(4)]
    took = await asyncio.gather(*(world.app.staff.take(home, staff(asha)) for home in homes))
    assert sorted(o.name for o in took) == ["full", "taken", "taken", "taken"]


async def test_a_supervisor_may_and_a_colleague_may_not(world: World) -> None:
    asha, bimala = await hire(world, "asha"), await hire(world, "bimala")
    chief = await hire(world, "chief", "supervisor")
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    await world.app.staff.take(where, staff(asha))
    for act in (
        world.app.staff.give(where, staff(bimala), bimala),
        world.app.staff.escalate(where, staff(bimala)),
        world.app.staff.release(where, user_id=bimala),
    ):
        outcome = await act
        assert (outcome.name, outcome.slots["user"]) == ("not_yours", str(asha))
    assert (await world.app.staff.give(where, staff(chief, "supervisor"), bimala, reason="leave")).name == "given"
    assert (await conversation(world)).owner_user_id == bimala
    assert (await world.app.staff.escalate(where, staff(bimala))).name == "escalated"
    assert (await conversation(world)).owner == "waiting"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'escalated' AND taken_at IS NULL") == 1


# --- ending it


@pytest.mark.parametrize("kind", ["he has a knife", "my rope"])
async def test_what_is_critical_is_closed_by_two(world: World, kind: str) -> None:
    asha, bimala = await hire(world, "asha"), await hire(world, "bimala")
    await world.says(MAYA, kind)
    where = await world.where(MAYA)
    assert (await world.app.staff.close(where, staff(asha))).name == "second_reader"
    assert (await world.app.staff.close(where, staff(asha))).name == "second_reader", "not the same one twice"
    assert (await case(world)).closed_at is None
    before = await world.said(MAYA)
    assert (await world.app.staff.close(where, staff(bimala))).name == "closed"
    await world.sends()
    assert await world.said(MAYA) == before, "she is not asked whether danger is solved"


async def test_a_first_reader_s_look_is_too_old_after_a_week(world: World) -> None:
    asha, bimala = await hire(world, "asha"), await hire(world, "bimala")
    await world.says(MAYA, "he has a knife")
    where = await world.where(MAYA)
    await world.app.staff.close(where, staff(asha))
    world.clock.move(days=8)
    assert (await world.app.staff.close(where, staff(bimala))).name == "second_reader"


async def test_she_is_safe_when_two_looks_at_different_hours_say_so(world: World) -> None:
    asha = await hire(world, "asha")
    await world.says(MAYA, "he has a knife")
    where = await world.where(MAYA)
    names = []
    for hours in (0, 1, 4):
        world.clock.move(hours=hours)
        names.append((await world.app.staff.check_safe(where, staff(asha))).name)
    assert names == ["once", "too_soon", "confirmed"]
    kinds = [e.kind for e in await world.rows("SELECT kind FROM case_events ORDER BY happened_at, id")]
    assert [k for k in kinds if k.startswith("safe")] == ["safe_checked", "safe_confirmed"]
    assert (await case(world)).closed_at is None


async def _closed(world: World) -> UUID:
    asha = await hire(world, "asha")
    await world.says(MAYA, *WAGES)
    assert (await world.app.staff.close(await world.where(MAYA), staff(asha))).name == "closed"
    await world.sends()
    assert (await world.said(MAYA))[-1] == "is_solved.solved"
    assert world.provider.sent[-1][2].startswith("Okay, we think this is done.")
    return asha


async def test_asked_whether_it_is_solved_a_yes_leaves_it_ended(world: World) -> None:
    await _closed(world)
    await world.says(MAYA, "yes")
    assert (await world.said(MAYA))[-1] == "is_solved.good"
    assert ((await conversation(world)).owner, (await case(world)).closed_at is not None) == ("closed", True)
    await world.says(MAYA, "thanks")
    await world.says(MAYA, "🙏")
    assert (await case(world)).closed_at is not None
    await world.says(MAYA, "he still does not pay")
    assert (await world.said(MAYA))[-1] == "reopened.done"
    assert await world.one("SELECT count(*) FROM cases") == 1


@pytest.mark.parametrize("text", ["no", "not yet"])
async def test_a_no_opens_the_same_number_again(world: World, text: str) -> None:
    await _closed(world)
    await world.says(MAYA, text)
    assert (await world.said(MAYA))[-1] == "is_solved.open"
    assert (await case(world)).stage == "reopened"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'reopened' AND taken_at IS NULL") == 1


async def test_other_words_than_an_answer_open_it_too(world: World) -> None:
    await _closed(world)
    await world.says(MAYA, "but he still does not pay me")
    assert (await world.said(MAYA))[-1] == "reopened.done"
    assert await world.one("SELECT count(*) FROM cases") == 1


@pytest.mark.parametrize("text", ["thanks", "👍", "🙏🙏", "👍🏽 🙏"])
async def test_a_thank_you_opens_nothing(world: World, text: str) -> None:
    await _closed(world)
    await world.says(MAYA, "yes", text)
    assert (await case(world)).closed_at is not None
    assert (await conversation(world)).owner == "closed"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'reopened'") == 0


# --- the queue


def _place(notice: notices.Waiting) -> tuple[Any, ...]:
    """Red first, then what rings, then the gravest, then what is due first, then the oldest."""
    return (
        notice.red_at is None,
        notice.audience != "page",
        -RANK[notice.severity],
        notice.due_at or datetime.max.replace(tzinfo=UTC),
        notice.raised_at,
        notice.id.bytes,
    )


async def test_the_order_of_the_queue(world: World) -> None:
    for number, text in enumerate(["human", "he has a knife", "wages", "human", "my rope", "human"]):
        await world.says(f"70{number}", text)
        world.clock.move(minutes=7)
    await world.run(
        "UPDATE notices SET red_at = raised_at WHERE id = (SELECT id FROM notices WHERE audience = 'queue' LIMIT 1)"
    )
    async with world.app.database.begin() as connection:
        found = await notices.waiting(connection)
    assert len(found) >= 5
    assert list(found) == sorted(found, key=_place)
    assert found[0].red_at is not None


async def test_the_rota_is_asked_when_a_clock_starts(world: World) -> None:
    asha = await hire(world, "asha")
    await works(world, asha, NOON + 30 * H, 4)
    await world.says(MAYA, "he has a knife")
    assert (await conversation(world)).reply_due_at == NOON + 30 * H + timedelta(minutes=15)
