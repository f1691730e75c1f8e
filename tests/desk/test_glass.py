"""A case opened in an emergency: by whom, for how long, told to whom, and looked at afterwards."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.settings import ROOT
from bot.store import colleagues
from desk.permissions import ROLES, load
from tests.desk.office import Desk, Person, opened, plain
from tests.pipeline.test_pages import Bell, pager
from tests.pipeline.world import World

PERMISSIONS = load(ROOT)
ADDRESS = "9001"
WHY = {"reason_code": "life", "words": "She rings and says that he is at the door."}


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _case(world: World, text: str = "he has a knife") -> str:
    await world.says(ADDRESS, text)
    return str(await world.one("SELECT reference FROM cases"))


async def _elsewhere(desk: Desk, role: str = "caseworker") -> Person:
    return await desk.person(role, organisation="Shelter")


async def _lines(desk: Desk, user: Person) -> list[tuple[str, str | None]]:
    rows = await desk.rows(
        "SELECT action, reason FROM audit WHERE user_id = :u ORDER BY received_at, id", u=user.user_id
    )
    return [(row.action, row.reason) for row in rows]


async def test_a_number_in_hand_opens_it_for_an_hour_to_read(town: Desk, world: World) -> None:
    boss, stranger, number = await town.person("supervisor"), await _elsewhere(town), await _case(world)
    page = await stranger.get(f"/case/{number}")
    assert page.status_code == 404
    assert f"/desk/glass/open?number={number}" in page.text
    form = plain((await stranger.get(f"/glass/open?number={number}")).text)
    assert "You read this case for 60 minutes" in form
    assert "Violence" not in form  # nothing of the case before it is opened
    assert (await stranger.post(f"/case/{number}/glass", **WHY)).headers["location"] == f"/desk/case/{number}"
    shown = await stranger.get(f"/case/{number}")
    assert shown.status_code == 200
    assert "You read this in an emergency, until" in plain(shown.text)
    assert "he has a knife" in plain(shown.text)
    for act in ("reply", "take", "note", "unmask", "close", "transfer"):
        assert (await stranger.post(f"/case/{number}/{act}", text="x")).status_code == 403, act
    assert f"/desk/case/{number}" in plain((await stranger.get("/")).text)  # lists show what single views do
    (event,) = await world.rows("SELECT kind, codes, user_id FROM case_events WHERE kind = 'glass_opened'")
    assert (event.codes, event.user_id) == ({"reason": "life"}, stranger.user_id)
    assert "Opened in an emergency" in plain((await boss.get(f"/case/{number}")).text)
    world.clock.move(minutes=60)
    later = await town.enter(stranger.user_id)
    assert (await later.get(f"/case/{number}")).status_code == 404
    assert f"/desk/case/{number}" not in plain((await later.get("/")).text)


async def test_one_line_for_opening_and_one_for_each_look(town: Desk, world: World) -> None:
    stranger, number = await _elsewhere(town), await _case(world)
    await stranger.post(f"/case/{number}/glass", **WHY)
    await stranger.get(f"/case/{number}")
    await stranger.get(f"/case/{number}")
    looks = [("case.view", "glass"), ("case.view", "glass")]
    assert await _lines(town, stranger) == [("glass.open", "life"), *looks]
    own = await town.person("caseworker")
    await own.get(f"/case/{number}")
    assert await _lines(town, own) == [("case.view", None)]


async def test_who_must_know_is_told_at_once_by_the_ways_that_there_are(town: Desk, world: World) -> None:
    boss, keeper, number = await town.person("supervisor"), await town.person("caseworker"), await _case(world)
    other = await town.person("caseworker")
    async with world.app.database.begin() as connection:
        for user in (boss, keeper, other):
            await colleagues.describe(
                connection, world.app.secrets, user.user_id, email=f"{user.user_id}@example.org", phone="+9779800000000"
            )
    await keeper.post(f"/case/{number}/take")
    await (await _elsewhere(town)).post(f"/case/{number}/glass", **WHY)
    rows = await world.rows(
        "SELECT p.user_id, p.channel, n.audience, n.case_id FROM pages p JOIN notices n ON n.id = p.notice_id"
        " WHERE n.kind = 'glass'"
    )
    assert {(row.user_id, row.channel) for row in rows} == {(boss.user_id, "email"), (keeper.user_id, "email")}
    assert {row.audience for row in rows} == {"glass"}
    mail, voice = Bell(), Bell()
    await keeper.post(f"/case/{number}/release")
    await keeper.post(f"/case/{number}/take")  # who takes the conversation has not looked at that
    await pager(world, {"email": mail, "voice": voice}).call()
    said = [ring.text for _, ring, _ in mail.rung if "look at the desk" in ring.text]
    assert len(said) == 2
    assert all("knife" not in text and "emergency" not in text for text in said)
    assert all("look" not in ring.text for _, ring, _ in voice.rung)
    for user in (boss, keeper):
        assert "opened in an emergency: 1 to look at" in plain((await user.get("/")).text), user
    assert "to look at" not in plain((await other.get("/")).text)
    assert "opened in an emergency" not in plain((await other.get("/")).text)


async def test_the_ladder_of_what_waits_does_not_climb_for_it(town: Desk, world: World) -> None:
    await town.person("supervisor")
    number = await _case(world)
    await world.run("UPDATE notices SET taken_at = now()")
    await (await _elsewhere(town)).post(f"/case/{number}/glass", **WHY)
    before = await world.one("SELECT count(*) FROM pages")
    world.clock.move(hours=3)
    assert await world.app.pager.plan() == 0
    assert await world.one("SELECT count(*) FROM pages") == before
    assert await world.one("SELECT red_at FROM notices WHERE kind = 'glass'") is None


async def test_a_supervisor_of_that_organisation_looks_at_it_and_not_who_opened_it(town: Desk, world: World) -> None:
    boss, theirs, number = await town.person("supervisor"), await _elsewhere(town, "supervisor"), await _case(world)
    await theirs.post(f"/case/{number}/glass", **WHY)
    opening = await world.one("SELECT id FROM glass_openings")
    assert WHY["words"] in plain((await boss.get("/glass")).text)
    assert WHY["words"] in plain((await theirs.get("/glass")).text)
    for who in (theirs, await _elsewhere(town, "supervisor")):
        assert (await who.post(f"/glass/{opening}/review", verdict="right")).status_code == 404
    caseworker = await town.person("caseworker")
    assert (await caseworker.post(f"/glass/{opening}/review", verdict="right")).status_code == 403
    assert (await boss.post(f"/glass/{opening}/review", verdict="nonsense")).status_code == 303
    assert await world.one("SELECT reviewed_at FROM glass_openings") is None
    await boss.post(f"/glass/{opening}/review", verdict="talked")
    assert await world.one("SELECT verdict FROM glass_openings") == "talked"
    assert await world.one("SELECT taken_at IS NOT NULL FROM notices WHERE kind = 'glass'")
    assert "to look at" not in plain((await boss.get("/")).text)


async def test_a_reason_in_a_sentence_is_needed(town: Desk, world: World) -> None:
    stranger, number = await _elsewhere(town), await _case(world)
    for sent in ({}, {"reason_code": "life"}, {"reason_code": "life", "words": "quick"}, {**WHY, "reason_code": "x"}):
        answer = await stranger.post(f"/case/{number}/glass", **sent)
        assert answer.status_code == 404, "as for a number that nobody has"
    assert await world.one("SELECT count(*) FROM glass_openings") == 0
    assert (await stranger.get(f"/case/{number}")).status_code == 404


async def test_a_number_that_nobody_has_is_told_apart_only_by_opening(town: Desk, world: World) -> None:
    stranger, number = await _elsewhere(town), await _case(world)
    there, absent = [
        re.sub(r"[\d ]", "", plain((await stranger.get(f"/glass/open?number={one}")).text))
        for one in (number, "0000000")
    ]
    assert there == absent
    assert (await stranger.post("/case/0000000/glass", **WHY)).status_code == 404


async def test_given_up_before_the_hour_it_is_shut(town: Desk, world: World) -> None:
    stranger, number = await _elsewhere(town), await _case(world)
    await stranger.post(f"/case/{number}/glass", **WHY)
    await stranger.post(f"/case/{number}/glass/close")
    assert (await stranger.get(f"/case/{number}")).status_code == 404


async def test_who_may_not_cannot(town: Desk, world: World) -> None:
    number = await _case(world)
    for role in ("volunteer", "interpreter", "partner", "safeguarding", "administrator"):
        person = await _elsewhere(town, role)
        assert (await person.post(f"/case/{number}/glass", **WHY)).status_code == 404, role
    assert await world.one("SELECT count(*) FROM glass_openings") == 0


async def test_what_became_a_childs_is_shut_to_a_caseworker(town: Desk, world: World) -> None:
    stranger, number = await _elsewhere(town), await _case(world)
    await stranger.post(f"/case/{number}/glass", **WHY)
    await world.run("UPDATE cases SET care = 'child'")
    assert (await stranger.get(f"/case/{number}")).status_code == 404


def test_a_draft_and_a_letter_are_opened_by_nobody() -> None:
    """A draft may be of another person on a shared phone; letters about ourselves are no cases at all."""
    for (_role, relation, state), cell in PERMISSIONS.cells.items():
        if state == "draft":
            assert "glass" not in cell
            assert relation != "glass" or cell == frozenset()
    assert all("glass" not in PERMISSIONS.pages[role] for role in ROLES)


async def test_she_is_erased_with_what_was_opened(town: Desk, world: World) -> None:
    stranger, number = await _elsewhere(town), await _case(world)
    await stranger.post(f"/case/{number}/glass", **WHY)
    from bot.store import erase

    async with world.app.database.begin() as connection:
        subject: Any = await world.one("SELECT subject_id FROM cases")
        assert await erase.by_hand(connection, subject, world.now + timedelta(hours=1), reason="test")
    assert await world.one("SELECT count(*) FROM glass_openings") == 0


async def test_two_taps_open_it_once_and_tell_once(town: Desk, world: World) -> None:
    await town.person("supervisor")
    stranger, number = await _elsewhere(town), await _case(world)
    await asyncio.gather(*(stranger.post(f"/case/{number}/glass", **WHY) for _ in range(3)))
    assert await world.one("SELECT count(*) FROM glass_openings") == 1
    assert await world.one("SELECT count(*) FROM case_events WHERE kind = 'glass_opened'") == 1
