"""A person's safe hours: whether a moment lies in them, and when they begin next.

Law: pure; wall time of her own zone is only read off a moment, never counted on: an hour may come twice, or not at all.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def minutes(clock: str) -> int:
    """`08:30` as minutes after midnight."""
    at = time.fromisoformat(clock)
    return at.hour * 60 + at.minute


def next_safe(start: int, end: int, zone: ZoneInfo, now: datetime) -> datetime:
    """Now, if it is from `start` until before `end` (minutes after local midnight), else when that begins."""
    local = now.astimezone(UTC).astimezone(zone)  # by UTC: a wall time that does not exist is read as the one it means
    minute = local.hour * 60 + local.minute
    inside = start <= minute < end if start <= end else (minute >= start or minute < end)
    if inside:
        return now
    day = local.date() if minute < start else local.date() + timedelta(days=1)
    opens = datetime.combine(day, time(start // 60, start % 60), zone)
    return max(opens.astimezone(UTC), now + timedelta(minutes=1))
