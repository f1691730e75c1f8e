"""Who wants to go home is asked what a person would ask her, in every language: a rule for all that was written, beside
which the classifier's doubt does not count; what is graver in it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.nlu.classifier import Ranked
from bot.nlu.danger import DangerFloor
from bot.nlu.understanding import Understanding
from bot.nlu.wishes import Wishes
from bot.settings import ROOT
from tests.content.test_hearing import said
from tests.content.whole import whole

LINES = yaml.safe_load((Path(__file__).parent / "home_lines.yml").read_text("utf-8"))
ROWS = [(code, line) for code, lines in LINES.items() for line in lines]
HOME = "report_status_problem"
LEAST = 4


class Doubting:
    """A classifier that takes everything for what may be self-harm, and is not sure."""

    def parse_many(self, texts: Iterable[str]) -> Sequence[Ranked]:
        """The same for each."""
        return [Ranked((("express_self_harm", 0.55), ("goodbye", 0.3)))] * len(list(texts))


@pytest.fixture(scope="module")
def doubting() -> Understanding:
    model: Any = Doubting()
    return Understanding(model, DangerFloor.load(ROOT / "nlu_data"), Wishes.load(ROOT / "nlu_data" / "wishes.yml"))


@pytest.mark.parametrize(("language", "line"), ROWS)
def test_all_who_want_to_go_home_are_understood_alike(doubting: Understanding, language: str, line: str) -> None:
    (meaning,) = doubting.understand([line])
    assert (meaning.intent, meaning.danger) == (HOME, None)
    assert said("status_problem.wish", line, language) == "home"


@pytest.mark.parametrize(
    "line",
    ["i want to go home, he beats me", "mujhe ghar jana hai wo mujhe marta hai", "i want to go home. i want to die"],
)
def test_what_is_graver_stands(doubting: Understanding, line: str) -> None:
    (meaning,) = doubting.understand([line])
    assert meaning.danger is not None


@pytest.mark.parametrize(
    "line", ["i want to go home and never come back", "ghar jana hai par malik passport nahi deta"]
)
def test_who_tells_more_is_judged_by_all_of_it(doubting: Understanding, line: str) -> None:
    (meaning,) = doubting.understand([line])
    assert meaning.danger is not None
    assert meaning.danger.tier == "ask"


def test_every_language_has_lines() -> None:
    assert set(LINES) == set(whole().languages)
    assert all(len(lines) >= LEAST for lines in LINES.values())
