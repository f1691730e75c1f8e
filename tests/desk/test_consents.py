"""Consents to uses: each by itself, off by default, recorded with how and when, asked with care; files follow them."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest

from handlers import privacy
from handlers.context import Actor
from tests.desk.office import Desk, Person, opened
from tests.pipeline.world import World

ADDRESS = "9001"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _case(world: World, address: str = ADDRESS, text: str = "human please") -> str:
    await world.says(address, text)
    return f"/case/{await world.one('SELECT reference FROM cases ORDER BY id DESC LIMIT 1')}"


async def _record(person: Person, case: str, **other: str) -> str:
    form = {"purpose": "research", "says": "yes", "how": "call", "said_on": "2026-11-20", **other}
    answer = await person.post(f"{case}/consents/record", **form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?told=")[2])


async def _standing(world: World) -> list[tuple[str, str]]:
    rows = await world.rows("SELECT purpose, how FROM consents WHERE revoked_at IS NULL ORDER BY purpose")
    return [tuple(row) for row in rows]


async def test_a_colleague_records_how_and_when_and_she_takes_it_back_herself(town: Desk, world: World) -> None:
    asha, case = await town.person("caseworker"), await _case(world)
    await asha.post(f"{case}/take")
    assert await _standing(world) == []
    assert await _record(asha, case) == "kept"
    assert await _record(asha, case) == "none"
    assert await _record(asha, case, purpose="media", how="paper") == "kept"
    assert await _standing(world) == [("media", "paper"), ("research", "call")]
    for field, bad in (("how", "self"), ("said_on", "2031-01-01"), ("says", ""), ("purpose", "fun")):
        answer = await asha.post(
            f"{case}/consents/record",
            **{"purpose": "advocacy", "says": "yes", "how": "call", "said_on": "2026-11-20", field: bad},
        )
        assert answer.status_code == 400
        assert f'id="wrong-{field}"' in answer.text
    assert await _record(asha, case, purpose="media", says="no", how="visit") == "revoked"
    assert await _standing(world) == [("research", "call")]
    await asha.post(f"{case}/release")
    await world.says(ADDRESS, "no story")
    await world.sends()
    assert "nothing that you told is used" in world.provider.sent[-1][2]
    assert await _standing(world) == []
    page = (await asha.get(f"{case}/consents")).text
    assert page.count("Taken back") == 2
    assert "to the bot" in page
    other = await town.person("caseworker")
    assert (await other.post(f"{case}/consents/record", purpose="research", says="yes")).status_code == 403


async def test_the_bot_asks_when_a_colleague_wants_it_and_nobody_has_the_conversation(town: Desk, world: World) -> None:
    asha, case = await town.person("caseworker"), await _case(world)
    await asha.post(f"{case}/take")

    async def asked() -> str:
        answer = await asha.post(f"{case}/consents/ask")
        return str(answer.headers["location"].partition("?told=")[2])

    assert await asked() == "busy"
    await asha.post(f"{case}/release")
    asha = await town.person("supervisor")
    assert await asked() == "asked"
    await world.sends()
    assert "three questions" in world.provider.sent[-1][2]
    for line in ("1", "2", "2"):
        await world.says(ADDRESS, line)
    assert await _standing(world) == [("research", "self")]
    row = (await world.rows("SELECT recorded_by, said_on FROM consents"))[0]
    assert row.recorded_by is None


async def test_danger_and_a_child_are_not_asked(town: Desk, world: World) -> None:
    chief, case = await town.person("supervisor"), await _case(world, text="he has a knife")
    await chief.post(f"{case}/take")
    await chief.post(f"{case}/release")
    answer = await chief.post(f"{case}/consents/ask")
    assert answer.headers["location"].endswith("told=never")
    await world.run("UPDATE cases SET kind = 'child', care = 'child'")
    assert await _record(chief, case) == "never"
    assert await _standing(world) == []


async def test_files_carry_only_who_agreed(town: Desk, world: World) -> None:
    chief = await town.person("supervisor")
    cases = [await _case(world, str(9000 + n)) for n in range(1, 4)]
    await world.run("UPDATE contacts SET simulated = false")
    await _record(chief, cases[0])
    await _record(chief, cases[1], purpose="advocacy")
    await _record(chief, cases[2])
    await _record(chief, cases[2], says="no")

    async def rows(reason: str, identified: str = "yes") -> list[list[str]]:
        answer = await chief.post("/figures/cases", format="csv", reason_code=reason, identified=identified)
        assert answer.status_code == 200
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]

    references = [case.removeprefix("/case/") for case in cases]
    assert {row[0] for row in await rows("review")} == set(references)
    assert {row[0] for row in await rows("research")} == {references[0]}
    assert {row[0] for row in await rows("advocacy")} == {references[1]}
    assert await rows("media") == []
    assert len(await rows("research", "")) == 1
    assert len(await rows("advocacy", "")) == 3  # nobody can be told apart in it
    assert await rows("media", "") == []
    await world.run("UPDATE cases SET care = 'child' WHERE reference = :r", r=references[0])
    assert await rows("research") == []
    lines = await world.rows("SELECT reason FROM audit WHERE action = 'export.cases' ORDER BY received_at, id")
    assert [line.reason for line in lines][:4] == ["review", "research", "advocacy", "media"]


async def test_who_lets_us_keep_nothing_lets_nobody_use_it(town: Desk, world: World) -> None:
    """Proved or not: nothing is lost by it."""
    asha, case = await town.person("caseworker"), await _case(world)
    await asha.post(f"{case}/take")
    await _record(asha, case)
    assert await _standing(world) == [("research", "call")]
    await world.app.staff.act(await world.where(ADDRESS), Actor("system"), privacy.withdraw_consent)
    assert await _standing(world) == []
