"""The rules over facts: each fault is found where it stands, and good facts have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.check import fact_texts, facts, run
from bot.content import load
from tests.check.bad_content import expect, translate, write
from tests.fakes import once

SOURCES = 'mou: {publisher: "a ministry", url: null, date: null, kind: "web page"}\n'
TOPICS = "words: [say]\nbuttons: [say]\ntopics:\n  wages: {say: Pay, heard: {en: [pay]}}\n"
NEEDS = "needs:\n  labour: {heard: {en: [labour office]}}\n  shelter: {heard: {en: [shelter]}}\n"
WARNINGS = "words: [say]\nwarnings:\n  labour: {say: Talk to us, source: [mou], confidence: medium}\n"
RIGHT = """words: [say]
reviewer: null
topics:
  wages:
    say: "Pay comes every month."
    source: [mou]
    confidence: medium
    checked_on: null
    complain:
      - {sector: any, contact: kw_office}
"""
CONTACT = """reviewer: null
contacts:
  kw_office:
    label: Work office
    need: labour
    sectors: [company]
    numbers: ["112", "+977-1 234"]
    warning: labour
    source: [mou]
    confidence: high
    checked_on: null
"""
GOOD = {
    "knowledge/sources.yml": SOURCES,
    "knowledge/topics.yml": TOPICS,
    "knowledge/needs.yml": NEEDS,
    "knowledge/warnings.yml": WARNINGS,
    "knowledge/rights/KW.yml": RIGHT,
    "knowledge/contacts/KW.yml": CONTACT,
}
FACT, NUMBER = "knowledge/rights/KW.yml", "knowledge/contacts/KW.yml"


def test_good_facts_have_no_problem(tmp_path: Path) -> None:
    expect(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "message"),
    [
        (FACT, "source: [mou]", "source: [rumour]", f"{FACT}:6", "sources.yml has no source rumour"),
        (FACT, "source: [mou]", "source: mou", f"{FACT}:6", "says no source"),
        (FACT, "confidence: medium", "confidence: sure", f"{FACT}:7", "one of high, medium, low: sure"),
        (FACT, "checked_on: null", "checked_on: last week", f"{FACT}:8", "is a day"),
        (FACT, "contact: kw_office", "contact: kw_nobody", f"{FACT}:10", "has no kw_nobody"),
        (FACT, "sector: any", "sector: farm", f"{FACT}:10", "a sector is one of"),
        (FACT, "  wages:", "  weather:", f"{FACT}:4", "no topic weather"),
        (NUMBER, '"112"', '"call us"', f"{NUMBER}:7", "no number in quotes"),
        (NUMBER, '"112"', "112", f"{NUMBER}:7", "no number in quotes"),
        (NUMBER, "numbers:", "abroad:", f"{NUMBER}:7", "begins with +"),
        (NUMBER, "need: labour", "need: help", f"{NUMBER}:5", "no need help"),
        (NUMBER, "warning: labour", "warning: none", f"{NUMBER}:8", "no warning none"),
        ("knowledge/needs.yml", "[shelter]", "[labour office]", "knowledge/needs.yml:3", "is heard as labour already"),
        ("knowledge/topics.yml", "en: [pay]", "xx: [pay]", "knowledge/topics.yml:4", "no words of en for wages"),
    ],
)
def test_a_fault_is_found_where_it_stands(
    tmp_path: Path, file: str, old: str, new: str, place: str, message: str
) -> None:
    root = write(tmp_path, {**GOOD, file: GOOD[file].replace(old, new, 1)})
    found = [(f"{p.file}:{p.line}", p.message) for p in run(root)]
    assert [1 for there, what in found if there == place and message in what], found


def test_a_day_without_a_name_is_no_signature(tmp_path: Path) -> None:
    signed = RIGHT.replace("checked_on: null", "checked_on: 2026-11-20")
    expect(tmp_path, {**GOOD, FACT: signed}, (f"{FACT}:8", "is checked by nobody"))
    expect(tmp_path, {**GOOD, FACT: signed.replace("reviewer: null", "reviewer: A. Lawyer")})


def test_a_company_office_is_nothing_for_a_home(tmp_path: Path) -> None:
    more = f"{RIGHT}      - {{sector: domestic, contact: kw_office}}\n"
    expect(tmp_path, {**GOOD, FACT: more}, (f"{FACT}:11", "does not help who works in a home"))


def test_a_shelter_shows_no_place(tmp_path: Path) -> None:
    shelter = CONTACT.replace("need: labour", "need: shelter").replace("warning: labour", "web: [a.example]")
    expect(tmp_path, {**GOOD, NUMBER: shelter}, (f"{NUMBER}:8", "no `web:` here"))
    street = CONTACT.replace("need: labour", "need: shelter").replace("Work office", "House in Palm street")
    expect(tmp_path, {**GOOD, NUMBER: street}, (f"{NUMBER}:4", "its label shows where it is"))


def test_statements_and_buttons_have_their_length(tmp_path: Path) -> None:
    long = RIGHT.replace("Pay comes every month.", "Pay comes. " * 30)
    expect(tmp_path, {**GOOD, FACT: long}, (f"{FACT}:5", "is longer than 320 characters"))
    wide = TOPICS.replace("say: Pay", "say: Pay and all that is due to you")
    expect(tmp_path, {**GOOD, "knowledge/topics.yml": wide}, ("knowledge/topics.yml:4", "longer than 24 characters"))
    menu = TOPICS.replace("say: Pay", "say: Menu")
    expect(tmp_path, {**GOOD, "knowledge/topics.yml": menu}, ("knowledge/topics.yml:4", "means menu everywhere else"))


def test_a_translation_keeps_the_figures(tmp_path: Path) -> None:
    """In digits of any script; below three a language may have a word."""
    figures = RIGHT.replace("Pay comes every month.", "Within 7 days, KD 1,500, 2 weeks.")
    heard = {k: v.replace("{en: [", "{ne: [क], en: [") for k, v in GOOD.items()}
    heard["knowledge/needs.yml"] = heard["knowledge/needs.yml"].replace(
        "{ne: [क], en: [shelter", "{ne: [ख], en: [shelter"
    )
    files = {**heard, FACT: figures}
    translate(tmp_path, files, {})
    po = tmp_path / "locales/ne/LC_MESSAGES/rights.po"
    good = po.read_text("utf-8").replace('msgstr ""\n\n', "").rstrip()
    assert good.endswith('msgstr ""')
    content = load_with(tmp_path, good, "७ दिनभित्र, KD १,५००, दुई हप्ता।")
    assert content == []
    assert content_lacks(tmp_path, good, "७ दिनभित्र, KD १,५०, दुई हप्ता।") == ["1,500"]


def load_with(root: Path, catalogue: str, words: str) -> list[str]:
    """What the rule of texts says when the statement is translated so."""
    path = root / "locales/ne/LC_MESSAGES/rights.po"
    path.write_text(f'{catalogue[: -len(chr(34) * 2)]}"{words}"\n', "utf-8")
    return [p.message for p in fact_texts.check(load(root), root)]


def content_lacks(root: Path, catalogue: str, words: str) -> list[str]:
    """The figures that are missing."""
    return [m.rpartition(" ")[2] for m in load_with(root, catalogue, words)]


def test_what_waits_for_a_human_is_listed(tmp_path: Path) -> None:
    waiting = facts.unchecked(load(write(tmp_path, GOOD)))
    assert waiting == [
        "knowledge/rights/KW.yml:5: medium: topics.wages",
        "knowledge/warnings.yml:3: medium: warnings.labour",
    ]
    signed = RIGHT.replace("checked_on: null", "checked_on: 2026-11-20").replace("reviewer: null", "reviewer: A. L.")
    assert len(facts.unchecked(load(write(tmp_path, {**GOOD, FACT: signed})))) == 1
    assert len(facts.unchecked(once.written())) > 300
