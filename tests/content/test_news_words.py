"""Who wants no news ends the news and nothing else, who wants some is asked which; news of somebody who is missed is
something else. In every language, native and romanised."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.engine.interrupts import command
from tests.content.whole import whole

LINES = yaml.safe_load((Path(__file__).parent / "news_lines.yml").read_text("utf-8"))
NEWS = ("no_news", "news")
ROWS = [(code, meant, line) for code, ways in LINES.items() for meant, lines in ways.items() for line in lines]
LEAST = 6  # lines of a language for each of the two


def leads_to(line: str, language: str) -> str | None:
    """The command or flow of a whole message or of a sentence in it."""
    words = whole().words(language)
    return command(words, line) or words.sentence(line)


@pytest.mark.parametrize(("language", "meant", "line"), ROWS)
def test_what_is_wanted_of_the_news_is_clear_whatever_language_the_phone_is_set_to(
    language: str, meant: str, line: str
) -> None:
    for phone in (language, "en"):
        found = leads_to(line, phone)
        assert found == meant if meant in NEWS else found not in NEWS


def test_every_language_has_lines() -> None:
    assert set(LINES) == set(whole().languages)
    assert all(len(ways[meant]) >= LEAST for ways in LINES.values() for meant in NEWS)
    assert all(ways["other"] for ways in LINES.values())
