"""Rights: whom to complain to by country, topic and sector, with the warning first; nothing of the person is kept."""

from __future__ import annotations

import pytest

from bot.content.knowledge import Facts
from bot.store.records import Feedback
from handlers import rights
from tests.fakes.shelf import SmallWorld
from tests.handlers.informed import SECTORS, changed, informed, real, said

PAIRS = [(country, topic) for country, file in real().get("rights").items() for topic in file["topics"]]


async def test_the_country_that_was_named_wins_over_where_the_person_is() -> None:
    asked = await rights.where(informed(), place="QA", country="KW", topic="passport")
    assert (asked.name, asked.slots["code"], asked.slots["land"]) == ("ready", "QA", {"country": "QA"})
    stays = await rights.where(informed(), country="KW")
    assert (stays.name, stays.slots["code"]) == ("choose", "KW")
    assert (await rights.where(informed(), place="LB", country="KW")).name == "none"
    assert (await rights.where(informed())).slots == {"land": None, "moved": None}


async def test_all_topics_are_offered_ten_lines_at_most() -> None:
    asked = await rights.where(informed(), country="KW")
    first, more = ([row["id"] for row in asked.slots[name]] for name in ("topics", "more"))
    topics = list(real().get("topics")["topics"])
    assert [*first, *more] == [*topics, "compare", "treaties", "place"]
    assert len(first) <= 9
    assert len(more) <= 10


@pytest.mark.parametrize(("country", "topic"), PAIRS)
async def test_a_warning_stands_before_every_number_it_is_about(country: str, topic: str) -> None:
    warnings = {w["say"] for w in real().get("warnings")["warnings"].values()}
    for sector in SECTORS:
        outcome = await rights.complaint_body(informed(), country=country, topic=topic, sector=sector)
        if outcome.name != "found":
            assert outcome.slots == {}
            continue
        lines = [said(line) for line in outcome.slots["body"]["list"]]
        places = [n for n, line in enumerate(lines) if line in warnings]
        numbers = [n for n, line in enumerate(lines) if line not in warnings]
        assert not places or max(places) < min(numbers)
        contacts = real().get("contacts")[country]["contacts"].values()
        wanted = {c.get("warning") for c in contacts if any(c["label"] in line for line in lines)} - {None}
        assert {real().get("warnings")["warnings"][w]["say"] for w in wanted} <= set(lines)


async def test_a_home_worker_in_kuwait_is_not_sent_to_the_office_for_companies() -> None:
    home = await rights.complaint_body(informed(), country="KW", topic="wages", sector="home")
    company = await rights.complaint_body(informed(), country="KW", topic="wages", sector="company")
    assert "24937600" in said(home.slots["body"])
    assert "Labour office for company workers" not in said(home.slots["body"])
    assert "24937600" not in said(company.slots["body"])
    assert (await rights.sectors(informed(), country="KW", topic="wages")).name == "differ"
    assert (await rights.sectors(informed(), country="KW", topic="violence")).name == "same"


@pytest.mark.parametrize("sector", ["none", "undocumented", "sea", "seafarer"])
async def test_without_papers_and_at_sea_a_person_comes_first(sector: str) -> None:
    for country, topic in PAIRS:
        outcome = await rights.complaint_body(informed(), country=country, topic=topic, sector=sector)
        assert outcome.name in ("person", "none"), (country, topic)


async def test_violence_names_an_office_only_when_every_risk_note_is_signed() -> None:
    rows = [{"sector": "any", "contact": "kw_kshr"}]
    knowledge = changed("rights", "KW.topics.violence", complain=rows)
    assert (await rights.complaint_body(informed(knowledge), country="KW", topic="violence")).name == "person"
    risks = changed("risks", "countries.KW").get("risks")
    for note in risks["countries"]["KW"].values():
        note |= {"reviewer": "A. Lawyer", "checked_on": "2026-11-20"}
    signed = Facts({**knowledge.by_name, "risks": risks}, knowledge.texts)
    assert (await rights.complaint_body(informed(signed), country="KW", topic="violence")).name == "found"
    next(iter(risks["countries"]["KW"].values()))["reviewer"] = None
    assert (await rights.complaint_body(informed(signed), country="KW", topic="violence")).name == "person"


async def test_unknown_countries_and_topics_are_none_and_nothing_raises() -> None:
    for country, topic in (
        ("LB", "wages"),
        ("", "wages"),
        (None, None),
        ("KW", "weather"),
        ({"country": "XX"}, "wages"),
    ):
        outcome = await rights.complaint_body(informed(), country=country, topic=topic, sector="home")
        assert outcome.name == "none"
        assert (await rights.answer(informed(), country=country, topic=topic)).name == "held"
        assert (await rights.sectors(informed(), country=country, topic=topic)).name == "same"


async def test_an_answer_is_counted_by_fact_and_month_and_belongs_to_nobody() -> None:
    world = SmallWorld()
    ctx = informed(world=world)
    for answer in ("yes", "no", None):
        outcome = await rights.useful(ctx, country="QA", topic="passport", answer=answer)
        assert outcome.slots == {"topic": None, "useful": None}
    letters = world.of(Feedback)
    assert {(f.kind, f.helped) for f in letters} == {("rights.QA.passport", 3), ("rights.QA.passport", 1)}
    assert len(letters) == 2
    assert not any(hasattr(f, "owner") for f in letters)
    assert (ctx.cases, ctx.notices, ctx.events) == ([], [], [])


async def test_who_was_not_asked_about_papers_is_warned_for_them() -> None:
    """Her report told the work, so the question with "no valid papers" was passed over."""
    asked, unasked = [
        await rights.complaint_body(informed(), country="KW", topic="wages", sector="home", papers=papers)
        for papers in (None, "unasked")
    ]
    warning = {"text": "warnings.warnings.immigration.say"}
    assert warning not in asked.slots["body"]["list"]
    first = unasked.slots["body"]["list"]
    assert [row for row in first if row != warning] == asked.slots["body"]["list"]
    assert first.index(warning) < first.index(next(row for row in first if "row" in row))
