"""Contacts and treaties: three at a time, warnings first, who is taken and where the work is, no place of a shelter."""

from __future__ import annotations

import pytest

from handlers import contacts, means, treaties
from tests.handlers.informed import changed, informed, real, said

LANDS = [land for land in real().get("contacts") if land != "INT"]
NEEDS = list(real().get("needs")["needs"])
WHO = ("woman", "man", "boy", "child", "pregnant", None)


@pytest.mark.parametrize("land", LANDS)
async def test_what_is_offered_there_is_something_of(land: str) -> None:
    asked = await contacts.where(informed(), place=land)
    offered = [row["id"] for name in ("needs", "more") for row in asked.slots[name]]
    assert offered[-1] == "place"
    for need in offered[:-1]:
        found = await contacts.find(informed(), country=land, need=need)
        assert found.name in ("found", "emergency") or need == "mission"
    assert "mission" in offered
    assert len(asked.slots["needs"]) <= 9
    assert 0 < len(asked.slots["more"]) <= 10


@pytest.mark.parametrize("land", LANDS)
async def test_three_at_most_with_warnings_before_them(land: str) -> None:
    warnings = {w["say"] for w in real().get("warnings")["warnings"].values()}
    for need in NEEDS:
        found = await contacts.find(informed(), country=land, need=need)
        lines = found.slots["body"]["list"] if found.slots else []
        rows = [n for n, line in enumerate(lines) if "row" in line]
        assert len(rows) <= means.MOST
        assert all(n < rows[0] for n, line in enumerate(lines) if said(line) in warnings)


async def test_the_emergency_number_is_an_outcome_of_its_own_with_its_warning() -> None:
    found = await contacts.find(informed(), country="KW", need="emergency")
    assert found.name == "emergency"
    shown = said(found.slots["body"])
    assert shown.startswith("Only if a life is in danger now")
    assert "112*" in shown
    assert "works only inside that country" in shown


async def test_who_is_not_taken_is_not_sent() -> None:
    for who in WHO:
        found = await contacts.find(informed(), country="KW", need="shelter", who=who)
        assert found.name == ("found" if who in ("woman", "pregnant", None) else "nobody"), who
    assert (await contacts.questions(informed(), country="KW", need="shelter")).name == "who"
    assert (await contacts.find(informed(), country="AE", need="shelter", who="man")).name == "found"
    shown = said((await contacts.find(informed(), country="AE", need="shelter", who="man")).slots["body"])
    assert "Dubai" not in shown  # women and children


async def test_the_kind_of_work_is_asked_only_where_it_matters() -> None:
    assert (await contacts.questions(informed(), country="KW", need="labour")).name == "work"
    assert (await contacts.questions(informed(), country="QA", need="labour")).name == "none"
    home = said((await contacts.find(informed(), country="KW", need="labour", work="home")).slots["body"])
    company = said((await contacts.find(informed(), country="KW", need="labour", work="company")).slots["body"])
    assert "24937600" in home
    assert "company" not in home
    assert "24937600" not in company
    assert "Sahel" in company


async def test_a_shelter_is_never_told_by_a_place() -> None:
    for land in LANDS:
        for entry in real().get("contacts")[land]["contacts"].values():
            if entry["need"] == "shelter":
                shown = means._means({**entry, "web": ["https://www.where.example/street 1"], "app": ["Map"]}, False)
                assert "where" not in str(shown)
                assert "Map" not in str(shown)
    shown = said((await contacts.find(informed(), country="KW", need="shelter")).slots["body"])
    assert "write 0, and a person finds the way" in shown


async def test_from_abroad_the_number_that_works_there() -> None:
    here = said((await contacts.find(informed(country="NP"), country="NP", need="labour")).slots["body"])
    away = said((await contacts.find(informed(country="KW"), country="NP", need="labour")).slots["body"])
    assert "1141*" in here
    assert "+977" not in here
    assert "+977-1141" in away


async def test_no_embassy_and_no_country_is_nobody() -> None:
    assert (await contacts.find(informed(), country="KW", need="mission")).name == "nobody"
    assert (await contacts.where(informed(), place="BR")).name == "none"
    assert (await contacts.where(informed(), place="INT")).name == "none"
    assert (await contacts.where(informed())).slots == {"land": None, "moved": None}


async def test_that_nobody_called_is_said_until_somebody_has() -> None:
    checked = {"checked_on": "2026-11-20", "reviewer": "A. Caller"}
    note = real().texts["terms.unchecked.say"].english
    assert note in said((await contacts.find(informed(), country="KW", need="emergency")).slots["body"])
    knowledge = changed("contacts", "KW.contacts.kw_emergency", **checked)
    assert note not in said((await contacts.find(informed(knowledge), country="KW", need="emergency")).slots["body"])


async def test_treaties_are_those_of_the_file() -> None:
    for land, states in real().get("conventions")["countries"].items():
        wanted = [name for name in real().get("conventions")["instruments"] if states[name]["status"] == "ratified"]
        shown = await treaties.list_of(informed(), country=land)
        assert shown.name == ("some" if wanted else "no_treaty")
        if wanted:
            assert len(shown.slots["names"]["list"]) == len(wanted)
            assert len(shown.slots["ratified"]) <= 9
    assert (await treaties.list_of(informed(), country="BR")).name == "unknown"
    assert (await treaties.both(informed(), country="QA", other="BR")).name == "unknown"


async def test_what_counts_in_one_part_of_a_country_is_said_beside_it() -> None:
    shown = said((await treaties.list_of(informed(), country="MY")).slots["names"])
    assert "Only for the state of Sabah" in shown
