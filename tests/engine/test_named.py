"""Where a name was asked for, letters alone are no danger; what a rule saw or what a classifier is sure of is."""

from __future__ import annotations

import pytest

from bot.conductor.arrived import named
from bot.engine.flow import Ask, Fill
from bot.engine.inputs import Danger, Heard, Meaning

NAME = Ask("name", "Which name?", fills=(Fill("name", "text", {"letters": True}),))
WORDS = Ask("words", "Tell us.", fills=(Fill("words", "text"),))


def heard(text: str, confidence: float = 0.7, tier: str = "ask", rule: str = "") -> Heard:
    """Words that were taken for violence."""
    return Heard(text, Meaning("report_violence", confidence, danger=Danger("report_violence", tier, rule)))


@pytest.mark.parametrize("text", ["Marabe", "Ramesh K. Marabe", "रमेश मारबे"])
def test_a_name_is_a_name(text: str) -> None:
    assert named(heard(text), NAME) == Heard(text, Meaning())


@pytest.mark.parametrize(
    "given",
    [
        heard("help me", rule="plea"),
        heard("locked in", tier="page", rule="locked_in"),
        heard("i am afraid", 0.95),
        heard("he does it", tier="page"),
        heard("he does it to me again"),
        heard("room 12"),
    ],
)
def test_what_is_more_than_a_name_stands(given: Heard) -> None:
    assert named(given, NAME) == given


def test_at_any_other_question_nothing_is_doubted() -> None:
    given = heard("Marabe")
    assert named(given, WORDS) == given
    assert named(given, None) == given
