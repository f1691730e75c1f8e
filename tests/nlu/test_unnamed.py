"""What may be kept of a line: words of our own examples, and nothing that tells of somebody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.nlu import unnamed
from bot.nlu.data import read_examples
from bot.nlu.labelled import add, alike, as_yaml
from bot.nlu.unnamed import MOST, Unnamed
from bot.settings import ROOT


@pytest.fixture(scope="module")
def hide() -> Unnamed:
    return unnamed.load(ROOT)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Where do I get the TICKET home?", "where do i get the ticket home"),
        ("my name is Help Me and I want a ticket", "my name _ and i want a ticket"),  # whatever stands behind it
        ("can you help my brother Dipesh in Kuwait with the ticket", "can you help my brother _ in _ with the ticket"),
        ("please call me 98 4567 1234 now", "please call me _ now"),
        ("please look at saathi.example/x now please", "please look at _ now please"),
        ("please write to a@b.example now", "please write to _ now"),
        ("code 4071 9982 does not work for me", "code _ does not work for me"),
        ("कोड ४०७१ काम गर्दैन", "_ काम गर्दैन"),
        ("राम दुबईमा काम गर्छ", "_ काम गर्छ"),
        ("أنا في الكويت الآن", "أنا في _ الآن"),
        ("Maya and Ali work here with me", "_ and _ work here with me"),
        ("zzz qqq www", ""),  # nothing of it is known
        ("Dipesh help Prakash", ""),  # too little is left
        ("12345", ""),
        ("?", ""),
        ("", ""),
        ("look [here](place) now please", "look _ now please"),
        (" ".join(["i"] * (MOST + 1)), ""),  # a story
    ],
)
def test_only_words_of_ours_stay(hide: Unnamed, line: str, kept: str) -> None:
    assert hide.strip(line) == kept


def test_no_name_and_no_place_stays_whatever_our_examples_hold(hide: Unnamed) -> None:
    for word in hide.private | hide.places:
        assert word not in hide.strip(f"please help me {word} now").split()


def test_half_of_what_people_write_is_kept_in_every_language(hide: Unnamed) -> None:
    """Our examples stand for what people write, each left out of the list in turn would be slow: all are known here, so
    what is lost is lost to names, numbers and places alone."""
    for language in ("en", "ne", "hi", "ar"):
        lines = [e.text for e in read_examples(ROOT / "nlu_data" / language) if e.language == language]
        assert sum(bool(hide.strip(line)) for line in lines) > 0.9 * len(lines)


# --- labels as Rasa data


@dataclass(frozen=True)
class Labelled:
    line: str
    label: str


LINES = [
    Labelled("where is the ticket", "ask_reintegration"),
    Labelled("टिकट कहाँ छ", "ask_reintegration"),
    Labelled("_ please look", "nlu_fallback"),
    Labelled("التذكرة أين", "ask_reintegration"),
    Labelled("don't go", "nlu_fallback"),
]


def test_what_was_labelled_is_read_by_the_loader_as_it_was_said(tmp_path: Path) -> None:
    file = tmp_path / "labelled.yml"
    file.write_text(as_yaml(LINES), "utf-8")
    assert {(e.text, e.intent) for e in read_examples(file)} == {(one.line, one.label) for one in LINES}
    assert as_yaml([]).endswith("nlu: []\n")


def test_lines_are_added_to_the_data_of_their_language_once(tmp_path: Path) -> None:
    folder = tmp_path / "ne"
    assert add(folder, LINES[:3]) == 3
    assert add(folder, LINES) == 2
    assert add(folder, LINES) == 0
    found = read_examples(tmp_path)
    assert {(e.text, e.intent) for e in found} == {(one.line, one.label) for one in LINES}
    assert {e.language for e in found} == {"ne"}


def test_lines_with_about_the_same_words_stand_together() -> None:
    lines = ["paisa kahile aaucha", "hello there friend", "पैसा कहिले आउँछ", "_ paisa kahile", "_"]
    assert alike(lines, str) == [
        ["paisa kahile aaucha", "पैसा कहिले आउँछ", "_ paisa kahile"],
        ["hello there friend"],
        ["_"],
    ]
