"""Readers of numbers: digits, hours of the day, counts with their units."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import load_readers

READERS = load_readers()
MONTHS = {"unit": "month"}
LANGUAGES = ("en", "ne", "hi", "ar", "xx")


@pytest.mark.parametrize(
    ("text", "length", "value"),
    [
        ("4071", 4, "4071"),
        ("0071", 4, "0071"),
        (" 40-71. ", 4, "4071"),
        ("४०७१", 4, "4071"),
        ("٤٠٧١", 4, "4071"),
        ("\u200f٤٠٧١", 4, "4071"),
        ("4829 1735", 8, "48291735"),
        ("407", 4, None),
        ("40712", 4, None),
        ("pin 4071", 4, None),
        ("", 4, None),
        ("4071", None, None),
    ],
)
def test_digits_are_the_whole_answer(text: str, length: int | None, value: str | None) -> None:
    assert READERS["digits"].read(text, {"length": length}, "en") == value
    assert READERS["digits"].find(text, {"length": length}, "en") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("from 19 to 21", (1140, 1260)),
        ("7 to 9 pm", (1140, 1260)),
        ("11 am - 1pm", (660, 780)),
        ("१९:३० देखि २१ सम्म", (1170, 1260)),
        ("22-6", (1320, 360)),
        ("20-24", (1200, 1440)),
        ("0 - 24", None),
        ("9", None),
        ("9-9", None),
        ("25-26", None),
        ("13 pm - 2 pm", None),
        ("8:70-9", None),
        ("1 2 3", None),
    ],
)
def test_two_hours_of_the_day(text: str, value: tuple[int, int] | None) -> None:
    found = READERS["hours"].read(text, {}, "en")
    assert found == (value and {"from": value[0], "until": value[1]})


# language, text, find, read
COUNTS: list[tuple[str, str, Any, Any]] = [
    ("en", "3 months", 3, 3),
    ("en", "three months", 3, 3),
    ("en", "twenty-five months", 25, 25),
    ("en", "one and a half months", 1.5, 1.5),
    ("en", "3½ months", 3.5, 3.5),
    ("en", "1 year 3 months", 15, 15),
    ("en", "2 years", None, 24),
    ("en", "20 days", None, None),
    ("en", "about 3", None, 3),
    ("en", "3", None, 3),
    ("en", "none", None, 0),
    ("en", "no one told me", None, None),
    ("en", "3 months not paid, 180 KD", 3, 3),
    ("en", "180 KD", None, None),
    ("en", "KD 180", None, None),
    ("en", "2 or 3", None, None),
    ("en", "1001 months", None, None),
    ("en", "9841234567", None, None),
    ("ne", "3 mahina", 3, 3),
    ("ne", "tin mahina dekhi", 3, 3),
    ("ne", "तीन महिना", 3, 3),
    ("ne", "३महिनादेखि तलब छैन", 3, 3),
    ("ne", "मैले ४ महिनाको तलब पाएको छैन", 4, 4),
    ("ne", "साढे तीन महिना", 3.5, 3.5),
    ("ne", "dedh mahina", 1.5, 1.5),
    ("ne", "छ", None, 6),
    ("ne", "काम गरेको छ", None, None),
    ("hi", "तीन महीने से", 3, 3),
    ("hi", "dhai mahine", 2.5, 2.5),
    ("hi", "do mahine se paisa nahi mila", 2, 2),
    ("hi", "पांच", None, 5),
    ("ar", "٣ شهور", 3, 3),
    ("ar", "3 shuhur", 3, 3),
    ("ar", "ثلاثة أشهر", 3, 3),
    ("ar", "من شهرين ما استلمت راتبي", 2, 2),
    ("ar", "خمسة وثلاثين شهر", 35, 35),
    ("xx", "3 mahina", 3, 3),
]


@pytest.mark.parametrize(("language", "text", "find", "read"), COUNTS)
def test_counts(language: str, text: str, find: Any, read: Any) -> None:
    assert READERS["number"].find(text, MONTHS, language) == find
    assert READERS["number"].read(text, MONTHS, language) == read


def test_a_count_without_a_unit_is_only_an_answer() -> None:
    assert READERS["number"].find("3 months", {}, "en") is None
    assert READERS["number"].read("४", {}, "en") == 4
    assert READERS["number"].read("20 days", {"unit": "day"}, "en") == 20


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["0", "٠", "०", "০", "０"]), st.sampled_from(LANGUAGES))
def test_counts_in_any_digits_and_language(count: int, zero: str, language: str) -> None:
    written = "".join(chr(ord(zero) + int(digit)) for digit in str(count))
    assert READERS["number"].read(written, MONTHS, language) == count
    for unit in ("months", "mahina", "महिना", "महीने", "شهور"):
        assert READERS["number"].find(f"... {written} {unit} ...", MONTHS, language) == count
        assert READERS["amount"].find(f"{written} {unit}", {}, language) is None
