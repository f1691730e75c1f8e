"""Moments as fields and words of forms: in the reader's zone, and back.

Law: what is not understood is None; nothing raises on what somebody typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

from bot.store.spans import Span
from desk.look import fields

YEARS = range(2000, 2101)  # that are meant: a slip of a finger is none


class Clock:
    """Times as fields and as words, in the reader's zone."""

    def __init__(self, zone: ZoneInfo, language: str) -> None:
        self._zone = zone
        self._locale = language

    def time(self, at: datetime) -> str:
        """`07:00`."""
        return at.astimezone(self._zone).strftime("%H:%M")

    def field(self, at: datetime) -> str:
        """What a field for a moment holds."""
        return at.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M")

    def day_field(self, at: datetime) -> str:
        """What a field for a day holds."""
        return at.astimezone(self._zone).date().isoformat()

    def local(self, at: datetime) -> date:
        """The day of a moment."""
        return at.astimezone(self._zone).date()

    @staticmethod
    def after(day: date) -> str:
        """What a field for the day a week later holds."""
        return (day + timedelta(days=7)).isoformat()

    @staticmethod
    def hours(spans: Sequence[Span]) -> str:
        """How many hours they are together."""
        whole = sum((end - start for start, end in spans), timedelta()) / timedelta(hours=1)
        return f"{whole:g}" if whole >= 1 else f"{whole:.1f}"

    def weekday(self, day: date, style: str = "EEE d MMM") -> str:
        """`Wed 25 Nov`, in the reader's language."""
        return str(format_date(day, style, locale=self._locale))


def number(told: str) -> int | None:
    """A small number."""
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 4 else None


def of_day_field(told: str) -> date | None:
    """The day of an <input type="date">."""
    try:
        day = date.fromisoformat(told)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def of_field(told: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day."""
    day = of_day_field(told)
    return datetime.combine(day, time(), zone) if day else None


def of_moment(told: str, zone: ZoneInfo) -> datetime | None:
    """A moment (aware) of an <input type="datetime-local">: as the clocks of the reader's zone show it."""
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        return None
    if at.year not in YEARS:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def of_day(form: Mapping[str, str], zone: ZoneInfo) -> Span | None:
    """A day with two times of day; an end that is not after the beginning is on the next day."""
    day, start, end = fields(form, "day", "start", "end")
    try:
        first = datetime.combine(date.fromisoformat(day), time.fromisoformat(start), zone)
        last = datetime.combine(date.fromisoformat(day), time.fromisoformat(end), zone)
    except (ValueError, OverflowError):
        return None
    if first.year not in YEARS:
        return None
    return first, last if last > first else last + timedelta(days=1)


def of_moments(form: Mapping[str, str], zone: ZoneInfo) -> Span | None:
    """Two moments, the second one later."""
    first, last = (of_moment(one, zone) for one in fields(form, "starts", "ends"))
    return (first, last) if first and last and last > first else None
