"""What is due: the first and the next answer by gravity, gone once answered or solved; whom she wishes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from tests.desk.office import Desk, Person, opened
from tests.pipeline.world import World

MAYA = "501"


@pytest.fixture
async def here(world: World) -> AsyncIterator[Desk]:
    """The desk of the service in which people write."""
    async with opened(world.app) as made:
        yield made


async def _due(person: Person) -> list[str]:
    page = (await person.get("/due")).text
    text = re.sub(r"[\u2066-\u2069]", "", re.sub(r"<[^>]+>", " ", page))
    return re.findall(r"(First answer (?:by|was due)|Answer (?:by|was due)|Task (?:by|was due))", text)


async def test_a_clock_runs_while_she_waits_and_stops_when_it_is_solved(world: World, here: Desk) -> None:
    chief = await here.person("supervisor")
    await world.says(MAYA, "human")
    reference = await world.one("SELECT reference FROM cases")
    await world.run("UPDATE cases SET answer_due_at = :at", at=world.now)
    world.clock.move(minutes=1)
    assert await _due(chief) == ["First answer was due"]
    await chief.post(f"/case/{reference}/take")
    page = (await chief.get(f"/case/{reference}")).text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen is not None
    assert (await chief.post(f"/case/{reference}/reply", text="We read it.", seen=seen[1])).status_code == 303
    assert await _due(chief) == []
    await world.says(MAYA, "there is more")
    await world.run("UPDATE conversations SET reply_due_at = :at", at=world.now)
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, kind, severity, stage, opened_at, answered_at, conversation_id,"
        " organisation_id) SELECT gen_random_uuid(), subject_id, '7007007007', kind, 'low', stage, opened_at,"
        " answered_at, conversation_id, organisation_id FROM cases"
    )
    assert await _due(chief) == ["Answer by"], "one line for one answer"
    await world.run("DELETE FROM cases WHERE reference = '7007007007'")
    await chief.post(f"/case/{reference}/close", outcome="solved")
    assert await _due(chief) == [], "what is solved is not due"


async def test_who_waits_without_a_case_is_on_the_list_too(world: World, here: Desk) -> None:
    chief = await here.person("supervisor")
    await world.writes(MAYA, "hello")
    await world.turns()
    await world.run("UPDATE conversations SET owner = 'waiting', reply_due_at = :at", at=world.now)
    talk = await world.one("SELECT id FROM conversations")
    assert f"/desk/talk/{talk}" in (await chief.get("/due")).text


async def test_a_caseworker_notes_whom_she_would_rather_talk_with(world: World, here: Desk) -> None:
    chief, other = await here.person("supervisor"), await here.person("partner")
    await world.says(MAYA, "human")
    reference = await world.one("SELECT reference FROM cases")
    assert "Not asked yet" in (await chief.get(f"/case/{reference}")).text
    answer = await chief.post(f"/case/{reference}/whom", gender="woman", waits="yes")
    assert answer.headers["location"].endswith("told=done")
    page = (await chief.get(f"/case/{reference}")).text
    assert re.search(r'class="paged">A woman\. Would rather wait', page)
    assert "It was noted whom" in page
    assert (await chief.post(f"/case/{reference}/whom", gender="boss")).headers["location"].endswith("told=none")
    await chief.post(f"/case/{reference}/whom", gender="any", waits="yes")
    page = (await chief.get(f"/case/{reference}")).text
    assert "It does not matter" in page
    assert 'class="paged">' not in page
    assert (await other.post(f"/case/{reference}/whom", gender="man")).status_code == 403
    assert [line[0] for line in await here.trail()].count("case.whom") == 3
