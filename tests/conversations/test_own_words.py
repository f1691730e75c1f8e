"""Answers to our questions in people's own words: most are understood, and none is turned into its opposite.

The lines were written by people who saw the questions alone (`own_words/`); of the `kept` ones no word was mended for.
"""

from __future__ import annotations

import pytest

from bot.content import Content
from bot.content.languages import load_languages
from bot.nlu.understanding import Understanding
from bot.settings import ROOT
from tests.conversations.own_words import PARTS, Said, lines, results

LEAST = {"shown": 0.75, "kept": 0.45}  # share that must be right, in every language; docs/understanding.md has them all
OPPOSITES = ({"yes", "no"}, {"soon", "later"}, {"good", "bad"})
TURNED = 0.006  # share of the kept lines that may be: of 350, two
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", load_languages(ROOT))
async def test_most_answers_are_understood_and_none_is_turned_round(
    content: Content, understanding: Understanding, language: str
) -> None:
    found = await results(content, understanding, lines(language))
    for part in PARTS:
        of = [(said, made) for said, made in found if said.part == part]
        right = sum(made == said.means for said, made in of)
        assert right >= LEAST[part] * len(of), f"{part}: {right} of {len(of)}"
        turned = [(said.question, said.text, made) for said, made in of if _turned(said, made)]
        assert len(turned) <= (TURNED * len(of) if part == "kept" else 0), turned


def _turned(said: Said, made: str) -> bool:
    pair = next((pair for pair in OPPOSITES if said.means in pair), set())
    return any(f"'{other}'" in made for other in pair - {said.means})
