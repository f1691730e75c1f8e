"""The rules of care for those who answer: nights on call, open critical cases, hours that do not overlap, pauses, and
which cases are hard.

Law: pure; the numbers are data (`knowledge/targets.yml`, care). A rule is set aside only for one of its listed reasons,
which is kept with what was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.store.rows import Case
from bot.store.spans import Span

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


def hard(case: Case | None, care: Mapping[str, Any]) -> str | None:
    """Why a case was a hard one: child, self_harm, death or critical; None when it was not. Its own kind, and what was
    told besides."""
    if case is None:
        return None
    what = {case.kind, case.care, *case.facts.get("also", ())}
    for why in ("child", "self_harm", "death"):
        if why == case.care or what & set(care["hard"]["kinds"][why]):
            return why
    return "critical" if case.severity in care["hard"]["severities"] else None


def pause_until(
    now: datetime, length: str, planned: Iterable[tuple[str, Span]], opening: Iterable[Span], care: Mapping[str, Any]
) -> datetime:
    """When a pause ends: after the short time, or with the shift (where none is planned, with the opening hours; at
    night a shift's length from now)."""
    short = now + timedelta(minutes=int(care["pause_minutes"]))
    if length != "shift":
        return short
    ends = [end for _, (start, end) in planned if start <= now < end] or [e for s, e in opening if s <= now < e]
    return max(short, *ends) if ends else now + timedelta(hours=8)
