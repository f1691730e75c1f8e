"""The gate: what is of low confidence and unsigned comes out through no action; a signature lifts it."""

from __future__ import annotations

import pytest

from handlers import compare, contacts, facts, rights, treaties
from tests.handlers.informed import SECTORS, changed, informed, real, said

LOW_RIGHTS = [
    (country, topic)
    for country, file in real().get("rights").items()
    for topic, fact in file["topics"].items()
    if fact["confidence"] == "low"
]
LOW_CONTACTS = {
    real().texts[f"contacts.{country}.{name}.label"].english: (country, name)
    for country, file in real().get("contacts").items()
    for name, entry in file["contacts"].items()
    if entry["confidence"] == "low"
}


def test_there_is_something_to_hold_back() -> None:
    assert len(LOW_RIGHTS) >= 3
    assert len(LOW_CONTACTS) >= 10


@pytest.mark.parametrize(("country", "topic"), LOW_RIGHTS)
async def test_a_low_fact_comes_out_through_no_action(country: str, topic: str) -> None:
    ctx, low = informed(), {"text": f"rights.{country}.{topic}.say"}
    assert (await rights.answer(ctx, country=country, topic=topic)).name == "held"
    assert (await rights.sectors(ctx, country=country, topic=topic)).name == "same"
    for sector in SECTORS:
        assert (await rights.complaint_body(ctx, country=country, topic=topic, sector=sector)).name == "none"
    for other in real().get("rights"):
        for one, two in ((country, other), (other, country)):
            told = await compare.tell(ctx, one=one, two=two, topic=topic)
            assert low not in told.slots.values()
            assert facts.term("held") in told.slots.values()


async def test_no_low_number_comes_out_through_any_action() -> None:
    for land in real().get("contacts"):
        for need in real().get("needs")["needs"]:
            found = await contacts.find(informed(), country=land, need=need)
            shown = said(found.slots["body"]).splitlines() if found.slots else []
            held = [label for label in shown if LOW_CONTACTS.get(label, ("",))[0] == land]
            assert not held
    for land, file in real().get("rights").items():
        for topic in file["topics"]:
            for sector in SECTORS:
                body = await rights.complaint_body(informed(), country=land, topic=topic, sector=sector)
                shown = said(body.slots["body"]).splitlines() if body.slots else []
                assert not [label for label in shown if LOW_CONTACTS.get(label, ("",))[0] == land]


async def test_an_unchecked_fact_says_so_and_a_signature_lifts_it() -> None:
    for values, outcome in (
        ({}, "held"),
        ({"checked_on": "2026-11-20"}, "held"),  # signed by nobody
        ({"reviewer": "A. Lawyer"}, "held"),  # at no day
        ({"checked_on": "2026-11-20", "reviewer": "A. Lawyer"}, "checked"),
        ({"confidence": "medium"}, "unchecked"),
        ({"confidence": "high"}, "unchecked"),
    ):
        ctx = informed(changed("rights", "KW.topics.death", **values))
        answer = await rights.answer(ctx, country="KW", topic="death")
        assert answer.name == outcome, values
        assert answer.slots.get("month") == ({"month": "2026-11"} if outcome == "checked" else None)


async def test_a_name_at_the_file_is_a_signature_too() -> None:
    knowledge = changed("rights", "KW", reviewer="A. Lawyer")
    assert (await rights.answer(informed(knowledge), country="KW", topic="wages")).name == "unchecked"
    knowledge.get("rights")["KW"]["topics"]["wages"]["checked_on"] = "2026-11-20"
    assert (await rights.answer(informed(knowledge), country="KW", topic="wages")).name == "checked"


async def test_a_treaty_that_is_not_sure_is_left_out() -> None:
    knowledge = changed("conventions", "countries.QA.C29", confidence="low")
    shown = await treaties.list_of(informed(knowledge), country="QA")
    assert "c29" not in [row["id"] for row in shown.slots["ratified"]]
    assert "c29" in [row["id"] for row in (await treaties.list_of(informed(), country="QA")).slots["ratified"]]
