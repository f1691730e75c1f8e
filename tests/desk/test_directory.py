"""The directory: what stands in knowledge and what staff keep, filtered, changed, counted; who volunteers are."""

from __future__ import annotations

import re

import httpx
import pytest
from uuid_utils.compat import uuid7

from tests.conftest import Clock
from tests.desk.office import Desk, Person

FORM = {
    "name": "House of the river",
    "kind": "shelter",
    "country": "KW",
    "city": "Salmiya",
    "contact": "+965 1111",
    "hours": "9 to 17",
    "who": "no papers are asked for",
    "takes_women": "yes",
    "language_ne": "yes",
    "source": "visited",
    "checked_on": "2026-11-20",
    "notes": "Ask for Maya.",
}


async def kept(person: Person, **more: str) -> str:
    """A service that a supervisor adds; its address."""
    page = await person.get("/directory/new")
    which = re.search(r"/desk/directory/entry/([0-9a-f-]{36})/save", page.text)
    assert which
    answer = await person.post(f"/directory/entry/{which[1]}/save", **(FORM | more))
    assert answer.status_code == 303, answer.text
    return f"/directory/entry/{which[1]}"


async def test_what_we_know_is_there_and_can_be_filtered(desk: Desk) -> None:
    person = await desk.person("caseworker")
    page = (await person.get("/directory")).text
    for name in ("Pourakhi", "CMIR (legal aid)", "NORKA Roots"):
        assert name in page
    page = (await person.get("/directory?country=NP&kind=shelter")).text
    assert "Pourakhi" in page
    assert "NORKA Roots" not in page
    assert "CMIR (legal aid)" not in page
    assert "No service fits" in (await person.get("/directory?words=zzqq")).text
    assert 'href="/desk/directory/new' not in page  # nothing to change for who may not


async def test_a_supervisor_adds_and_changes_and_everybody_reads(desk: Desk) -> None:
    boss, person = await desk.person("supervisor"), await desk.person("caseworker")
    address = await kept(boss)
    page = (await person.get("/directory?country=KW&language=ne")).text
    for words in ("House of the river", "Salmiya", "+965 1111", "no papers are asked for", "women", "Checked on"):
        assert words in page
    assert "House of the river" not in (await person.get("/directory?country=NP")).text
    assert (await person.post(f"{address}/save", **FORM)).status_code == 403
    await boss.post(f"{address}/save", **(FORM | {"hours": "day and night"}))
    page = (await boss.get(address)).text
    assert page.count("Changed</b>") == 2
    assert "Supervisor" in page
    sealed = await desk.rows("SELECT contact_enc, notes_enc FROM directory_entries")
    assert all(b"Maya" not in bytes(v) and b"1111" not in bytes(v) for row in sealed for v in row)
    assert [line[0] for line in await desk.trail()].count("directory.saved") == 2  # a refused one leaves none


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"name": " "}, "A name is needed"), ({"checked_on": "2027-01-01"}, "no day"), ({"who": "x" * 401}, "too long")],
)
async def test_what_is_wrong_is_said_and_nothing_is_lost(desk: Desk, wrong: dict[str, str], told: str) -> None:
    boss = await desk.person("supervisor")
    answer = await boss.post(f"/directory/entry/{uuid7()}/save", **(FORM | wrong))
    assert answer.status_code == 400
    assert told in answer.text
    assert "Ask for Maya." in answer.text
    assert not await desk.rows("SELECT 1 FROM directory_entries")


async def test_an_entry_of_knowledge_is_kept_once(desk: Desk) -> None:
    boss = await desk.person("supervisor")
    page = (await boss.get("/directory/new?from=services.np_shelter_women")).text
    assert 'value="Pourakhi"' in page
    for _ in range(2):
        answer = await boss.post(
            f"/directory/entry/{uuid7()}/save",
            **(FORM | {"name": "Pourakhi home", "country": "NP", "knowledge": "services.np_shelter_women"}),
        )
        assert answer.status_code == 303
    rows = await desk.rows("SELECT knowledge FROM directory_entries")
    assert sorted(str(row.knowledge) for row in rows) == ["None", "services.np_shelter_women"]
    page = (await boss.get("/directory?country=NP&kind=shelter")).text
    assert "Pourakhi home" in page
    assert "<bdi>Pourakhi</bdi>" not in page


async def test_whose_house_it_is_says_how_many_places_are_free(desk: Desk, clock: Clock) -> None:
    boss, partner = await desk.person("supervisor"), await desk.person("partner", organisation="Shelter")
    theirs = await desk.rows("SELECT id FROM organisations WHERE name = 'Shelter'")
    address = await kept(boss, organisation=str(theirs[0].id))
    other = await kept(boss, name="Another house")
    assert (await partner.post(f"{address}/places", places="3")).status_code == 303
    assert (await partner.post(f"{other}/places", places="3")).status_code == 403
    assert (await (await desk.person("caseworker")).post(f"{address}/places", places="9")).status_code == 403
    answer = await partner.post(f"{address}/places", places="many")
    assert answer.status_code == 400
    assert "A number from 0 to 999" in answer.text
    page = (await boss.get("/directory?kind=shelter&country=KW")).text
    assert re.search(r"Places free: \S*3", page)
    assert "This is old" not in page
    clock.move(hours=25)
    assert "This is old. Ask there." in (await desk_again(desk, boss)).text
    assert (await desk.rows("SELECT places FROM directory_entries WHERE places IS NOT NULL"))[0].places == 3


