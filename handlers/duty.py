"""When a human reads: computed from `knowledge/duty.yml`, never promised by hand.

Law: pure arithmetic on hours; nothing here is an action (flows call `casework.promise`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Promise:
    """`on_duty`: somebody is there now. `at`: by when a first answer is due (aware, in the helpline's zone)."""

    on_duty: bool
    at: datetime


def _opening(day: datetime, shift: Mapping[str, Any]) -> tuple[datetime, datetime]:
    start, end = time.fromisoformat(shift["from"]), time.fromisoformat(shift["until"])
    first = datetime.combine(day.date(), start, day.tzinfo)
    last = datetime.combine(day.date(), end, day.tzinfo)
    return first, last if last > first else last + timedelta(days=1)


def _shifts(duty: Mapping[str, Any], now: datetime) -> list[tuple[datetime, datetime]]:
    """Staffed spans from yesterday to eight days ahead, in order."""
    zone = ZoneInfo(duty["timezone"])
    local = now.astimezone(zone)
    spans = []
    for offset in range(-1, 9):
        day = local + timedelta(days=offset)
        closed = {str(day) for day in duty.get("closed_on", ())}  # YAML reads an unquoted day as a date
        if day.date().isoformat() in closed:
            continue
        spans += [_opening(day, s) for s in duty["shifts"] if day.strftime("%a").lower() in s["days"]]
    return sorted(spans)


def promise(duty: Mapping[str, Any], severity: str, now: datetime) -> Promise:
    """When a first answer is due. Minutes count only while somebody is on duty.

    Source of the targets: `knowledge/duty.yml` (proposal of the helpline, not a published standard).
    """
    left = timedelta(minutes=duty["answer_minutes"][severity])
    spans = _shifts(duty, now)
    on_duty = any(start <= now < end for start, end in spans)
    for start, end in spans:
        begin = max(start, now)
        if end <= begin:
            continue
        if begin + left <= end:
            return Promise(on_duty, _rounded(begin + left))
        left -= end - begin
    return Promise(on_duty, _rounded(now + timedelta(days=9)))


def next_opening(duty: Mapping[str, Any], now: datetime) -> datetime:
    """When somebody is there next: now if somebody is."""
    for start, end in _shifts(duty, now):
        if end > now:
            return max(start, now)
    return now + timedelta(days=9)


def _rounded(at: datetime) -> datetime:
    """Up to the next five minutes: a promise to the second is not one."""
    at = at.replace(second=0, microsecond=0) + timedelta(minutes=1 if at.second or at.microsecond else 0)
    return at + timedelta(minutes=-at.minute % 5)
