"""Names of people are no danger, though their letters are those of a blow; what stands beside one is read as ever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.nlu.classifier import Ranked
from bot.nlu.danger import DangerFloor
from bot.nlu.data import DataError
from bot.nlu.names import Names
from bot.nlu.understanding import Understanding
from bot.settings import ROOT

NAMES = ["Ramesh Thapa", "Thapa", "Vikash Thapar", "Thapar", "थापा", "रमेश थापा", "Kutu Lama", "Sita Thapa Magar,"]


class ByLetters:
    """A classifier that goes by letters: a blow in everything that has a name of ours, or a hand."""

    def parse_many(self, texts: Iterable[str]) -> Sequence[Ranked]:
        """Danger where the letters are."""
        blow, calm = Ranked((("report_violence", 0.9), ("greet", 0.05))), Ranked((("greet", 0.9),))
        return [blow if any(s in t.lower() for s in ("thap", "थाप", "kutu", "hand")) else calm for t in texts]


@pytest.fixture(scope="module")
def by_letters() -> Understanding:
    model: Any = ByLetters()
    floor = DangerFloor.load(ROOT / "nlu_data")
    return Understanding(model, floor, names=Names.load(ROOT / "nlu_data" / "names.yml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_bare_name_is_no_danger(by_letters: Understanding, name: str) -> None:
    (meaning,) = by_letters.understand([name])
    assert meaning.danger is None
    assert meaning.intent != "report_violence"


@pytest.mark.parametrize(
    ("line", "tier"),
    [("Thapa raised his hand", "ask"), ("Thapa beats me", "page"), ("sir ne thapar mara", "page")],
)
def test_what_is_told_of_somebody_with_a_name_is_heard(by_letters: Understanding, line: str, tier: str) -> None:
    (meaning,) = by_letters.understand([line])
    assert meaning.danger is not None
    assert meaning.danger.tier == tier


def test_another_that_is_asked_first_is_asked_again_too(by_letters: Understanding) -> None:
    other: Any = ByLetters()
    named, told = by_letters.under(other).understand(["Ramesh Thapa", "Thapa raised his hand"])
    assert named.danger is None
    assert told.danger is not None


def test_names_are_single_words(tmp_path: Path) -> None:
    file = tmp_path / "names.yml"
    file.write_text("names: [ram thapa]", "utf-8")
    with pytest.raises(DataError, match=r"names\.yml:1: a name is one word"):
        Names.load(file)
    assert Names.load(tmp_path / "none.yml") == Names()
