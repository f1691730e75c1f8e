"""Which texts are a value and nothing else."""

from __future__ import annotations

import pytest

from bot.content import load_readers

BARE = load_readers()["bare"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ne", "qatar"),
        ("ne", "Qatar ma"),
        ("ne", "३ महिना"),
        ("hi", "कतर में"),
        ("ar", "في قطر"),
        ("ar", "السعودية"),
        ("ta", "கத்தாரில்"),
        ("ml", "ഖത്തറിൽ"),
        ("bn", "কাতারে"),
        ("si", "katarwala"),
        ("ur", "qatar mein"),
        ("en", "saudi arabia, riyadh!"),
        ("en", "in Qatar"),
        ("en", "3 months"),
        ("en", "12/5/2024"),
        ("en", "15 March"),
        ("en", "180 KD"),
        ("en", "five"),
        ("en", "+974 5555 1234"),
    ],
)
def test_values(language: str, text: str) -> None:
    assert BARE.read(text, {}, language) is True
    assert BARE.find(text, {}, language) is True


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", ""),
        ("en", "?!"),
        ("en", "qatar jobs"),
        ("en", "salary 3 months"),
        ("en", "my boss in qatar"),
        ("en", "next month"),  # only little words: another matter may be meant
        ("en", "real person"),
        ("ne", "aru k chha"),
        ("hi", "agla path"),
        ("id", "hari"),
        ("en", "qatar " * 20),
    ],
)
def test_no_values(language: str, text: str) -> None:
    assert BARE.read(text, {}, language) is None
