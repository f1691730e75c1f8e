"""T62: no cell of a CSV file is a formula, and every text comes back as it was (`bot/documents/cells.py`)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.documents.cells import guarded, unguarded

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
ALPHABET = st.sampled_from([*STARTS, "'", " ", "\u00a0", "\ufeff", "a", "क", ",", '"'])


@given(st.text(ALPHABET, max_size=6))
def test_T62_the_mark_comes_off_and_nothing_else(text: str) -> None:
    cell = guarded(text)
    assert not cell.lstrip(" \u00a0\ufeff").startswith(tuple(STARTS))
    assert unguarded(cell) == text


def test_what_begins_with_a_mark_of_its_own_is_left_alone() -> None:
    assert [guarded(text) for text in ("'quoted'", "it's", "")] == ["'quoted'", "it's", ""]
    assert [unguarded(cell) for cell in ("'quoted'", "-typed by hand", "'")] == ["'quoted'", "-typed by hand", "'"]
