"""Who says that there is no food is never asked whether there is, nor what it is about: in every language, in its own
letters and in Latin ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.content.test_hearing import said
from tests.content.whole import whole

LINES = yaml.safe_load((Path(__file__).parent / "food_lines.yml").read_text("utf-8"))
NONE = [(code, line) for code, ways in LINES.items() for way in ("native", "latin") for line in ways.get(way, ())]
FED = [(code, line) for code, ways in LINES.items() for line in ways["fed"]]
LEAST = 6  # lines of a language in one kind of letters


@pytest.mark.parametrize(("language", "line"), NONE)
def test_no_food_is_heard_wherever_it_would_be_asked(language: str, line: str) -> None:
    assert said("stranded.food_water", line, language) == "no"
    assert said("conditions.food_water", line, language) == "no"
    assert said("conditions.condition", line, language) == "food"


@pytest.mark.parametrize(("language", "line"), FED)
def test_who_has_food_is_not_taken_for_who_has_none(language: str, line: str) -> None:
    assert said("stranded.food_water", line, language) == "-"


def test_every_language_has_lines_in_each_of_its_letters() -> None:
    assert set(LINES) == set(whole().languages)
    for code, ways in LINES.items():
        for letters in ("latin",) if whole().languages[code].name.isascii() else ("native", "latin"):
            assert len(ways[letters]) >= LEAST, f"{code}: {letters}"
