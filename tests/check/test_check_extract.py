"""Extraction: which texts, in which order, with which notes; what becomes of translations when flows change.

Law: run on files, read back with the gettext reader that the service uses.
"""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from bot.check.extract import POT, write_pot
from bot.content import ContentError
from tests.check.bad_content import CATALOGUE, NEPALI, flow, same, translate, write

A = "flows/a.yml"
STEPS = """
  - do: alarm
    action: cases.raise_alarm
    with: {kind: report_violence}
    on: {raised: tongue}
  - ask: tongue
    say: Which language?
    options: languages
  - ask: b
    say: How are you?
    sms: How? {options}
    safety: true
    sensitivity: private
    options:
      - {id: well, label: Well, sms: well, synonyms: [good, fine]}
      - {id: ill, label: Ill}
  - ask: since
    say: Since when? {reference}
    type: text
    skip: {label: I will not say, sms: skip, synonyms: [no]}
"""
FILES = {A: flow("a", STEPS, "level: danger")}


def entries(path: Path) -> dict[str, polib.POEntry]:
    """The entries of a file by context, in its order."""
    return {e.msgctxt: e for e in polib.pofile(str(path), encoding="utf-8") if not e.obsolete}


def template(root: Path) -> dict[str, polib.POEntry]:
    """The entries of the template."""
    write_pot(root)
    return entries(root / POT)


def test_every_text_has_its_context_and_languages_keep_their_names(tmp_path: Path) -> None:
    found = template(write(tmp_path, {**NEPALI, **FILES}))
    own = {context: e.msgid for context, e in found.items() if context.startswith("a.")}
    assert list(own.items()) == [
        ("a.tongue", "Which language?"),
        ("a.b", "How are you?"),
        ("a.b#sms", "How? {options}"),
        ("a.b#option.well", "Well"),
        ("a.b#option.well.sms", "well"),
        ("a.b#option.well.synonyms", "good, fine"),
        ("a.b#option.ill", "Ill"),
        ("a.b#option.ill.synonyms", "Ill"),
        ("a.since", "Since when? {reference}"),
        ("a.since#option.skip", "I will not say"),
        ("a.since#option.skip.sms", "skip"),
        ("a.since#option.skip.synonyms", "no"),
    ]
    assert {"system.retry", "system.retry#sms", "chrome.list_label", "chrome.more"} <= set(found)
    assert "chrome.more#sms" not in found


def test_each_text_says_where_it_stands_and_what_its_limits_are(tmp_path: Path) -> None:
    found = template(write(tmp_path, FILES))
    assert found["a.b#sms"].occurrences == [(A, "11")]
    assert "at most 70 characters in this script, one segment" in found["a.b#sms"].comment
    assert "70" not in found["a.b"].comment
    assert "at most 70 characters" in found["a.since"].comment  # it has no short variant
    assert "at most 20 characters" in found["a.b#option.ill"].comment
    assert "Saathi-Safety" in found["a.b"].comment
    assert "Saathi-Sensitivity: private" in found["a.b"].comment
    assert "Saathi-Discreet" in found["a.since#option.skip"].comment
    assert "Saathi-Keep: {reference}" in found["a.since"].comment
    assert "Saathi" not in found["chrome.more"].comment


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path, {**NEPALI, **FILES})
    write_pot(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("messages.po*")}
    assert sorted(path.name for path in before) == ["messages.po", "messages.pot"]
    write_pot(tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("messages.po*")}
    assert not any(b"Date" in text for text in before.values())


def test_a_folder_is_a_language_before_it_says_how_it_is_spoken_to(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "locales" / "ar").mkdir()
    write_pot(tmp_path)
    made = sorted(p.parent.parent.name for p in tmp_path.rglob("messages.po"))
    assert made == ["ar"]
    path = tmp_path / "locales/ar/LC_MESSAGES/messages.po"
    assert polib.pofile(str(path)).metadata["Language"] == "ar"
    assert list(entries(path)) == list(entries(tmp_path / POT))
    assert all(not e.msgstr for e in entries(path).values())


def translated(root: Path, words: dict[str, str]) -> None:
    """The Nepali catalogue as extraction makes it, with some translations."""
    write_pot(root)
    catalogue = polib.pofile(str(root / CATALOGUE), encoding="utf-8")
    for entry in catalogue:
        entry.msgstr = words.get(entry.msgctxt, "")
        entry.tcomment = "seen" if entry.msgstr else ""
    catalogue.save(str(root / CATALOGUE))


