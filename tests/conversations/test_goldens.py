"""What an SMS phone shows on the main ways through danger and wages, word for word.

Law: English, Nepali and Arabic only; `--update` writes these texts anew, and its diff is read by somebody.
"""

from __future__ import annotations

import pytest

from bot.channels.segments import count
from bot.content import Content
from bot.settings import ROOT
from tests.conversations.telling import Telling
from tests.conversations.transcript import TRANSCRIPTS

GOLDEN = ROOT / "tests" / "golden"
WAYS = ("danger.main", "danger.night", "wages.main", "wages.told_at_once", "self_harm.day")
LANGUAGES = ("en", "ne", "ar")


def _shown(telling: Telling) -> str:
    """`>` what we say, with its cost; `<` what she writes."""
    written: list[str] = []
    for who, text in telling.log:
        cost = f"  ({count(text).units} {count(text).encoding})" if who == ">" else ""
        written.append(f"{who} {text}{cost}")
    return "\n".join(written) + "\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WAYS)
async def test_the_phone_shows_what_was_read_by_us(
    content: Content, request: pytest.FixtureRequest, name: str, language: str
) -> None:
    transcript = next(t for t in TRANSCRIPTS if t.name == name)
    telling = Telling(content, transcript, "sms", language, 0)
    await telling.run()
    shown, path = _shown(telling), GOLDEN / f"{name}.{language}.txt"
    if request.config.getoption("--update"):
        path.write_text(shown, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shown


def test_no_golden_is_left_over() -> None:
    assert {p.name for p in GOLDEN.glob("*.txt")} == {f"{n}.{code}.txt" for n in WAYS for code in LANGUAGES}
