"""The pages of content: a word about a fact decides what people are told, and lines become examples."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import polib

from bot.content import Content, marks
from bot.nlu.data import read_examples
from bot.settings import ROOT
from bot.store import contents, fallen
from bot.store.contents import Made
from bot.store.marks import Mark
from bot.store.tables import heard_lines
from desk import approvals, checking, wording
from desk.routes.content_lines import LABELS
from tests.desk.office import Desk, Person, opened
from tests.pipeline.world import World

VIOLENCE = "knowledge/rights/KW.yml:topics.violence"
WAGES = "knowledge/rights/KW.yml:topics.wages"
ROUTE = "knowledge/sms_routes.yml:countries.AE"


def _hash(content: Content, fact_id: str) -> str:
    fact = marks.find(content.knowledge, fact_id)
    assert fact is not None
    return marks.content_hash(fact)


async def _mark(desk: Desk, person: Person, fact_id: str, verdict: str, note: str = "read it") -> Any:
    seen = _hash(desk.app.content, fact_id)
    address = f"/content/facts/{checking.key_of(fact_id)}"
    return await person.post(address, verdict=verdict, note=note, hash=seen)


def _read(answer: Any) -> str:
    return html.unescape(answer.text).translate(dict.fromkeys(range(0x2066, 0x206A)))


# --- facts


async def test_the_list_shows_what_waits_and_where_it_stands(desk: Desk) -> None:
    person = await desk.person("specialist")
    page = _read(await person.get("/content/facts?state=low&group=risks&country=SA"))
    assert "countries.SA.pregnancy" in page
    assert "Found: 5" in page
    assert "Only for caseworkers" in page
    assert "countries.AE" not in page
    assert "Found: 0" in _read(await person.get("/content/facts?state=checked"))
    assert (await person.get("/content/facts?state=x&page=99999&group=<i>")).status_code == 200
    assert [line[0] for line in await desk.trail()] == ["facts.list"] * 3


async def test_every_fact_has_a_page(desk: Desk, content: Content) -> None:
    """One of each file and confidence, since there are hundreds."""
    person = await desk.person("specialist")
    seen = {}
    for row in checking.rows(content, [], desk.app.clock().date()):
        seen.setdefault((row.group, row.confidence), row)
    for row in seen.values():
        page = await person.get(f"/content/facts/{row.key}")
        assert page.status_code == 200, row.id
        assert row.place in page.text
    page = _read(await person.get(f"/content/facts/{checking.key_of(WAGES)}"))
    assert "Pay must come every month" in page
    assert "recruitmentadvisor.org" in page
    assert '<a href="https://www.recruit' not in page  # an address is text
    for language in ("ne", "hi", "ar"):
        entry = content.catalogue.entry(language, "rights.KW.wages.say")
        assert entry is not None
        assert entry.text in page


async def test_a_word_at_the_desk_decides_what_the_bot_says_next(world: World) -> None:
    async with opened(world.app) as desk:
        person = await desk.person("specialist")
        for number, verdict, told in (
            ("9001", "", "Not yet checked by a lawyer."),
            ("9002", "checked", "Checked: November 2026."),
            ("9003", "wrong", ""),
        ):
            if verdict:
                answer = await _mark(desk, person, WAGES, verdict, f"the reason for {verdict}")
                page = _read(await person.get(answer.headers["location"].removeprefix("/desk")))
                assert f"the reason for {verdict}" in page
                assert ("Held back from people" in page) == (verdict == "wrong")
            world.provider.sent.clear()
            await world.says(number, "rules", "Kuwait", "1")
            said = "\n".join(text for _, _, text in world.provider.sent)
            assert ("Pay must come every month" in said) == bool(told)
            assert told in said
        key = str(checking.key_of(WAGES))
        assert [line for line in await desk.trail() if line[0] == "facts.mark"] == [("facts.mark", "page", key)] * 2


async def test_violence_needs_two_people(desk: Desk) -> None:
    asha, bina = await desk.person("specialist"), await desk.person("supervisor")
    for person, told in ((asha, "half"), (asha, "half"), (bina, "saved")):
        answer = await _mark(desk, person, VIOLENCE, "checked")
        assert answer.headers["location"].endswith(f"told={told}")
    assert "Checked" in _read(await asha.get(f"/content/facts/{checking.key_of(VIOLENCE)}"))


async def test_bad_input_loses_nothing_and_marks_nothing(desk: Desk) -> None:
    person = await desk.person("specialist")
    address, seen = f"/content/facts/{checking.key_of(WAGES)}", _hash(desk.app.content, WAGES)
    for form, status, told in (
        ({"verdict": "", "hash": seen}, 400, "Choose what you want to say."),
        ({"verdict": "wrong", "hash": seen, "note": " "}, 400, "Please say what is wrong"),
        ({"verdict": "checked", "hash": "0" * 64}, 409, "The fact has changed meanwhile"),
    ):
        answer = await person.post(address, **{"note": "my long note", **form})
        assert answer.status_code == status
        assert told in _read(answer)
        assert ("my long note" in answer.text) == (form.get("note") is None)
    assert await desk.rows("SELECT id FROM fact_marks") == []
    assert (await person.post(f"/content/facts/{checking.key_of('x')}", verdict="wrong")).status_code == 404


async def test_what_is_used_as_the_file_says_is_told_so(desk: Desk) -> None:
    person = await desk.person("specialist")
    await _mark(desk, person, ROUTE, "wrong")
    page = _read(await person.get(f"/content/facts/{checking.key_of(ROUTE)}"))
    assert "In use as the file says" in page
    assert "A word here changes nothing that people read." in page


def test_a_check_gets_old_and_a_changed_fact_forgets_it(content: Content) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    shelter = "knowledge/contacts/KW.yml:contacts.kw_pam"

    def state(fact_id: str, days: int, *, changed: bool = False) -> checking.FactRow:
        seen = "0" * 64 if changed else _hash(content, fact_id)
        word = Mark(fact_id, seen, "checked", "", uuid4(), "Asha", now - timedelta(days=days))
        return next(r for r in checking.rows(content, [word], now.date()) if r.id == fact_id)

    assert [state(WAGES, days).state for days in (1, 365, 366)] == ["checked", "checked", "stale"]
    assert [state(shelter, days).state for days in (183, 184)] == ["checked", "stale"]
    assert state(WAGES, 366).effect == "plain"  # what was checked stays shown
    forgotten = state(WAGES, 1, changed=True)
    assert (forgotten.state, forgotten.effect, forgotten.earlier) == ("medium", "unchecked", 1)


# --- translations


async def test_a_better_text_is_proposed_and_taken_out_as_a_catalogue(desk: Desk, content: Content) -> None:
    person = await desk.person("specialist")
    address = f"/content/texts/ne/{wording.key_of('wages.safe')}"
    page = _read(await person.get(address))
    for channel in ("SMS", "WhatsApp", "Telegram"):
        assert channel in page
    answer = await person.post(address, proposal="नमस्ते। अहिले लेख्दा ढुक्क छ?", note="shorter")
    assert answer.status_code == 303
    file = polib.pofile((await person.get("/content/texts/ne/proposals.po")).text)
    assert [(e.msgctxt, e.msgstr, e.tcomment) for e in file] == [
        ("wages.safe", "नमस्ते। अहिले लेख्दा ढुक्क छ?", "Specialist: shorter")
    ]
    message = next(m for _, m in wording.Texts(content).all if m.context == "wages.safe")
    assert file[0].msgid == message.english
    assert "wages.safe" in _read(await person.get("/content/texts/ne?show=proposed"))
    assert len(polib.pofile((await person.get("/content/texts/hi/proposals.po")).text)) == 0


async def test_a_proposal_that_cannot_be_used_comes_back(desk: Desk, content: Content) -> None:
    person = await desk.person("specialist")
    texts = wording.Texts(content)
    held = next(
        r for r in texts.rows("ne") if "{" in r.message.english and r.text and "options" not in r.message.english
    )
    label = next(r for r in texts.rows("ne") if r.message.kind == "label" and r.room)
    for row, proposal, told in (
        (held, "", "Please write the better text."),
        (held, held.text, "This is the text that is there already."),
        (held, "यहाँ मान छैन", "What stands in curly brackets"),
        (label, "क" * (label.room + 1), "This text is too long here."),
    ):
        answer = await person.post(f"/content/texts/ne/{row.key}", proposal=proposal)
        assert answer.status_code == 400
        assert told in _read(answer)
        assert proposal in _read(answer)
    assert await desk.rows("SELECT id FROM text_proposals") == []
    assert (await person.get("/content/texts/xx")).status_code == 404
    assert (await person.get("/content/texts/en")).status_code == 404


async def test_every_kind_of_text_has_a_page(desk: Desk, content: Content) -> None:
    person, seen = await desk.person("specialist"), {}
    for row in wording.Texts(content).rows("ar"):
        seen.setdefault((row.message.kind, row.state, row.message.domain), row)
    for row in seen.values():
        assert (await person.get(f"/content/texts/ar/{row.key}")).status_code == 200, row.id


# --- WhatsApp


async def test_the_state_of_each_text_at_whatsapp(desk: Desk, content: Content, monkeypatch: Any) -> None:
    person = await desk.person("administrator")
    assert "No Twilio account is set" in _read(await person.get("/content/templates"))
    monkeypatch.setattr(desk.office.settings, "twilio_account_sid", "AC1")
    wanted = {r.language: r for r in approvals.rows(content, [])}
    assert {r.approval for r in wanted.values()} == {"missing"}
    async with desk.app.database.begin() as connection:
        for language, state, reason in (
            ("en", "approved", None),
            ("ne", "rejected", "TONE"),
            ("hi", "submitted", None),
        ):
            words = approvals.twilio_content.text("news", language, wanted[language].text, wanted[language].category)
            made = Made("news", language, f"HX{language}", words.made_from, state, reason)
            await contents.keep(connection, "AC1", made, desk.app.clock())
        await contents.keep(connection, "AC1", Made("news", "ar", "HXar", "older", "approved"), desk.app.clock())
    page = _read(await person.get("/content/templates"))
    states = re.findall(r'class="badge[^"]*">([^<]+)</span>', page)
    made, others = [s for s in states if s != "Not made yet"], len(content.languages) - 4
    assert made == ["Refused", "The text has changed since", "Waits for WhatsApp", "Approved"]
    assert len(states) - len(made) == others > 0
    assert "TONE" in page
    assert page.count("saathi twilio provision") == 3 + others


# --- what fell through


async def _heard(desk: Desk, *lines: str, language: str = "en", why: str = "unknown") -> None:
    async with desk.app.database.begin() as connection:
        for line in lines:
            row = fallen.row(line, language=language, intent="nlu_fallback", why=why, now=desk.app.clock())
            await connection.execute(heard_lines.insert().values(row))


async def test_lines_are_grouped_labelled_and_taken_out_for_the_loader(desk: Desk, tmp_path: Path) -> None:
    person = await desk.person("specialist")
    await _heard(desk, "where is my ticket", "my ticket where", "where is my ticket", "other words here")
    await _heard(desk, "टिकट कहाँ छ", language="ne", why="answer")
    page = _read(await person.get("/content/lines"))
    assert "Found: 4" in page
    assert page.index("where is my ticket") < page.index("my ticket where") < page.index("other words here")
    assert "Times: 2, last on" in page
    for line, language, label in (
        ("where is my ticket", "en", "ask_reintegration"),
        ("other words here", "en", "drop"),
        ("टिकट कहाँ छ", "ne", "nlu_fallback"),
    ):
        answer = await person.post("/content/lines", line=line, heard_in=language, language=language, label=label)
        assert answer.status_code == 303
    assert "Found: 1" in _read(await person.get("/content/lines"))
    assert "Found: 2" in _read(await person.get("/content/lines?state=done"))
    assert await desk.rows("SELECT id FROM heard_lines WHERE line = 'other words here'") == []
    for language, text, intent in (
        ("en", "where is my ticket", "ask_reintegration"),
        ("ne", "टिकट कहाँ छ", "nlu_fallback"),
    ):
        file = tmp_path / language / "labelled.yml"
        file.parent.mkdir()
        file.write_bytes((await person.get(f"/content/nlu.yml?language={language}")).content)
        assert [(e.text, e.intent, e.language) for e in read_examples(file)] == [(text, intent, language)]
    assert "drop" not in (await person.get("/content/nlu.yml")).text


async def test_a_label_that_is_none_is_refused_and_the_form_comes_back(desk: Desk) -> None:
    person = await desk.person("specialist")
    await _heard(desk, "where is my ticket")
    for form, status in (
        ({"label": "fly", "language": "en"}, 400),
        ({"label": "greet", "language": ""}, 400),
        ({"label": "greet", "language": "en", "line": "never heard"}, 404),
    ):
        answer = await person.post("/content/lines", **{"line": "where is my ticket", "heard_in": "en", **form})
        assert answer.status_code == status
    assert await desk.rows("SELECT id FROM line_labels") == []
    assert set(LABELS) >= {e.intent for e in read_examples(ROOT / "nlu_data")}


async def test_the_overview_counts_and_is_for_those_who_keep_content(desk: Desk) -> None:
    await _heard(desk, "where is my ticket")
    person = await desk.person("specialist")
    page = _read(await person.get("/content"))
    assert "Waiting for a label: 1" in page
    assert re.search(r"Waiting for a check: \d+", page)
    assert "Nobody yet" in page
    caseworker = await desk.person("caseworker")
    assert "/desk/content" not in (await caseworker.get("/")).text
    assert (await caseworker.get("/content")).status_code == 403
