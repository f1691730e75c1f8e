"""The rules of care for those who answer: nights on call, open critical cases, hours that do not overlap.

Law: pure; the numbers are data (`knowledge/targets.yml`, care). A rule is set aside only for one of its listed reasons,
which is kept with what was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.store.rota import Span

DAY = timedelta(days=1)


def nights(span: Span, care: Mapping[str, Any], zone: ZoneInfo) -> set[date]:
    """The nights (by the day on which they begin) into which a span reaches."""
    start, end = span[0].astimezone(zone), span[1].astimezone(zone)
    found, day = set(), start.date() - DAY
    while day <= end.date():
        begins = datetime.combine(day, time.fromisoformat(care["night"]["from"]), zone)
        until = datetime.combine(day + DAY, time.fromisoformat(care["night"]["until"]), zone)
        if max(begins, start) < min(until, end):
            found.add(day)
        day += DAY
    return found


def too_many_nights(
    planned: Iterable[tuple[str, Span]], span: Span, care: Mapping[str, Any], zone: ZoneInfo
) -> date | None:
    """The night by which this on-call shift would be one too many among any so many in a row; None when it is not."""
    rule = care["nights_on_call"]
    most, of = int(rule["most"]), int(rule["of"])
    mine = {night for role, other in planned if role == "on_call" for night in nights(other, care, zone)}
    new = nights(span, care, zone)
    for night in sorted(new):
        for first in (night - DAY * back for back in range(of)):
            window = {first + DAY * n for n in range(of)}
            if len(window & (mine | new)) > most:
                return night
    return None


def overlaps(planned: Iterable[tuple[str, Span]], span: Span) -> bool:
    """Whether somebody would work twice at the same time."""
    return any(start < span[1] and end > span[0] for _, (start, end) in planned)


def may_set_aside(care: Mapping[str, Any], reason: str | None) -> bool:
    """Whether the reason is one for which a rule may be set aside."""
    return reason in care["overrides"]
