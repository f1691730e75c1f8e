"""Phrases of all meanings, looked for at once, say what each meaning's phrases say by themselves."""

from __future__ import annotations

import pytest

from bot.engine.phrases import Meanings, heard, phrase

REFUSALS = frozenset({"not", "no"})
PLAIN = {
    "passport": [phrase(raw, REFUSALS) for raw in ("boss/madam ... passport*", "my passport is gone")],
    "friend": [phrase("brother friend"), phrase("# friends")],
    "brother": [phrase("brother")],
    "end": [phrase("*ending*")],
}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("the boss took my passports", "passport"),
        ("boss not took my passport", None),
        ("my brother friend", "friend"),
        ("my brother", "brother"),
        ("3 friends", "friend"),
        ("my brother. boss has passport", None),
        ("unendingly", "end"),
        ("...", None),
        ("", None),
    ],
)
def test_all_at_once(text: str, meaning: str | None) -> None:
    assert heard(Meanings(PLAIN), text) == heard(PLAIN, text) == meaning
