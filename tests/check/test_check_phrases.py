"""What is heard inside free text: wrong in one place, and the rule says where.

Law: the whole check runs on it, and nothing else may speak.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.check import run
from bot.content import ContentError, load
from bot.settings import ROOT
from tests.check.bad_content import GOOD, expect, flow, write

A = "flows/a.yml"
LEVEL = "level: grievance"


def ask(one: str, two: str, more: str = "") -> str:
    return (
        f"  - ask: b\n    say: B?\n{more}    options:\n      - {{id: one, label: One, heard: [{one}]}}\n"
        f"      - {{id: two, label: Two, heard: [{two}]}}\n  - end"
    )


@pytest.mark.parametrize(
    ("one", "two"),
    [("with ... boss", "with my agent"), ("boss/madam has", "no boss"), ("pay*", "rest*"), ("boss", "boss has agent")],
)
def test_clear_phrases(tmp_path: Path, one: str, two: str) -> None:
    expect(tmp_path, {A: flow("a", ask(f'"{one}"', f'"{two}"'), LEVEL)})


@pytest.mark.parametrize(("one", "two"), [("boss has", "boss has"), ("boss/agent", "agent"), ("pay*", "payment")])
def test_a_phrase_of_two_options(tmp_path: Path, one: str, two: str) -> None:
    found = run(write(tmp_path, {A: flow("a", ask(f'"{one}"', f'"{two}"'), LEVEL)}))
    assert found
    assert all((p.file, p.line) == (A, 4) and "alone" in p.message for p in found)


def test_what_is_never_guessed(tmp_path: Path) -> None:
    wanted = (f"{A}:4", "is always asked: nothing may be `heard:` for it")
    expect(tmp_path, {A: flow("a", ask('"boss"', '"agent"', "    safety: true\n"), LEVEL)}, wanted)
    expect(tmp_path, {A: flow("a", ask('"boss"', '"agent"', "    slot: agreed\n"), LEVEL)}, wanted)


def test_what_means_danger_is_for_nobody_to_hear(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "nlu_data", tmp_path / "nlu_data")
    root = write(tmp_path, {A: flow("a", ask('"beats me"', '"late"'), LEVEL)})
    assert [(p.line, "report_violence" in p.message) for p in run(root)] == [(4, True)]


@pytest.mark.parametrize("raw", ["... boss", "boss ...", "*", "a ... ... b"])
def test_a_phrase_that_cannot_be_read_stops_the_start(tmp_path: Path, raw: str) -> None:
    root = write(tmp_path, {A: flow("a", ask(f'"{raw}"', '"late"'), LEVEL)})
    with pytest.raises(ContentError, match=r"phrase|between"):
        load(root)


def test_phrases_belong_to_options_or_to_questions_for_words(tmp_path: Path) -> None:
    steps = '  - ask: b\n    say: B?\n    type: country\n    heard: ["there"]\n  - end'
    with pytest.raises(ContentError, match="belongs to an option"):
        load(write(tmp_path, {A: flow("a", steps, LEVEL)}))


@pytest.mark.parametrize("name", ["stop", "nothing_there"])
def test_sentences_that_start_nothing(tmp_path: Path, name: str) -> None:
    english = "locales/en/language.yml"
    table = GOOD[english] + f'sentences:\n  {name}: ["go ... away"]\n'
    expect(tmp_path, {english: table}, (f"{english}:1", f"`sentences:` has phrases for {name}"))
