"""Help without consent: two colleagues, one hour, nothing sent from here, and she is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import IntegrityError

from bot.pager import Pager
from bot.store import erase
from tests.desk.office import Desk, Person, opened
from tests.pipeline.at_the_desk import hire
from tests.pipeline.test_pages import Bell
from tests.pipeline.world import World

ADDRESS = "9001"
WHOM, WORDS, MADE = "Shelter of the Sisters, +965 1000", "A woman at Lulu Salmiya needs a safe way out", "Sister Rose"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _case(world: World, text: str = "human please") -> str:
    await world.says(ADDRESS, text)
    return f"/case/{await world.one('SELECT reference FROM cases')}"


async def _propose(person: Person, case: str, **other: str) -> Any:
    return await person.post(
        f"{case}/contact/propose", **{"reason_code": "life", "whom": WHOM, "words": WORDS, **other}
    )


async def _which(world: World) -> str:
    return str(await world.one("SELECT id FROM disclosures ORDER BY proposed_at DESC LIMIT 1"))


def _now(world: World) -> str:
    """What the clock of her page says."""
    return world.clock.at.astimezone(ZoneInfo("Asia/Kathmandu")).strftime("%Y-%m-%dT%H:%M")


async def _told(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?told=")[2])


async def test_two_agree_both_say_what_was_said_and_she_is_told(town: Desk, world: World) -> None:
    asha, chief, case = await town.person("caseworker"), await town.person("supervisor"), await _case(world)
    await asha.post(f"{case}/take")
    sent, begin = len(world.provider.sent), len(await town.trail())
    assert await _told(await _propose(asha, case)) == "proposed"
    which = await _which(world)
    assert (await asha.post(f"{case}/contact/agree", which=which)).status_code == 403
    assert "needs you" in (await chief.get("/due")).text
    assert "needs you" not in (await asha.get("/due")).text
    assert WORDS in (await chief.get(f"{case}/contact")).text
    assert await _told(await chief.post(f"{case}/contact/agree", which=which)) == "agreed"
    assert await _told(await chief.post(f"{case}/contact/refuse", which=which)) == "gone"
    early = await asha.post(f"{case}/contact/made", which=which, made=MADE, at="2020-01-01T08:00")
    assert early.status_code == 400
    assert MADE in early.text
    assert 'id="wrong-at"' in early.text
    await asha.post("/settings", language="en", zone="Asia/Kathmandu")
    assert await _told(await asha.post(f"{case}/contact/made", which=which, made=MADE, at=_now(world))) == "made"

    due = f'href="/desk{case}/contact"'
    task = str(await world.one("SELECT id FROM tasks"))
    assert await _told(await asha.post(f"{case}/task/done", task=task)) == "none"
    await asha.post(f"{case}/close", outcome="solved")
    assert await world.one("SELECT closed_at IS NOT NULL FROM cases")
    world.clock.move(days=3)
    asha = await town.enter(asha.user_id)
    assert due in (await asha.get("/due")).text
    assert (await asha.post(f"{case}/contact/told", which=which, how="pigeon", said="fine")).status_code == 400
    assert await _told(await asha.post(f"{case}/contact/told", which=which, how="call", said="She is glad")) == "told"
    assert due not in (await asha.get("/due")).text
    assert "She is glad" in (await asha.get(f"{case}/contact")).text
    assert len(world.provider.sent) == sent  # nobody was contacted by us

    steps = [
        action for action, kind, _ in (await town.trail())[begin:] if action.startswith("contact") and kind == "case"
    ]
    assert [step for step in steps if step != "contact.view"] == [
        "contact.propose",
        "contact.agree",
        "contact.refuse",
        "contact.made",
        "contact.made",
        "contact.told",
        "contact.told",
    ]
    events = [row.kind for row in await world.rows("SELECT kind FROM case_events ORDER BY happened_at, id")]
    assert [kind for kind in events if kind.startswith("contact")] == [
        "contact_proposed",
        "contact_agreed",
        "contact_made",
        "contact_told",
    ]
    kept = await world.one("SELECT string_agg(d::text, ' ') FROM disclosures d")
    assert not [word for word in ("Sisters", "Salmiya", "Rose", "glad") if word in kept or word.encode().hex() in kept]


async def test_nobody_agrees_to_her_own_proposal(town: Desk, world: World) -> None:
    chief, other, case = await town.person("supervisor"), await town.person("supervisor"), await _case(world)
    assert await _told(await _propose(chief, case)) == "proposed"
    which = await _which(world)
    assert f"{case}/contact/agree" not in (await chief.get(f"{case}/contact")).text
    assert await _told(await chief.post(f"{case}/contact/agree", which=which)) == "gone"
    with pytest.raises(IntegrityError, match="ck_disclosures_two"):
        await world.run("UPDATE disclosures SET state = 'agreed', decided_by = proposed_by, decided_at = now()")
    with pytest.raises(IntegrityError, match="ck_disclosures_agreed"):
        await world.run("UPDATE disclosures SET state = 'made'")
    assert await _told(await _propose(other, case)) == "gone"  # one waits already
    assert await _told(await other.post(f"{case}/contact/refuse", which=which)) == "refused"
    assert await world.one("SELECT state FROM disclosures") == "refused"
    assert await world.one("SELECT count(*) FROM tasks") == 0


async def test_an_hour_later_nobody_can_agree(town: Desk, world: World) -> None:
    asha, chief, case = await town.person("caseworker"), await town.person("supervisor"), await _case(world)
    await asha.post(f"{case}/take")
    await _propose(asha, case, reason_code="child")
    which = await _which(world)
    world.clock.move(minutes=61)
    chief = await town.enter(chief.user_id)
    assert "needs you" not in (await chief.get("/due")).text
    assert await _told(await chief.post(f"{case}/contact/agree", which=which)) == "gone"
    page = (await chief.get(f"{case}/contact")).text
    assert "nobody agreed in time" in page
    asha = await town.enter(asha.user_id)
    assert await _told(await _propose(asha, case)) == "proposed"


async def test_of_two_supervisors_at_once_one_decides(town: Desk, world: World) -> None:
    asha, case = await town.person("caseworker"), await _case(world)
    await asha.post(f"{case}/take")
    await _propose(asha, case)
    which = await _which(world)
    one, two = await town.person("supervisor"), await town.person("supervisor")
    answers = await asyncio.gather(
        one.post(f"{case}/contact/agree", which=which), two.post(f"{case}/contact/refuse", which=which)
    )
    assert sorted([await _told(answer) == "gone" for answer in answers]) == [False, True]


async def test_only_for_a_life_or_a_child_and_nothing_that_was_typed_is_lost(town: Desk, world: World) -> None:
    asha, case = await town.person("caseworker"), await _case(world)
    await asha.post(f"{case}/take")
    for wrong, field in (({"reason_code": "faster"}, "reason_code"), ({"words": ""}, "words"), ({"whom": " "}, "whom")):
        answer = await _propose(asha, case, **wrong)
        assert answer.status_code == 400
        assert f'id="wrong-{field}"' in answer.text
        assert (WHOM if field != "whom" else WORDS) in answer.text
    assert await world.one("SELECT count(*) FROM disclosures") == 0


async def test_supervisors_are_called_until_one_decides(town: Desk, world: World) -> None:
    case = await _case(world)
    chief = await hire(world, "chief", "supervisor", languages=["en"], phone="+9779800000001")
    await hire(world, "bimala", "caseworker", languages=["en"], phone="+9779800000002")
    asha = await town.person("caseworker")
    await asha.post(f"{case}/take")
    bell = Bell()
    pager = Pager(
        world.app.database, world.app.secrets, world.app.content, {"voice": bell}, clock=world.clock, alerts=()
    )
    await pager.run_once()
    assert bell.rung == []
    await _propose(asha, case)
    await asha.post(f"{case}/reply", text="We read it.", seen="")  # who has the case is the first, not the second
    await asha.post(f"{case}/take")
    await pager.run_once()
    assert [to for to, _, _ in bell.rung] == ["+9779800000001"]
    boss = await town.enter(chief)
    assert await _told(await boss.post(f"{case}/contact/agree", which=await _which(world))) == "agreed"
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'second' AND taken_at IS NULL") == 0


async def test_it_goes_with_her(town: Desk, world: World) -> None:
    asha, chief, case = await town.person("caseworker"), await town.person("supervisor"), await _case(world)
    await asha.post(f"{case}/take")
    await _propose(asha, case)
    which = await _which(world)
    await chief.post(f"{case}/contact/agree", which=which)
    await asha.post("/settings", language="en", zone="Asia/Kathmandu")
    await asha.post(f"{case}/contact/made", which=which, made=MADE, at=_now(world))
    assert await world.one("SELECT count(*) FROM tasks") == 1
    subject = await world.one("SELECT subject_id FROM cases")
    async with world.app.database.begin() as connection:
        assert await erase.by_hand(connection, subject, world.clock.at, reason="asked")
    assert await world.one("SELECT (SELECT count(*) FROM disclosures) + (SELECT count(*) FROM tasks)") == 0
