"""When a human reads: computed from the rota's shifts where there are any, else from `knowledge/duty.yml`.

Law: pure arithmetic on hours; nothing here is an action (flows call `casework.promise`). Days for which nobody has
planned yet are taken to be staffed as `duty.yml` says, but never within the next two days: an empty shift there is one,
and the night wording follows by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from bot.store.spans import Span, joined, without
from bot.store.staffed import ANY, Planned

SOON = timedelta(hours=48)
DAYS = 9  # that are looked at: no promise reaches further
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # as `duty.yml` names days; by date.weekday()
PLANNED = "planned"  # the key under which a `duty` mapping holds the rota


@dataclass(frozen=True, slots=True)
class Promise:
    """`on_duty`: somebody is there now. `at`: by when a first answer is due (aware, in the helpline's zone)."""

    on_duty: bool
    at: datetime


class Facts:
    """The facts of `knowledge/` with the rota in them."""

    def __init__(self, facts: Any, rota: Planned | None) -> None:
        self._facts = facts
        self._rota = rota

    def get(self, name: str) -> Mapping[str, Any]:
        """The file of that name; `duty` knows the shifts."""
        found: Mapping[str, Any] = self._facts.get(name)
        return {**found, PLANNED: self._rota} if name == "duty" and self._rota is not None else found


def _opening(day: date, start: time, end: time, zone: ZoneInfo) -> Span:
    first, last = datetime.combine(day, start, zone), datetime.combine(day, end, zone)
    return first, last if last > first else last + timedelta(days=1)


def opening_hours(duty: Mapping[str, Any], now: datetime, days: int = DAYS) -> list[Span]:
    """The hours of `duty.yml` from yesterday to eight days ahead (or so many), in order."""
    shifts = tuple((shift["from"], shift["until"], tuple(shift["days"])) for shift in duty["shifts"])
    closed = tuple(str(day) for day in duty.get("closed_on", ()))  # YAML reads an unquoted day as a date
    zone = duty["timezone"]
    return list(_opened(zone, shifts, closed, now.astimezone(ZoneInfo(zone)).date(), days))


@lru_cache(maxsize=16)  # every promise asks, several in a turn; they change at midnight
def _opened(
    zone: str, shifts: tuple[tuple[str, str, tuple[str, ...]], ...], closed: tuple[str, ...], today: date, days: int
) -> tuple[Span, ...]:
    """The hours from yesterday on, in order; `closed`: days as YYYY-MM-DD."""
    there, spans = ZoneInfo(zone), []
    for day in (today + timedelta(days=offset) for offset in range(-1, days)):
        if day.isoformat() not in closed:
            spans += [
                _opening(day, time.fromisoformat(start), time.fromisoformat(end), there)
                for start, end, on in shifts
                if WEEK[day.weekday()] in on
            ]
    return tuple(sorted(spans))


def _shifts(duty: Mapping[str, Any], now: datetime, severity: str = "") -> Sequence[Span]:
    """Staffed spans in order. For what is critical, who is on call counts as well."""
    rota: Planned | None = duty.get(PLANNED)
    if rota is None or not rota.shifts:
        return opening_hours(duty, now)
    horizon = max(rota.until, now + SOON)
    later = [(max(start, horizon), end) for start, end in opening_hours(duty, now) if end > horizon]
    zone = ZoneInfo(duty["timezone"])
    there = joined([*rota.duty, *(rota.on_call if severity == "critical" else ()), *later])
    return [(start.astimezone(zone), end.astimezone(zone)) for start, end in there]


def there(duty: Mapping[str, Any], now: datetime, days: int = DAYS) -> Sequence[Span]:
    """When somebody is on duty by a shift; the opening hours while no shift was ever planned."""
    rota: Planned | None = duty.get(PLANNED)
    return rota.duty if rota is not None and rota.shifts else opening_hours(duty, now, days)


def gaps(duty: Mapping[str, Any], now: datetime, *, ahead: timedelta, least: timedelta) -> list[Span]:
    """When the helpline is open by `duty.yml` and no shift is planned, soon. Empty while there is no rota."""
    rota: Planned | None = duty.get(PLANNED)
    if rota is None or not rota.shifts:
        return []
    days = max(DAYS, ahead.days + 2)
    empty: list[Span] = [
        (max(start, now), end) for start, end in opening_hours(duty, now, days) if end > now and start < now + ahead
    ]
    for span in rota.duty:
        empty = without(empty, span)
    return [(start, end) for start, end in empty if end - start >= least]


def promise(duty: Mapping[str, Any], severity: str, now: datetime) -> Promise:
    """When a first answer is due. Minutes count only while somebody is on duty.

    Source of the targets: `knowledge/duty.yml` (proposal of the helpline, not a published standard).
    """
    left = timedelta(minutes=duty["answer_minutes"][severity])
    spans = _shifts(duty, now, severity)
    on_duty = any(start <= now < end for start, end in spans)
    for start, end in spans:
        begin = max(start, now)
        if end <= begin:
            continue
        if begin + left <= end:
            return Promise(on_duty, _rounded(begin + left))
        left -= end - begin
    return Promise(on_duty, _rounded(now + timedelta(days=9)))


def told(duty: Mapping[str, Any], severity: str, now: datetime) -> Promise:
    """What a person is told: by when somebody answers while somebody is there, else when somebody reads next."""
    made = promise(duty, severity, now)
    return made if made.on_duty else Promise(False, next_opening(duty, now))


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


def readers(duty: Mapping[str, Any]) -> tuple[str, ...]:
    """Languages that colleagues told that they read; empty while nobody told any."""
    rota: Planned | None = duty.get(PLANNED)
    return tuple(sorted(rota.readers)) if rota else ()


def reading(duty: Mapping[str, Any], language: str, now: datetime, days: int = DAYS) -> Sequence[Span]:
    """When this language is read: shifts of those who read it, or the opening hours while no shift was ever planned."""
    rota: Planned | None = duty.get(PLANNED)
    if rota is None or language not in rota.readers:
        return ()
    return rota.readers[language] if rota.shifts else opening_hours(duty, now, days)


def reads_at(duty: Mapping[str, Any], language: str, now: datetime) -> datetime | None:
    """When somebody reads this language next: now if somebody does; None when nobody of us does,
    or no shift of who does is planned."""
    return next((max(start, now) for start, end in reading(duty, language, now) if end > now), None)


def genders(duty: Mapping[str, Any]) -> tuple[str, ...]:
    """Whether women and men answer here, as far as colleagues told it."""
    rota: Planned | None = duty.get(PLANNED)
    return tuple(sorted(rota.genders)) if rota else ()


def answers_in(duty: Mapping[str, Any], gender: str, language: str, now: datetime) -> Span | None:
    """When a woman (or a man) who reads this language is there next, from now on; None when none is planned."""
    rota: Planned | None = duty.get(PLANNED)
    by = rota.genders.get(gender, {}) if rota else {}
    known = [by[code] for code in (language, ANY) if code in by]
    if rota is None or not known:
        return None
    spans = [opening_hours(duty, now)] if not rota.shifts else known
    return min(((max(start, now), end) for one in spans for start, end in one if end > now), default=None)
