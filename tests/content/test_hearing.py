"""What is heard inside free text: phrases of flows and catalogues, kin, lines of lists, sentences about us."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.engine.flow import Ask
from bot.engine.phrases import heard
from tests.content.whole import whole

LINES = yaml.safe_load((Path(__file__).parent / "heard_lines.yml").read_text("utf-8"))
ROWS = [(language, *row) for language, rows in LINES.items() for row in rows]


def said(step: str, text: str, language: str = "en") -> str:
    """The option that is heard, `words` for a question for words, "-" for nothing."""
    name, _, step_id = step.partition(".")
    flow = whole().flows.by_name[name]
    ask = next(s for s in flow.steps if isinstance(s, Ask) and s.id == step_id)
    words = whole().words(language)
    if not ask.choices:
        return "words" if heard({"words": words.heard(step, None)}, text) else "-"
    return heard({c.id: words.heard(step, c) for c in ask.choices if c.heard}, text) or "-"


@pytest.mark.parametrize(("language", "line", "step", "option"), ROWS)
def test_what_is_said_is_heard_in_whatever_language_the_phone_is_set_to(
    language: str, line: str, step: str, option: str
) -> None:
    assert said(step, line, language) == option
    assert said(step, line.upper(), "en") == option


@pytest.mark.parametrize("language", sorted(LINES))
def test_every_language_has_lines_for_every_flow_of_reports(language: str) -> None:
    flows = {step.partition(".")[0] for _, step, _ in LINES[language]}
    assert {"passport", "fraud", "contract", "conditions", "stranded", "wages", "status_problem", "detention"} <= flows


def test_every_language_has_lines() -> None:
    assert set(LINES) == set(whole().languages)