async def desk_again(desk: Desk, person: Person) -> httpx.Response:
    """The session was idle too long: she signs in anew."""
    return await (await desk.enter(person.user_id)).get("/directory?kind=shelter&country=KW")


async def test_what_has_ended_is_offered_no_more(desk: Desk) -> None:
    boss, person = await desk.person("supervisor"), await desk.person("caseworker")
    address = await kept(boss)
    assert (await boss.post(f"{address}/end")).headers["location"].endswith("told=ended")
    assert "House of the river" not in (await person.get("/directory")).text
    assert "House of the river" not in (await person.get("/directory?ended=yes")).text
    assert "House of the river" in (await boss.get("/directory?ended=yes")).text
    await boss.post(f"{address}/end")
    assert "House of the river" in (await person.get("/directory")).text


# --- volunteers

MAYA = {
    "name": "Maya Gurung",
    "phone": "+965 5555 0000",
    "country": "KW",
    "city": "Farwaniya",
    "language_ne": "yes",
    "skill_visit": "yes",
    "notes": "Works at night.",
}


async def test_only_supervisors_know_who_a_volunteer_is(desk: Desk) -> None:
    boss, person = await desk.person("supervisor"), await desk.person("caseworker")
    answer = await boss.post("/volunteers", **MAYA)
    assert answer.status_code == 303
    address = answer.headers["location"].removeprefix("/desk").partition("?")[0]
    page = (await person.get("/volunteers")).text
    assert "V-1" in page
    assert "Farwaniya" in page
    assert not [word for word in ("Maya", "5555", "Works at night") if word in page]
    assert (await person.get(address)).status_code == 403
    page = (await boss.get(address)).text
    assert all(word in page for word in ("Maya Gurung", "+965 5555 0000", "Works at night."))
    partner = await desk.person("partner", organisation="Shelter")
    assert "V-1" not in (await partner.get("/volunteers")).text  # another organisation has its own
    elsewhere = await desk.person("supervisor", organisation="Shelter")
    assert (await elsewhere.get(address)).status_code == 404
    row = (await desk.rows("SELECT name_enc, phone_enc, notes_enc FROM volunteers"))[0]
    assert all(b"Maya" not in bytes(v) and b"5555" not in bytes(v) for v in row)
    assert ("volunteer.view", "page", address.rpartition("/")[2]) in await desk.trail()


async def test_a_code_is_shown_once_and_a_new_one_ends_the_old(desk: Desk) -> None:
    boss = await desk.person("supervisor")
    address = (await boss.post("/volunteers", **MAYA)).headers["location"].removeprefix("/desk").partition("?")[0]
    for _ in range(2):
        page = (await boss.post(f"{address}/code")).text
        code = re.search(r'class="secret" dir="ltr">([\d ]+)<', page)
        assert code
        assert code[1] not in (await boss.get(address)).text
    rows = await desk.rows("SELECT lookup, revoked_at FROM volunteer_codes ORDER BY made_at, id")
    assert [row.revoked_at is None for row in rows] == [False, True]


async def test_paused_ended_erased(desk: Desk, clock: Clock) -> None:
    boss = await desk.person("supervisor")
    address = (await boss.post("/volunteers", **MAYA)).headers["location"].removeprefix("/desk").partition("?")[0]
    for act, state in (("pause", "paused"), ("resume", "active"), ("end", "ended"), ("resume", "ended")):
        await boss.post(f"{address}/state", reason_code=act)
        assert (await desk.rows("SELECT state FROM volunteers"))[0].state == state
    clock.move(minutes=1)
    assert (await boss.post(f"{address}/state", reason_code="erase")).headers["location"].endswith("told=erased")
    assert not await desk.rows("SELECT 1 FROM volunteers")
    assert not await desk.rows("SELECT 1 FROM keys WHERE kind = 'subject'")
    assert not await desk.rows("SELECT 1 FROM volunteer_codes")


async def test_the_form_of_a_volunteer_comes_back(desk: Desk) -> None:
    boss = await desk.person("supervisor")
    answer = await boss.post("/volunteers", **(MAYA | {"country": "", "name": ""}))
    assert answer.status_code == 400
    for words in ("A name is needed.", "Choose a country.", "Works at night.", "+965 5555 0000"):
        assert words in answer.text
    assert not await desk.rows("SELECT 1 FROM volunteers")
