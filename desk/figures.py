"""What the pages of figures are asked for, read from an address, and how small numbers are kept back.

Law: pure. A period is whole days in the reader's zone; what an address says wrongly is told, never guessed silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

FILTERS = ("severity", "kind", "country", "language", "channel")
DAYS = (7, 28, 91, 365)  # offered at one press
LONGEST = timedelta(days=5 * 366)
FEWEST = 5  # below this a number could point at somebody


@dataclass(frozen=True, slots=True)
class Asked:
    """`first` and `last` are both within the period. `wrong`: what the address said was no period."""

    first: date
    last: date
    zone: str
    filters: Mapping[str, str] = field(default_factory=dict)
    wrong: bool = False

    @property
    def start(self) -> datetime:
        """The first moment of the period."""
        return datetime.combine(self.first, time(), ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def unit(self) -> str:
        """How fine time is drawn: a plot has at most 60 columns."""
        days = (self.last - self.first).days + 1
        return "day" if days <= 35 else "week" if days <= 400 else "month"

    def address(self, **more: str) -> str:
        """The query of the same page; `more` replaces."""
        values = {"from": self.first.isoformat(), "to": self.last.isoformat(), **self.filters, **more}
        return urlencode({name: value for name, value in values.items() if value})


def asked(query: Mapping[str, str], now: datetime, zone: str) -> Asked:
    """Of an address or a form; without a period the last 28 days. Filters are values of codes, checked by the SQL's
    comparison alone."""
    today = now.astimezone(ZoneInfo(zone)).date()
    first, last, wrong = today - timedelta(days=27), today, False
    if query.get("from") or query.get("to"):
        try:
            last = date.fromisoformat(query["to"]) if query.get("to") else today
            first = date.fromisoformat(query["from"]) if query.get("from") else last - timedelta(days=27)
            wrong = not (date(2000, 1, 1) < first <= last < date(2200, 1, 1) and last - first < LONGEST)
        except (ValueError, OverflowError):
            wrong = True
    if wrong:
        first, last = today - timedelta(days=27), today
    filters = {name: query.get(name, "")[:60].replace("\x00", "") for name in FILTERS}
    return Asked(first, last, zone, filters, wrong)


def hidden(numbers: Sequence[int]) -> list[int | None]:
    """Numbers of one table for a file: those under five are None. One alone could be computed from the sum, so the
    smallest of the others goes with it. Zero is told: it is nobody."""
    kept: list[int | None] = [None if 0 < n < FEWEST else n for n in numbers]
    if kept.count(None) == 1:
        others = [n for n in kept if n]
        if others:
            kept[kept.index(min(others))] = None
    return kept
