"""Reads a day: "2026-03-15", "15/3/2026" (day first), "15 March", "yesterday". Value: ISO date.

Law: a day that may be of two calendars is no day. Bikram Sambat, which Nepal counts by, is 57 years ahead: a year of
four digits says which one it is ("2081/3/15"), a year of two does not. No clock in here: what is relative to today
needs `args["today"]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bsad_converter import MAX_BS_YEAR, bs_to_ad

from bot.content.readers import spans
from bot.content.readers.tokens import Phrases, Token, plain, tokens
from bot.content.readers.words import Vocabulary, words

EARLIEST, LATEST = 1920, 2035  # without a today; with one, AHEAD years from it
AHEAD = 6
_YEAR_FIRST = re.compile(r"(?<![\d./-])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\d/-])")
_DAY_FIRST = re.compile(r"(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d/-])")
_BIKRAM = range(60, 100)  # years of two digits that may be 2060-2099 Bikram Sambat
_BIKRAM_YEARS = range(2050, MAX_BS_YEAR + 1)  # 1993 to 2034: no day that somebody tells us of is so far ahead
_AHEAD_BY = 56  # years that Bikram Sambat is ahead of ours at the least
_ORDINALS = frozenset({"st", "nd", "rd", "th", "of"})


class Day:
    """`args["today"]`: ISO date, for days seen from today and for days without a year: the last one, since people tell
    what was; with `args["side"]` "ahead" the next one."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The day of an answer."""
        return self.find(text, args, language)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The first day in a text: written in digits, with a month's name, or relative to today."""
        today, known = _today(args), words(language)
        day = _in_digits(plain(text), today)
        if day is None:
            parts = tokens(text)
            side = str(args.get("side") or spans.PAST)
            day = _with_month(parts, known, today, side) or _with_bikram(parts, known, today, side)
            day = day or _relative(parts, known, today) or (spans.said(parts, known, today, side) if today else None)
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
    return _of_bikram(year, month, day, today) if year in _BIKRAM_YEARS else _made(year, month, day, today)


def _of_bikram(year: int, month: int, day: int, today: date | None) -> date | None:
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


def _with_month(parts: Sequence[Token], known: Vocabulary, today: date | None, side: str) -> date | None:
    found = _day_and_month(parts, known.months)
    return _completed(*found, today, side) if found else None


def _with_bikram(parts: Sequence[Token], known: Vocabulary, today: date | None, side: str) -> date | None:
    """A day with a month of Bikram Sambat. Without a year it counts only for people who have no other months of those
    names."""
    found = _day_and_month(parts, known.bikram)
    if found is None:
        return None
    day, month, year = found
    if year is not None:
        return _of_bikram(year, month, day, today) if year in _BIKRAM_YEARS else None
    if today is None or known.lunar:
        return None
    now = today.year + _AHEAD_BY
    return _nearest((_of_bikram(y, month, day, today) for y in range(now - 1, now + 3)), today, side)


def _day_and_month(parts: Sequence[Token], names: Phrases[int]) -> tuple[int, int, int | None] | None:
    """Day, month, and the year behind them where there is one."""
    for place in range(len(parts)):
        month = names.at(parts, place)
        if month is None:
            continue
        before = place - 1
        while before > 0 and parts[before].text in _ORDINALS:
            before -= 1
        if before >= 0 and (day := _small(parts[before], 32)):
            year = _year(parts, month.end)
            return day, month.value, year if year is not None or before == 0 else _year(parts[:before], before - 1)
        if month.end < len(parts) and (day := _small(parts[month.end], 32)):
            return day, month.value, _year(parts, month.end + 1)
    return None


def _small(part: Token, largest: int) -> int | None:
    return int(part.raw) if part.raw.isdigit() and len(part.raw) <= 2 and 1 <= int(part.raw) <= largest else None


def _year(parts: Sequence[Token], place: int) -> int | None:
    """The year behind a day and month, over a comma or an ordinal's ending; None when there is none."""
    while place < len(parts) and (parts[place].text in _ORDINALS or parts[place].text in {",", "."}):
        place += 1
    raw = parts[place].raw if place < len(parts) else ""
    return int(raw) if raw.isdigit() and len(raw) == 4 else None


def _completed(day: int, month: int, year: int | None, today: date | None, side: str) -> date | None:
    if year is not None:
        return _made(year, month, day, today)
    if today is None:
        return None
    return _nearest((_made(today.year + n, month, day, today) for n in (-1, 0, 1)), today, side)


def _nearest(days: Iterable[date | None], today: date, side: str) -> date | None:
    """Of days in their order the last one that is not ahead, or the first one that is not past."""
    made = [day for day in days if day]
    if side == spans.AHEAD:
        return next((day for day in made if day >= today), None)
    return next((day for day in reversed(made) if day <= today), None)


def _relative(parts: Sequence[Token], known: Vocabulary, today: date | None) -> date | None:
    if today is None:
        return None
    for place in range(len(parts)):
        if found := known.days.at(parts, place):
            return today + timedelta(days=found.value)
    return None


reader = Day()
