"""Typing up a talk: the same case as the bot's, once; nothing lost, nothing sent, nothing kept after a no."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from bot.content import Content
from bot.store import retention
from bot.store.keys import open_json
from desk import paper
from desk.intake_fields import answers, kinds, parts
from handlers import intake as intake_handler
from tests.conftest import Clock
from tests.desk.office import Desk, Person
from tests.pipeline.world import World

WAGES = {
    "came": "walk_in",
    "consent": "yes",
    "language": "ne",
    "kind": "report_unpaid_wages",
    "f.country": "Kuwait",
    "f.work": "home",
    "f.owed": "3 months 180 KD",
    "f.narrative": "मलाई तीन महिनादेखि तलब दिएको छैन",
    "f.reporter_name": "Sunita",
    "f.wish.money": "yes",
    "f.wish.papers": "yes",
}
NUMBER = "+96550001234"


def form(**more: str) -> dict[str, str]:
    return {**WAGES, "once": str(uuid4()), **more}


async def typed(person: Person, **more: str) -> dict[str, str]:
    """Sent; what the address says came of it."""
    answer = await person.post("/new", **form(**more))
    assert answer.status_code == 303, re.findall(r'class="trouble[^>]*>([^<]+)', answer.text)
    return dict(part.split("=") for part in answer.headers["location"].partition("?")[2].split("&"))


async def case_of(desk: Desk, reference: str) -> Any:
    (row,) = await desk.rows(
        "SELECT c.*, k.wrapped, v.owner, v.owner_user_id, v.blocked_at, p.language, p.country AS stay, p.safe_from,"
        " p.consent_store_at, p.consent_contact_at, a.channel, a.account FROM cases c"
        " JOIN keys k ON k.subject_id = c.subject_id JOIN conversations v ON v.id = c.conversation_id"
        " JOIN addresses a ON a.id = v.address_id JOIN contacts p ON p.id = c.subject_id"
        " WHERE c.reference = :reference",
        reference=reference,
    )
    return row


def facts_of(desk: Desk, row: Any) -> dict[str, Any]:
    key = desk.app.secrets.keyring.unwrap(row.wrapped)
    found: dict[str, Any] = open_json(key, row.facts_enc, where=f"cases.facts_enc.{row.id}")
    return found


async def test_a_walk_in_is_a_case_by_the_rules_of_the_bot(desk: Desk) -> None:
    person = await desk.person("caseworker")
    told = await typed(person, take="yes")
    assert (told["how"], told["written"]) == ("taken", "0")
    row = await case_of(desk, told["made"])
    assert (row.kind, row.severity, row.country) == ("report_unpaid_wages", "high", "KW")  # three months: H7
    assert (row.owner, row.owner_user_id, row.assigned_to) == ("human", person.user_id, person.user_id)
    assert row.answered_at is not None  # a human heard her
    assert row.language == "ne"
    assert row.consent_store_at is not None
    facts = facts_of(desk, row)
    assert (facts["months"], facts["amount"]["value"], facts["work"]) == (3, "180", "home")
    assert facts["wish"] == ["money", "papers"]
    assert facts["narrative"] == WAGES["f.narrative"]
    assert await desk.rows("SELECT id FROM outbox") == []
    assert await desk.rows("SELECT id FROM notices WHERE taken_at IS NULL") == []
    page = (await person.get(f"/case/{told['made']}")).text
    assert "3 months 180 KD" in page
    assert "Sunita" in page
    assert 'id="reply"' not in page  # nobody can be written to


async def test_what_nobody_keeps_waits_in_the_queue_and_rings_when_it_is_grave(desk: Desk) -> None:
    person = await desk.person("caseworker")
    told = await typed(person, kind="report_violence")
    assert told["how"] == "opened"
    row = await case_of(desk, told["made"])
    assert (row.severity, row.owner, row.assigned_to) == ("critical", "bot", None)
    assert [tuple(r) for r in await desk.rows("SELECT audience, severity FROM notices WHERE taken_at IS NULL")] == [
        ("page", "critical")
    ]
    assert f"/desk/case/{told['made']}" in (await person.get("/")).text


async def test_a_child_rings_even_when_it_is_kept(desk: Desk) -> None:
    person = await desk.person("caseworker")
    young = str(desk.app.clock().year - 16)
    told = await typed(person, take="yes", **{"f.worker_birth": young})
    row = await case_of(desk, told["made"])
    assert (row.severity, facts_of(desk, row)["age"]) == ("critical", 15)
    assert await desk.rows("SELECT id FROM notices WHERE kind = 'child' AND audience = 'page' AND taken_at IS NULL")


async def test_what_only_a_human_asks_counts_too(desk: Desk) -> None:
    person = await desk.person("supervisor")
    beaten = await case_of(desk, (await typed(person, **{"f.owed": "", "f.violence": "yes"}))["made"])
    assert beaten.severity == "high"
    heavy = await typed(person, kind="report_medical", **{"f.injured_now": "no"})
    assert (await case_of(desk, heavy["made"])).care is None
    despair = await typed(person, kind="report_violence", **{"f.self_harm": "yes"})
    row = await case_of(desk, despair["made"])
    assert (row.severity, row.care, facts_of(desk, row)["also"]) == ("critical", "self_harm", ["express_self_harm"])
    partner = await desk.person("partner")
    assert (await partner.get(f"/case/{despair['made']}")).status_code == 404  # kept with more care


async def test_a_form_that_is_sent_twice_is_one_case(desk: Desk) -> None:
    person = await desk.person("caseworker")
    sent = form(take="yes", number=NUMBER, phone_safe="yes")
    answers_ = await asyncio.gather(*(person.post("/new", **sent) for _ in range(3)))
    assert {answer.status_code for answer in answers_} == {303}
    assert len(await desk.rows("SELECT id FROM cases")) == 1
    assert "how=again" in (await person.post("/new", **sent)).headers["location"]
    assert len(await desk.rows("SELECT id FROM contacts")) == 1


async def test_no_means_that_nothing_is_kept(desk: Desk) -> None:
    person = await desk.person("caseworker")
    sent = form(consent="no")
    await person.post("/new/keep", **sent)
    answer = await person.post("/new", **sent)
    assert answer.headers["location"] == "/desk/new?told=refused"
    for table in ("cases", "contacts", "intake_drafts", "intakes"):
        assert await desk.rows(f"SELECT 1 FROM {table}") == [], table


async def test_without_a_yes_the_words_go_after_three_days(desk: Desk, clock: Clock) -> None:
    person = await desk.person("caseworker")
    told = await typed(person, consent="open", number=NUMBER, phone_safe="yes", write="sms")
    assert told["written"] == "0"
    row = await case_of(desk, told["made"])
    assert (row.consent_store_at, row.consent_contact_at, row.channel) == (None, None, "desk")
    clock.move(hours=73)
    await retention.purge(desk.app.database, desk.app.secrets, clock.at)
    assert (await case_of(desk, told["made"])).facts_enc is None


async def test_who_may_be_written_to_is_written_to_by_the_rules(desk: Desk, clock: Clock) -> None:
    person = await desk.person("caseworker")
    told = await typed(person, take="yes", number="+965 5000 1234", phone_safe="yes", write="sms", own_hours="19 to 21")
    assert told["written"] == "1"
    row = await case_of(desk, told["made"])
    assert (row.channel, row.account, row.safe_from, row.blocked_at) == ("sms", "simulator", 1140, None)
    assert row.consent_contact_at is not None
    page = (await person.get(f"/case/{told['made']}")).text
    assert NUMBER not in page
    answer = await person.post(f"/case/{told['made']}/reply", text="Good evening", seen="")
    assert answer.status_code == 303
    (out,) = await desk.rows("SELECT state, reason FROM outbox")
    assert tuple(out) == ("held", "safe_hours")  # noon: hers are in the evening


async def test_whatsapp_waits_for_its_window(desk: Desk) -> None:
    person = await desk.person("caseworker")
    told = await typed(person, take="yes", number=NUMBER, phone_safe="yes", write="whatsapp", hours="day")
    await person.post(f"/case/{told['made']}/reply", text="Hello", seen="")
    rows = {tuple(r) for r in await desk.rows("SELECT kind, state, reason FROM outbox")}
    assert rows == {("template", "queued", None), ("reply", "held", "window")}


WRONG: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"came": ""}, "came", "needed"),
    ({"consent": ""}, "consent", "needed"),
    ({"kind": "nonsense"}, "kind", "needed"),
    ({"number": "12"}, "number", "not_number"),
    ({"write": "sms"}, "number", "number_needed"),
    ({"write": "sms", "number": NUMBER, "phone_safe": "no"}, "write", "not_safe"),
    ({"write": "pigeon", "number": NUMBER, "phone_safe": "yes"}, "write", "no_way"),
    ({"own_hours": "whenever"}, "own_hours", "not_hours"),
    ({"f.country": "Nowhereland"}, "f.country", "not_country"),
    ({"sheet": "en-1-0012"}, "sheet", "not_sheet"),
)


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(desk: Desk, content: Content) -> None:
    person = await desk.person("caseworker")
    for change, name, word in WRONG:
        answer = await person.post("/new", **form(**change))
        assert answer.status_code == 400, change
        told = content.desk_word("en", f"intake.{word}", {})
        assert re.search(rf'id="wrong-{re.escape(name)}">{re.escape(told)}', answer.text), change
        assert WAGES["f.narrative"] in answer.text
        assert WAGES["f.narrative"] in (await person.get("/new")).text  # a draft, if the session ends now
    assert await desk.rows("SELECT id FROM cases") == []


async def test_a_draft_is_sealed_of_one_colleague_and_gone_after_a_week(desk: Desk, clock: Clock) -> None:
    person, other = await desk.person("caseworker"), await desk.person("caseworker")
    await person.post("/new/keep", **form())
    (row,) = await desk.rows("SELECT body_enc FROM intake_drafts")
    assert b"Sunita" not in bytes(row.body_enc)
    again = await desk.enter(person.user_id)  # another session
    assert "Sunita" in (await again.get("/new")).text
    assert "Sunita" not in (await other.get("/new")).text
    await retention.purge(desk.app.database, desk.app.secrets, clock.at + timedelta(days=7, seconds=-1))
    assert await desk.rows("SELECT 1 FROM intake_drafts")
    counts = await retention.purge(desk.app.database, desk.app.secrets, clock.at + timedelta(days=7, seconds=1))
    assert counts["intake_drafts"] == 1


async def test_a_number_that_was_here_is_warned_of_and_joins_nobody(desk: Desk, content: Content) -> None:
    person, partner = await desk.person("caseworker"), await desk.person("partner", organisation="Shelter")
    first = await typed(person, number=NUMBER, phone_safe="yes", write="sms")
    warned = await person.post("/new", **form(number=NUMBER, phone_safe="yes", write="sms"))
    assert warned.status_code == 409
    assert content.desk_word("en", "intake.known", {}) in warned.text
    assert first["made"] not in warned.text
    seen = re.search(r'name="seen" value="([^"]+)"', warned.text)
    assert seen
    second = await typed(person, number=NUMBER, phone_safe="yes", write="sms", seen=seen[1])
    assert second["written"] == "0"
    one, two = await case_of(desk, first["made"]), await case_of(desk, second["made"])
    assert one.subject_id != two.subject_id
    # who may not find the earlier ones is told nothing of them, and does not come into their talk
    third = await typed(partner, number=NUMBER, phone_safe="yes", write="sms")
    row = await case_of(desk, third["made"])
    assert (row.channel, row.organisation_id) != ("sms", None)
    assert (await partner.get(f"/case/{third['made']}")).status_code == 200
    assert (await partner.get(f"/case/{first['made']}")).status_code == 404
    found = await person.post("/search", q=NUMBER)
    assert {first["made"], second["made"]} <= set(re.findall(r"/desk/case/(\d+)", found.text))


async def test_a_sheet_that_is_typed_in_twice_is_warned_of(desk: Desk, content: Content) -> None:
    person = await desk.person("caseworker")
    assert (await person.post("/paper", language="ne", count="2")).status_code == 200
    (serial, _) = [row.serial for row in await desk.rows("SELECT serial FROM paper_sheets ORDER BY serial")]
    number = paper.number(await _sheet(desk, serial))
    page = (await person.get(f"/new?form={number}")).text
    assert f'value="{number}"' in page
    assert '<option value="ne" selected' in page
    await typed(person, sheet=number)
    assert (
        content.desk_word("en", "intake.sheet_typed", {"at": ""})[:30] in (await person.get(f"/new?form={number}")).text
    )
    again = await person.post("/new", **form(sheet=number))
    assert again.status_code == 409
    seen = re.search(r'name="seen" value="([^"]+)"', again.text)
    assert seen
    await typed(person, sheet=number, seen=seen[1])
    unknown = await person.post("/new", **form(sheet=_unprinted(serial + 5000)))
    assert content.desk_word("en", "intake.sheet_unknown", {}) in unknown.text


async def _sheet(desk: Desk, serial: int) -> Any:
    from bot.store import intake

    async with desk.app.database.begin() as connection:
        return await intake.sheet(connection, serial)


def _unprinted(serial: int) -> str:
    from bot.store.intake import Sheet

    return paper.number(Sheet(serial, "ne", 1, None))


def test_numbers_of_sheets_are_read_however_they_are_written() -> None:
    assert paper.serial_of(_unprinted(17)) == 17
    assert paper.serial_of(_unprinted(17).upper().replace("-", " \u2013 ") + " ") == 17
    assert paper.serial_of(_unprinted(17).translate(str.maketrans("0123456789", "०१२३४५६७८९"))) == 17
    assert paper.serial_of("ne-1-0170") is None
    assert paper.serial_of("") is None


async def test_a_sheet_does_not_push_a_draft_away(desk: Desk, content: Content) -> None:
    person = await desk.person("caseworker")
    await person.post("/paper", language="ar", count="1")
    (row,) = await desk.rows("SELECT serial FROM paper_sheets")
    number = paper.number(await _sheet(desk, row.serial))
    await person.post("/new/keep", **form())
    page = (await person.get(f"/new?form={number}")).text
    assert content.desk_word("en", "intake.unfinished", {}) in page
    assert "Sunita" in page
    moved = await person.post("/new/drop", sheet=number)
    assert moved.headers["location"] == f"/desk/new?form={number}"
    assert "Sunita" not in (await person.get(f"/new?form={number}")).text


async def test_somebody_who_wrote_before_is_not_joined_by_her_number(world: World) -> None:
    """Her talk is not shown to whoever types her number."""
    from tests.desk.office import opened

    await world.says("9001", "he has a knife")
    async with opened(world.app) as desk:
        partner = await desk.person("partner", organisation="Shelter")
        told = await typed(partner, number=NUMBER, phone_safe="yes", write="sms")
        assert told["written"] == "1"
        (row,) = await desk.rows("SELECT count(*) AS n FROM contacts")
        assert row.n == 2
        assert "knife" not in (await partner.get(f"/case/{told['made']}")).text


def test_each_kind_has_its_questions_once_and_none_of_the_form_itself(content: Content) -> None:
    for kind in kinds(content):
        facts = [field.fact for part in parts(content, kind, "en") for field in part.fields]
        assert len(facts) == len(set(facts)), kind
        assert not {"kind", "language", "consent_store", "narrative", "reference"} & set(facts)
        assert all(f"desk.{field.ask}" in content.desk for part in parts(content, kind, "en") for field in part.fields)
    first = next(part for part in parts(content, "report_unpaid_wages", "en") if part.name == "first")
    assert [field.fact for field in first.fields] == ["country", "work", "food_and_room", "owed", "child"]


def test_every_option_has_a_word(content: Content) -> None:
    for language in ("en", "ne", "ar"):
        for kind in kinds(content):
            for part in parts(content, kind, language):
                for field in part.fields:
                    for option, label in field.options:
                        assert label != option or option.isdecimal(), (kind, field.fact, option)


def test_what_cannot_be_read_stays_in_words(content: Content) -> None:
    told = {"f.paid": "all my gold", "f.others_affected": "many", "f.work": "moon", "f.owed": "do not know"}
    assert answers(content, "report_recruitment_fraud", told, "en") == {"paid": "all my gold"}
    assert answers(content, "report_unpaid_wages", told, "en") == {"owed_words": "do not know"}
    assert answers(content, "report_confinement", told, "en")["others_affected"] == "many"


def test_a_child_is_not_overlooked_in_a_year_of_birth(clock: Clock) -> None:
    ages = {"2008": 17, "2007": 18, "17": 17, " 40 ": 40, "130": None, "2030": None, "about 20": None, "": None}
    assert clock.at.year == 2026
    assert {typed_: intake_handler._age(typed_, clock.at).get("age") for typed_ in ages} == ages
