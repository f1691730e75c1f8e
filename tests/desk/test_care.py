"""Care for those who answer: a pause takes effect at once, a hard case asks for a talk, and nobody is compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from bot.content import Content
from bot.store import colleagues
from bot.store.case_tables import SEVERITIES
from bot.store.evidence_tables import HARD
from desk.views import care as view
from handlers import care
from handlers.context import Case
from tests.conftest import NOON
from tests.desk.office import Desk, Person, opened
from tests.pipeline.at_the_desk import works
from tests.pipeline.test_pages import Bell, called, pager
from tests.pipeline.world import World

H = timedelta(hours=1)


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _answers(town: Desk, world: World, name: str, digit: int, role: str = "caseworker") -> Person:
    """Somebody on duty who can be called."""
    person = await town.person(role, login=name)
    async with world.app.database.begin() as connection:
        await colleagues.describe(
            connection, world.app.secrets, person.user_id, languages=["ne", "en"], phone=f"+97798000000{digit}"
        )
    await works(world, person.user_id, NOON - H, 9)
    return person


async def _on_duty(world: World) -> set[UUID]:
    async with world.app.database.begin() as connection:
        found = await colleagues.colleagues(connection, world.now, assumed=False)
    return {one.id for one in found if one.on_duty}


async def _has(world: World, address: str) -> tuple[str, UUID | None]:
    where = (await world.where(address)).conversation_id
    row = (await world.rows("SELECT owner, owner_user_id FROM conversations WHERE id = :w", w=where))[0]
    return row.owner, row.owner_user_id


async def _case(world: World, address: str, text: str) -> str:
    await world.says(address, text)
    where = (await world.where(address)).conversation_id
    return f"/case/{await world.one('SELECT reference FROM cases WHERE conversation_id = :w', w=where)}"


async def test_a_pause_is_out_of_routing_until_it_ends(town: Desk, world: World) -> None:
    asha, bina = await _answers(town, world, "asha", 0), await _answers(town, world, "bina", 1)
    assert await _on_duty(world) == {asha.user_id, bina.user_id}
    before = len(await town.trail())
    answer = await asha.post("/care/pause", length="short")
    assert answer.headers["location"] == "/desk/care?told=paused"
    assert [line[0] for line in (await town.trail())[before:]] == ["care.pause"]
    assert await _on_duty(world) == {bina.user_id}
    assert "You are on a pause until" in (await asha.get("/")).text
    world.clock.move(minutes=29)
    assert await _on_duty(world) == {bina.user_id}
    world.clock.move(minutes=2)
    assert await _on_duty(world) == {asha.user_id, bina.user_id}


async def test_she_is_back_when_she_says_so(town: Desk, world: World) -> None:
    asha = await _answers(town, world, "asha", 0)
    await asha.post("/care/pause", length="short")
    world.clock.move(minutes=5)
    assert (await asha.post("/care/back")).headers["location"] == "/desk/care?told=back"
    assert await _on_duty(world) == {asha.user_id}
    assert "You are on a pause until" not in (await asha.get("/")).text
    await asha.post("/care/pause", length="short")
    await asha.post("/care/back")  # within the same moment
    assert await _on_duty(world) == {asha.user_id}


async def test_the_rest_of_a_shift_ends_with_it(town: Desk, world: World) -> None:
    asha = await _answers(town, world, "asha", 0)
    await asha.post("/care/pause", length="shift")
    assert await world.one("SELECT ends_at FROM absences WHERE kind = 'pause'") == NOON + 8 * H


async def test_what_rings_her_rings_somebody_else_at_once(town: Desk, world: World) -> None:
    people = {"0": await _answers(town, world, "asha", 0), "1": await _answers(town, world, "bina", 1)}
    voice = Bell()
    worker = pager(world, {"voice": voice})
    await world.says("501", "he has a knife")
    await worker.run_once()
    (first,) = called(voice)
    await world.app.acknowledge(str(voice.rung[0][2]), "1")  # she has ten minutes now, and needs a pause
    await worker.run_once()
    assert called(voice) == [first]
    await people[first].post("/care/pause", length="short")
    await worker.run_once()
    (other,) = set(people) - {first}
    assert called(voice) == [first, other]
    assert await world.one("SELECT offered_to FROM notices WHERE audience = 'page'") == people[other].user_id


async def test_whoever_waits_for_her_is_passed_on_and_others_stay_hers(town: Desk, world: World) -> None:
    asha = await _answers(town, world, "asha", 0)
    waits, calm = await _case(world, "501", "he has a knife"), await _case(world, "502", "human please")
    for case in (waits, calm):
        await asha.post(f"{case}/take")
    await world.set_conversation((await world.where("502")).conversation_id, reply_due_at=None)
    await asha.post("/care/pause", length="short")
    assert await _has(world, "501") == ("waiting", None)
    assert await _has(world, "502") == ("human", asha.user_id)
    await asha.post("/care/pause", length="short", all="yes")
    assert await _has(world, "502") == ("waiting", None)


async def test_when_nobody_else_is_there_the_page_says_so(town: Desk, world: World) -> None:
    asha = await _answers(town, world, "asha", 0)
    assert "Nobody else is on duty" in (await asha.get("/care")).text
    await _answers(town, world, "bina", 1)
    assert "Nobody else is on duty" not in (await asha.get("/care")).text


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"kind": "report_unpaid_wages", "severity": "high"}, None),
        ({"kind": "report_violence", "severity": "critical"}, "critical"),
        ({"kind": "report_death", "severity": "high"}, "death"),
        ({"kind": "express_self_harm", "severity": "critical"}, "self_harm"),
        ({"kind": "report_unpaid_wages", "severity": "medium", "facts": {"also": ["report_death"]}}, "death"),
        ({"kind": "report_stranded", "severity": "critical", "facts": {"child": "yes"}}, "child"),
    ],
)
def test_which_cases_are_hard(town_content: object, values: dict[str, object], why: str | None) -> None:
    case = Case(id=UUID(int=1), reference="1", stage="new", opened_at=NOON, **values)  # type: ignore[arg-type]
    assert care.hard(case, town_content) == why  # type: ignore[arg-type]


def test_what_is_hard_are_kinds_that_exist(content: Content) -> None:
    rules = content.knowledge.get("targets")["care"]["hard"]
    kinds = [kind for listed in rules["kinds"].values() for kind in listed]
    assert set(rules["kinds"]) | {"critical"} == set(HARD)
    assert [kind for kind in kinds if f"desk.kinds.{kind}" not in content.desk] == []
    assert set(rules["severities"]) <= set(SEVERITIES)


@pytest.fixture
def town_content(content: object) -> object:
    return content.knowledge.get("targets")["care"]  # type: ignore[attr-defined]


async def test_after_a_hard_case_a_talk_is_noted_and_a_pause_offered(town: Desk, world: World) -> None:
    asha, chief = await _answers(town, world, "asha", 0), await town.person("supervisor", login="chief")
    await asha.post("/care/with", to=str(chief.user_id))
    case = await _case(world, "501", "he has a knife")
    await asha.post(f"{case}/take")
    assert (await asha.post(f"{case}/close", outcome="solved")).headers["location"].endswith("?told=second_reader")
    answer = await chief.post(f"{case}/close", outcome="solved")
    assert answer.headers["location"] == "/desk/care?told=hard"
    rows = await world.rows("SELECT user_id, with_user_id, why, done_at FROM debriefs")
    assert {(row.user_id, row.with_user_id, row.why) for row in rows} == {
        (asha.user_id, chief.user_id, "critical"),
        (chief.user_id, None, "critical"),
    }
    page = (await asha.get("/care")).text
    assert "A critical case was closed" in page
    assert "Begin the pause" in page
    assert "would like to talk to you" in (await chief.get("/care")).text
    world.clock.move(hours=73)
    asha, chief = await town.enter(asha.user_id), await town.enter(chief.user_id)
    assert 'href="/desk/care">A talk for yourself' in (await asha.get("/due")).text.translate(
        {0x2068: None, 0x2069: None}
    )
    week = (await chief.get("/supervision")).text.partition('id="w-care"')[2]
    assert "A talk is open since" in week
    reference = case.rpartition("/")[2]
    for secret in (reference, reference[:3] + " ", "critical case was closed", "knife", "Violence"):
        assert secret not in week
    await asha.post("/care/talked")
    assert await world.one("SELECT count(*) FROM debriefs WHERE done_at IS NULL") == 1
    assert (await asha.post("/care/talked")).headers["location"].endswith("?told=none")


async def test_an_ordinary_case_asks_for_no_talk_and_one_open_talk_is_enough(town: Desk, world: World) -> None:
    asha = await _answers(town, world, "asha", 0)
    case = await _case(world, "502", "human please")
    await world.run("UPDATE cases SET severity = 'medium'")
    await asha.post(f"{case}/take")
    assert (await asha.post(f"{case}/close", outcome="solved")).headers["location"].endswith("?told=closed")
    assert await world.rows("SELECT id FROM debriefs") == []
    for address in ("503", "504"):
        case = await _case(world, address, "human please")
        await world.run("UPDATE cases SET kind = 'report_death', severity = 'high' WHERE closed_at IS NULL")
        await asha.post(f"{case}/take")
        await asha.post(f"{case}/close", outcome="solved")
    assert await world.one("SELECT count(*) FROM debriefs") == 1


async def test_a_stranger_is_not_chosen(town: Desk, world: World) -> None:
    asha = await _answers(town, world, "asha", 0)
    other = await town.user("supervisor", organisation="Shelter")
    volunteer = await town.user("volunteer")
    for to in (other, volunteer, asha.user_id, "nonsense"):
        assert (await asha.post("/care/with", to=str(to))).headers["location"].endswith("?told=none")


async def test_supervisors_see_whom_to_look_after_in_the_order_of_the_alphabet(town: Desk, world: World) -> None:
    zoe, asha = await _answers(town, world, "zoe", 0), await _answers(town, world, "asha", 1)
    await world.run("UPDATE users SET name = login")
    chief = await town.person("supervisor", login="chief")
    for n, who in enumerate((zoe, zoe, zoe, asha, asha)):
        case = await _case(world, f"60{n}", "he has a knife")
        await who.post(f"{case}/take")
    await asha.post("/care/pause", length="short")
    lead = await world.rows("SELECT 1")
    assert lead
    week = (await chief.get("/supervision")).text.partition('id="w-care"')[2].partition("</section>")[0]
    assert week.index("asha") < week.index("zoe")
    assert "On a pause until" in week
    assert week.count("Has as many critical cases as one may have") == 1
    elsewhere = await town.person("supervisor", organisation="Shelter")
    assert "asha" not in (await elsewhere.get("/supervision")).text


def test_what_a_supervisor_sees_holds_no_case_and_no_reason() -> None:
    assert set(view.Colleague.__slots__) == {
        "name", "talk_since", "talk_due", "talks_with", "paused_until", "full",
    }  # fmt: skip
