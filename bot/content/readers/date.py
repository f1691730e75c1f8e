"""Reads a day: "2026-03-15", "15/3/2026" (day first), "15 March", "yesterday". Value: ISO date.

Law: a day that may be of two calendars is no day. Bikram Sambat, which Nepal counts by, is 57 years ahead: a year of
four digits says which one it is ("2081/3/15"), a year of two does not. No clock in here: what is relative to today
needs `args["today"]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bsad_converter import MAX_BS_YEAR, bs_to_ad

from bot.content.readers.tokens import Token, plain, tokens
from bot.content.readers.words import Vocabulary, words

EARLIEST, LATEST = 1920, 2035  # without a today; with one, AHEAD years from it
AHEAD = 6
_YEAR_FIRST = re.compile(r"(?<![\d./-])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\d/-])")
_DAY_FIRST = re.compile(r"(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d/-])")
_BIKRAM = range(60, 100)  # years of two digits that may be 2060-2099 Bikram Sambat
_BIKRAM_YEARS = range(2050, MAX_BS_YEAR + 1)  # 1993 to 2034: no day that somebody tells us of is so far ahead
_ORDINALS = frozenset({"st", "nd", "rd", "th", "of"})


class Day:
    """`args["today"]`: ISO date, for relative days and for days without a year (the last one: people tell what was)."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The day of an answer."""
        return self.find(text, args, language)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The first day in a text: written in digits, with a month's name, or relative to today."""
        today, known = _today(args), words(language)
        day = _in_digits(plain(text), today)
        if day is None:
            parts = tokens(text)
            day = _with_month(parts, known, today) or _relative(parts, known, today)
        return day.isoformat() if day else None


def _today(args: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(args.get("today") or "")[:10])
    except ValueError:
        return None


def _made(year: int, month: int, day: int, today: date | None) -> date | None:
    latest = today.year + AHEAD if today else LATEST
    if not EARLIEST <= year <= latest:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _told(year: int, month: int, day: int, today: date | None) -> date | None:
    """A day written in digits only, of either calendar."""
    if year not in _BIKRAM_YEARS:
        return _made(year, month, day, today)
    try:
        made: date = bs_to_ad(year, month, day)
    except ValueError:
        return None
    return _made(made.year, made.month, made.day, today)


def _in_digits(text: str, today: date | None) -> date | None:
    for match in _YEAR_FIRST.finditer(text):
        if day := _told(int(match[1]), int(match[3]), int(match[4]), today):
            return day
    for match in _DAY_FIRST.finditer(text):
        if (year := _full_year(match[4])) and (day := _told(year, int(match[3]), int(match[1]), today)):
            return day
    return None


def _full_year(written: str) -> int | None:
    if len(written) == 4:
        return int(written)
    return None if int(written) in _BIKRAM else 2000 + int(written)


def _with_month(parts: Sequence[Token], known: Vocabulary, today: date | None) -> date | None:
    for place in range(len(parts)):
        month = known.months.at(parts, place)
        if month is None:
            continue
        before = place - 1
        while before > 0 and parts[before].text in _ORDINALS:
            before -= 1
        if before >= 0 and (day := _small(parts[before], 31)):
            return _completed(day, month.value, _year(parts, month.end), today)
        if month.end < len(parts) and (day := _small(parts[month.end], 31)):
            return _completed(day, month.value, _year(parts, month.end + 1), today)
    return None


def _small(part: Token, largest: int) -> int | None:
    return int(part.raw) if part.raw.isdigit() and len(part.raw) <= 2 and 1 <= int(part.raw) <= largest else None


def _year(parts: Sequence[Token], place: int) -> int | None:
    """The year behind a day and month, over a comma or an ordinal's ending; None when there is none."""
    while place < len(parts) and (parts[place].text in _ORDINALS or parts[place].text in {",", "."}):
        place += 1
    raw = parts[place].raw if place < len(parts) else ""
    return int(raw) if raw.isdigit() and len(raw) == 4 else None


def _completed(day: int, month: int, year: int | None, today: date | None) -> date | None:
    if year is not None:
        return _made(year, month, day, today)
    if today is None:
        return None
    days = (_made(year, month, day, today) for year in (today.year, today.year - 1))
    return next((made for made in days if made and made <= today), None)


def _relative(parts: Sequence[Token], known: Vocabulary, today: date | None) -> date | None:
    if today is None:
        return None
    for place in range(len(parts)):
        if found := known.days.at(parts, place):
            return today + timedelta(days=found.value)
    return None


reader = Day()