def change(root: Path, old: str, new: str) -> polib.POEntry:
    """Another wording in the flow, extracted; gives the Nepali entry of a.b."""
    path = root / A
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    write_pot(root)
    return entries(root / CATALOGUE)["a.b"]


def test_a_translation_outlives_changes_of_its_english(tmp_path: Path) -> None:
    write(tmp_path, {**NEPALI, **FILES})
    translated(tmp_path, {"a.b": "कस्तो छ?", "a.since": "कहिलेदेखि?"})
    kept = change(tmp_path, "How are you?", "How is it?")
    assert (kept.msgid, kept.msgstr, kept.fuzzy) == ("How is it?", "कस्तो छ?", True)
    assert (kept.previous_msgid, kept.tcomment) == ("How are you?", "seen")
    again = change(tmp_path, "How is it?", "How is it now?")
    assert (again.msgid, again.previous_msgid, again.fuzzy) == ("How is it now?", "How are you?", True)
    back = change(tmp_path, "How is it now?", "How are you?")
    assert (back.msgid, back.msgstr, back.previous_msgid, back.fuzzy) == ("How are you?", "कस्तो छ?", None, False)
    other = entries(tmp_path / CATALOGUE)["a.since"]
    assert (other.msgstr, other.fuzzy) == ("कहिलेदेखि?", False)


def test_a_translators_own_doubt_stays(tmp_path: Path) -> None:
    write(tmp_path, {**NEPALI, **FILES})
    translated(tmp_path, {"a.b": "कस्तो छ?"})
    catalogue = polib.pofile(str(tmp_path / CATALOGUE), encoding="utf-8")
    next(e for e in catalogue if e.msgctxt == "a.b").flags = ["fuzzy"]
    catalogue.save(str(tmp_path / CATALOGUE))
    write_pot(tmp_path)
    assert entries(tmp_path / CATALOGUE)["a.b"].fuzzy


def test_what_no_flow_says_any_more_is_dropped_and_what_is_new_stands_empty(tmp_path: Path) -> None:
    write(tmp_path, {**NEPALI, **FILES})
    translated(tmp_path, {"a.since": "कहिलेदेखि?"})
    change(tmp_path, "ask: since", "ask: from_when")
    found = entries(tmp_path / CATALOGUE)
    assert "a.since" not in found
    assert "a.since#option.skip" not in found
    assert found["a.from_when"].msgstr == ""
    assert "कहिलेदेखि" not in (tmp_path / CATALOGUE).read_text("utf-8")


def test_content_that_cannot_be_loaded_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {**NEPALI, A: flow("b", "  - end")})
    with pytest.raises(ContentError):
        write_pot(tmp_path)
    assert not (tmp_path / POT).exists()


FACT = {"knowledge/rights/KW.yml": "words: [say]\ntopics:\n  wages: {say: Your pay comes every month.}\n"}
RIGHTS_PO = "locales/ne/LC_MESSAGES/rights.po"


def test_words_of_knowledge_have_a_catalogue_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, {**NEPALI, **FILES, **FACT})
    write_pot(tmp_path)
    assert list(entries(tmp_path / "locales/rights.pot")) == ["rights.KW.wages.say"]
    found = entries(tmp_path / RIGHTS_PO)["rights.KW.wages.say"]
    assert (found.msgid, found.msgstr) == ("Your pay comes every month.", "")
    assert found.occurrences == [("knowledge/rights/KW.yml", "3")]
    assert "rights.KW.wages.say" not in entries(tmp_path / CATALOGUE)


def test_an_untranslated_fact_is_a_problem_at_its_catalogue(tmp_path: Path) -> None:
    translate(tmp_path, FACT, {})
    same(tmp_path, ((f"{RIGHTS_PO}:9", "rights.KW.wages.say is not translated"),))


def test_a_catalogue_without_facts_is_a_problem(tmp_path: Path) -> None:
    translate(tmp_path, FACT, {})
    (tmp_path / "knowledge/rights/KW.yml").unlink()
    same(tmp_path, ((f"{RIGHTS_PO}:1", "knowledge has no words called rights"),))
