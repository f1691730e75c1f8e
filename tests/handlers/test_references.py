"""The number of a case: whole, and one wrong digit is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import draw_reference
from handlers import references


@pytest.mark.parametrize(
    ("digits", "check"), [("7992739871", "3"), ("0", "0"), ("482917", "2"), ("411111111111111", "1"), ("123456", "6")]
)
def test_check_digits(digits: str, check: str) -> None:
    assert references.check_digit(digits) == check


@given(st.integers(100000, 999999), st.integers(0, 6), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: int, place: int, by: int) -> None:
    reference = f"{number}{references.check_digit(str(number))}"
    wrong = reference[:place] + str((int(reference[place]) + by) % 10) + reference[place + 1 :]
    assert references.check_digit(wrong[:-1]) != wrong[-1]


def test_drawn_references_are_whole_and_differ() -> None:
    drawn = [draw_reference() for _ in range(500)]
    assert all(len(r) == 7 and r.isdigit() and r[0] != "0" and references.check_digit(r[:-1]) == r[-1] for r in drawn)
    assert len(set(drawn)) > 490
    assert references.grouped("4829173") == "482 917 3"
