"""What words are about: native and typed alike, articles, short stems, slips of authors, and that a model learns it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.classifier import load
from bot.nlu.data import DataError
from bot.nlu.ideas import Ideas, read_ideas
from bot.nlu.normalise import fold_word, normalise
from bot.nlu.training import train_in_child
from tests.nlu.conftest import NLU_DATA
from tests.nlu.test_danger_lines import LANGUAGES


def write(folder: Path, text: str) -> Path:
    (folder / "xx").mkdir()
    (folder / "xx" / "words.yml").write_text(text)
    return folder


def about(ideas: Ideas, raw: str) -> set[str]:
    word = normalise(raw)
    return {ideas.names[i] for i in ideas.of(word, fold_word(word))}


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("talab", {"SALARY"}),
        ("तलबको", {"SALARY"}),  # any ending, and the other script through the Latin form
        ("TALABBB", {"SALARY"}),
        ("tal", set()),
        ("ot", {"OVERTIME"}),
        ("other", set()),  # short stems stand for themselves alone
        ("padi", {"SALARY"}),
        ("padikk", set()),  # `=` forbids an ending
        ("الراتب", {"SALARY"}),
        ("والراتب", {"SALARY"}),
        ("برواتبنا", set()),
        ("elrateb", {"SALARY"}),
        ("", set()),
        ("😀", set()),
    ],
)
def test_words(tmp_path: Path, word: str, names: set[str]) -> None:
    text = 'SALARY: [talab, "padi=", راتب, rateb]\nOVERTIME: [ot]\n'
    assert about(read_ideas(write(tmp_path, text)), word) == names


def test_the_longest_stem_is_meant(tmp_path: Path) -> None:
    ideas = read_ideas(write(tmp_path, "WORK: [labour]\nCAMP: [labourcamp]\n"))
    assert about(ideas, "labourcamps") == {"CAMP"}
    assert about(ideas, "labourers") == {"WORK"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("salary: [talab]\n", "words.yml:1: a concept is written in capitals: salary"),
        ("SALARY: [talab, two words]\n", "words.yml:1: SALARY: one word, with letters: two words"),
        ("SALARY:\n- talab\n- '!'\n", "words.yml:3: SALARY: one word, with letters: !"),
        ("SALARY: talab\n", "must be a list"),
        ("", "words.yml:1: no words here"),
    ],
)
def test_a_slip_is_said_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        read_ideas(write(tmp_path, text))
    assert problem in str(caught.value)


def test_what_is_written_is_read_again() -> None:
    ideas = read_ideas(NLU_DATA)
    again = Ideas.parse(ideas.dump())
    assert again.names == ideas.names
    assert again.dump() == ideas.dump()
    assert read_ideas([NLU_DATA / "danger.yml"]).names == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_for_what_matters(language: str) -> None:
    names = set(read_ideas(NLU_DATA / language).names)
    needed = {"SALARY", "PASSPORT", "BEAT", "LOCK", "DIE", "POLICE", "PHONE", "MONTH", "CHEAT", "SICK", "BLOOD", "FOOD"}
    assert needed - names == set()
    assert len(names) >= 130


@pytest.mark.slow
def test_examples_in_one_language_teach_the_others(tmp_path: Path) -> None:
    (write(tmp_path, "SALARY: [salary, talab]\nBEAT: [beat, kut]\n") / "xx" / "nlu.yml").write_text(
        "nlu:\n- intent: pay\n  examples: |\n    - no salary\n    - salary late\n    - my salary\n"
        "- intent: harm\n  examples: |\n    - beat me\n    - he beat her\n    - they beat\n"
    )
    train_in_child([tmp_path], tmp_path / "m.npz")
    model = load(tmp_path / "m.npz")
    assert (model.parse("talab").intent, model.parse("kutyo").intent) == ("pay", "harm")
