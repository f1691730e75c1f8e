"""The register of requests: no is the answer, lists are given to nobody, and no text tells whom we know."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from bot.store import erase
from tests.desk.office import Desk, Person, opened
from tests.pipeline.world import World

WHO, ASKED = "Officer Karki, station of Kalimati", "Whether a woman turned to us"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


def _sent(**other: str) -> dict[str, str]:
    sent = {"asker": "police", "wants": "one_case", "form": "letter", "basis": "letter", "who": WHO, "words": ASKED}
    return {**sent, "basis_note": "", "received_on": "2026-11-20", "due_on": "2026-11-30", "reference": "", **other}


async def _add(person: Person, **other: str) -> str:
    answer = await person.post("/requests", **_sent(**other))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].removeprefix("/desk").partition("?")[0])


async def _case(world: World, address: str = "9001") -> str:
    await world.says(address, "human please")
    return str(await world.one("SELECT reference FROM cases ORDER BY id DESC LIMIT 1"))


async def test_a_form_that_is_sent_twice_is_one_request(town: Desk, world: World) -> None:
    person, reference = await town.person("caseworker"), await _case(world)
    await person.post(f"/case/{reference}/take")
    page = (await person.get("/requests")).text
    entry = page.partition('name="entry" value="')[2].partition('"')[0]
    sent = _sent(entry=entry, reference=reference)
    first, again = await asyncio.gather(person.post("/requests", **sent), person.post("/requests", **sent))
    assert {first.status_code, again.status_code} == {303}
    told = sorted(one.headers["location"].partition("?told=")[2] for one in (first, again))
    assert told == ["added", "twice"]
    assert await world.one("SELECT count(*) FROM requests") == 1
    assert await world.one("SELECT count(*) FROM disclosures") == 1
    assert "written down once" in (await person.get(f"/requests/{entry}?told=twice")).text
    wrong = await person.post("/requests", **_sent(entry=entry, who=""))
    assert f'value="{entry}"' in wrong.text, "what comes back filled is still the same one"


async def test_it_is_written_down_answered_with_no_and_counted(desk: Desk) -> None:
    person = await desk.person("caseworker")
    assert "Nobody has asked for anything yet" in (await person.get("/requests")).text
    request = await _add(person)
    page = (await person.get(request)).text
    assert WHO in page
    assert "We do not say whether a person has ever turned to us" in page
    assert "हामीकहाँ आएको छ वा छैन" in (await person.get(f"{request}?words=ne")).text
    wrong = await person.post(f"{request}/answer", outcome="figures_given", answer="x")
    assert wrong.status_code == 400
    assert (await person.post(f"{request}/answer", outcome="refused", answer="We say nothing")).status_code == 303
    assert (
        (await person.post(f"{request}/answer", outcome="taken_back", answer="")).headers["location"].endswith("gone")
    )
    await _add(person, asker="press", wants="figures", due_on="", received_on="2025-02-01")
    page = (await person.get("/requests?asker=police&outcome=refused")).text
    assert page.count('<li class="entry') == 1
    assert '<li class="entry' not in (await person.get("/requests?asker=donor")).text
    assert "Nothing fits this choice" in (await person.get("/requests?asker=donor")).text
    chief = await desk.person("supervisor")
    file = await chief.post("/requests/figures", year="2026", format="csv")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["Who asks", "All", "Refused"]
    assert rows[1:] == [["Police", "1", "1", "0", "0", "0", "0"], ["All", "1", "1", "0", "0", "0", "0"]]
    assert (await person.post("/requests/figures", year="2026", format="csv")).status_code == 403
    kept = str(await desk.rows("SELECT requests::text FROM requests"))
    assert "Karki" not in kept
    assert b"Karki".hex() not in kept


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"asker": "ghost"}, "asker"),
        ({"who": ""}, "who"),
        ({"received_on": "2030-01-01"}, "received_on"),
        ({"due_on": "2026-11-01"}, "due_on"),
        ({"reference": "1234567"}, "reference"),
        ({"wants": "everything"}, "wants"),
    ],
)
async def test_what_was_wrong_is_said_at_its_field_and_nothing_is_lost(
    desk: Desk, wrong: dict[str, str], field: str
) -> None:
    person = await desk.person("caseworker")
    answer = await person.post("/requests", **_sent(**wrong))
    assert answer.status_code == 400
    assert f'id="wrong-{field}"' in answer.text
    assert ASKED in answer.text
    assert await desk.rows("SELECT id FROM requests") == []


async def test_a_list_of_people_is_given_to_nobody(desk: Desk) -> None:
    chief = await desk.person("supervisor")
    request = await _add(chief, asker="ministry", wants="bulk", basis="order")
    page = (await chief.get(request)).text
    assert "A list of people is given to nobody" in page
    assert 'value="released"' not in page
    for outcome in ("released", "figures_given"):
        assert (await chief.post(f"{request}/answer", outcome=outcome, answer="x")).status_code == 400
    for outcome in ("released", "figures_given"):
        with pytest.raises(IntegrityError, match="ck_requests"):
            await desk.rows(f"UPDATE requests SET outcome = '{outcome}', answered_at = now() RETURNING id")


async def test_one_case_with_her_consent_and_by_who_works_on_it(town: Desk, world: World) -> None:
    asha, bina, chief = (
        await town.person("caseworker"),
        await town.person("caseworker"),
        await town.person("supervisor"),
    )
    reference = await _case(world)
    await asha.post(f"/case/{reference}/take")
    request = await _add(asha, asker="embassy", reference=f"{reference[:3]} {reference[3:6]} {reference[6:]}")
    form = {"reference": reference, "words": "That she is well", "consent_how": "call", "consent_on": "2026-11-20"}
    assert (await bina.post(f"{request}/release", **form)).status_code == 404
    for bad in ("consent_how", "consent_on", "words"):
        answer = await asha.post(f"{request}/release", **{**form, bad: ""})
        assert answer.status_code == 400
        assert f'id="wrong-{bad}"' in answer.text
    alone = await asha.post(
        f"{request}/release", **{**form, "consent_how": "", "consent_on": "", "reason_code": "order"}
    )
    assert alone.status_code == 400  # a reason without her consent is a supervisor's
    assert (await asha.post(f"{request}/release", **form)).headers["location"].endswith("released")
    page = (await asha.get(request)).text.translate(dict.fromkeys(map(ord, "\u2068\u2069")))
    assert "That she is well" in page
    assert "the person agreed in a call" in page
    assert await world.one("SELECT count(*) FROM tasks") == 0
    assert "Something of one person said" in (await chief.get("/requests")).text


async def test_without_her_consent_a_supervisor_says_why_and_she_is_told(town: Desk, world: World) -> None:
    chief, reference = await town.person("supervisor"), await _case(world)
    request = await _add(chief, basis="order", reference=reference)
    form = {"reference": reference, "words": "That there is a number", "reason_code": "order"}
    both = await chief.post(f"{request}/release", **form, consent_how="call", consent_on="2026-11-20")
    assert both.status_code == 400
    assert (await chief.post(f"{request}/release", **form)).headers["location"].endswith("released")
    assert f'href="/desk/case/{reference}/contact"' in (await chief.get("/due")).text
    which = str(await world.one("SELECT id FROM disclosures"))
    told = await chief.post(f"/case/{reference}/contact/told", which=which, how="visit", said="")
    assert told.headers["location"].endswith("told=told")
    assert f'href="/desk/case/{reference}/contact"' not in (await chief.get("/due")).text
    reasons = await world.rows("SELECT action, reason FROM audit WHERE action LIKE 'request%' ORDER BY received_at, id")
    assert ("request.release", "order") in [tuple(row) for row in reasons]


async def test_the_case_of_a_request_is_seen_by_who_may_find_it(town: Desk, world: World) -> None:
    chief, reference = await town.person("supervisor"), await _case(world)
    request = await _add(chief, reference=reference)
    await world.run("INSERT INTO organisations (id, name) VALUES (gen_random_uuid(), 'Elsewhere')")
    await world.run("UPDATE cases SET organisation_id = (SELECT id FROM organisations WHERE name = 'Elsewhere')")

    def shown(answer: httpx.Response) -> bool:
        return reference in answer.text or f"{reference[:3]} {reference[3:6]} {reference[6:]}" in answer.text

    assert not shown(await chief.get(request))
    assert (await chief.post("/requests", **_sent(reference=reference))).status_code == 400
    released = await chief.post(f"{request}/release", reference=reference, words="x", reason_code="order")
    assert released.status_code == 404
    other = await town.person("supervisor", organisation="Shelter")
    assert (await other.get(request)).status_code == 404
    assert '<li class="entry' not in (await other.get("/requests")).text
    subject: Any = await world.one("SELECT subject_id FROM cases")
    async with world.app.database.begin() as connection:
        assert await erase.by_hand(connection, subject, world.clock.at, reason="asked")
    assert (await world.one("SELECT count(*) FROM disclosures"), await world.one("SELECT count(*) FROM requests")) == (
        0,
        1,
    )


async def test_of_a_release_and_a_refusal_at_once_one_stands(town: Desk, world: World) -> None:
    chief, reference = await town.person("supervisor"), await _case(world)
    form = {"reference": reference, "words": "That there is a number", "reason_code": "order"}
    for _ in range(4):
        request = await _add(chief, basis="order", reference=reference)
        answers = await asyncio.gather(
            chief.post(f"{request}/release", **form),
            chief.post(f"{request}/answer", outcome="refused", answer="We say nothing"),
        )
        assert [answer.status_code for answer in answers] == [303, 303]
        said = await world.one("SELECT state FROM disclosures ORDER BY proposed_at DESC, id DESC LIMIT 1")
        ends = await world.one("SELECT outcome FROM requests ORDER BY recorded_at DESC, id DESC LIMIT 1")
        assert (said, ends) in (("made", "released"), ("refused", "refused"))
