"""Readers of when: days of either calendar, and what is no time."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import load_readers

READERS = load_readers()
TODAY = {"today": "2026-11-24"}


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "2026-03-15", "2026-03-15"),
        ("en", "15/3/2026", "2026-03-15"),
        ("en", "since 15.03.26.", "2026-03-15"),
        ("en", "15 March 2026", "2026-03-15"),
        ("en", "March 15th, 2026", "2026-03-15"),
        ("en", "15th of March", "2026-03-15"),
        ("en", "15 December", "2025-12-15"),
        ("en", "yesterday", "2026-11-23"),
        ("en", "31/2/2026", None),
        ("en", "3/15/2026", None),
        ("en", "3 months", None),
        ("ne", "२०२६-०३-१५", "2026-03-15"),
        ("ne", "15/3/2081", "2024-06-29"),  # Bikram Sambat, year of four digits
        ("en", "2081-01-01", "2024-04-13"),
        ("ne", "२०८०/९/१५", "2023-12-31"),
        ("ne", "15/3/81", None),  # which calendar?
        ("ne", "2081/13/1", None),
        ("en", "15 March 2081", None),
        ("ne", "२०८३-०२-१०", "2026-05-24"),
        ("ne", "१५ मार्च २०२६", "2026-03-15"),
        ("ne", "हिजो", "2026-11-23"),
        ("ne", "bholi", "2026-11-25"),
        ("hi", "15 मार्च 2026 से", "2026-03-15"),
        ("hi", "कल", None),
        ("ar", "١٥ مارس ٢٠٢٦", "2026-03-15"),
        ("ar", "١٥/٣/٢٠٢٦", "2026-03-15"),
        ("ar", "أمس", "2026-11-23"),
    ],
)
def test_days(language: str, text: str, day: str | None) -> None:
    assert READERS["date"].read(text, TODAY, language) == day


def test_days_without_a_today() -> None:
    assert READERS["date"].read("yesterday", {}, "en") is None
    assert READERS["date"].read("15 March", {"today": "?"}, "en") is None
    assert READERS["date"].read("15 March 2026", {}, "en") == "2026-03-15"


@settings(max_examples=100, deadline=None)
@given(st.dates(date(1920, 1, 1), date(2032, 12, 31)))
def test_a_day_is_read_back(day: date) -> None:
    for written in (day.isoformat(), f"{day.day}/{day.month}/{day.year}", f"{day.day} {day:%B} {day.year}"):
        assert READERS["date"].read(written, TODAY, "en") == day.isoformat()


@settings(max_examples=100, deadline=None)
@given(st.integers(2060, 2090), st.integers(1, 12), st.integers(1, 32))
def test_a_day_of_bikram_sambat_is_57_years_behind_or_unread(year: int, month: int, day: int) -> None:
    """Its new year is in the middle of April; months have 29 to 32 days."""
    for written in (f"{year}-{month}-{day}", f"{day}/{month}/{year}"):
        read = READERS["date"].read(written, TODAY, "ne")
        assert read is None or year - 57 <= int(read[:4]) <= year - 56
        assert read is not None or day > 28 or year - 57 > 2026 + 5
    assert READERS["date"].read(f"{day}.{month}.{year % 100}", TODAY, "ne") is None


@pytest.mark.parametrize("line", ["saudi", "Saudi Arabia", "साउदी", "qatar ma", "قطر"])
def test_a_country_alone_is_no_time(line: str) -> None:
    assert READERS["text"].read(line, {"but": "country"}, "ne") is None
    assert READERS["text"].read(line, {}, "ne") == line


@pytest.mark.parametrize("line", ["in saudi in may", "from qatar 2 months ago", "12/5/2024", "last month", "12"])
def test_a_time_with_a_country_in_it_is_one(line: str) -> None:
    assert READERS["text"].read(line, {"but": "country"}, "en") == line
