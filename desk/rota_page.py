"""All that the rota's page shows: days with their shifts and gaps, what is covered, what the bot promises now.

Law: reads only. Promises and gaps are computed by the very functions that the bot uses (`handlers/duty.py`,
`handlers/cover.py`). Days are those of the reader's time zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale

from bot.engine.events import Said
from bot.rostering import Roster
from bot.store import spans, staffed
from bot.store.colleagues import SKILLS
from bot.store.spans import Span
from bot.store.staffed import ANY
from desk.moments import of_day_field
from desk.office import Office, Visit
from desk.views import rota as view
from desk.views.rota import Away, Mate, Shift
from handlers import cover, duty

VIEWS = ("week", "month")
AHEAD = timedelta(days=14)  # that are looked through for hours without a reader
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HERE, NIGHT = "human.here", "human.night"  # what a person is told who asks for a person now


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the page is looked at: an address as values."""

    view: str = "week"
    start: date | None = None
    language: str = ""
    skill: str = ""
    cover: str = ""

    @classmethod
    def read(cls, told: Mapping[str, str]) -> Asked:
        """From an address; what is not understood is as if it were not said."""
        start = of_day_field(told.get("from", ""))
        view = told.get("view", "")
        return cls(
            view if view in VIEWS else VIEWS[0],
            start,
            told.get("language", "")[:8],
            told.get("skill", "") if told.get("skill") in SKILLS else "",
            told.get("cover", "")[:8],
        )

    def address(self, **other: str) -> str:
        """The page with something else of it."""
        told = {
            "view": self.view if self.view != VIEWS[0] else "",
            "from": self.start.isoformat() if self.start else "",
            "language": self.language,
            "skill": self.skill,
            "cover": self.cover,
        }
        query = urlencode({name: value for name, value in {**told, **other}.items() if value})
        return f"/desk/rota?{query}" if query else "/desk/rota"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the reader's: its shifts, and the opening hours for which nobody is planned."""

    at: date
    today: bool
    past: bool
    shifts: Sequence[Shift]
    gaps: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Covered:
    """One language on the coming days: for each day a state of each hour, and how many open hours nobody reads it."""

    language: str
    days: Sequence[tuple[date, Sequence[str], float]]

    @property
    def missing(self) -> float:
        """Open hours without a reader."""
        return sum(none for _, _, none in self.days)


@dataclass(frozen=True, slots=True)
class Promised:
    """What a person is told now who writes in this language. `reads`: read, open (when
    anybody is there), later (`reads_at`), none."""

    language: str
    sentence: str
    here: bool
    at: datetime
    danger_here: bool
    danger: datetime
    reads: str
    reads_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The page."""

    asked: Asked
    zone: str
    theirs: str  # the helpline's zone
    planned: bool  # whether any shift was ever planned
    days: Sequence[Day]
    lead: int  # empty places before the first day of a month
    before: str
    after: str
    gaps: Sequence[Span]
    swaps: Sequence[Shift]  # that somebody is looked for, or that wait to be confirmed
    mine: Sequence[Shift]
    away: Sequence[Away]
    team: Sequence[Mate]
    languages: Sequence[str]
    covered: Sequence[Covered]
    promised: Sequence[Promised]
    nights: Mapping[str, int]


async def gather(office: Office, visit: Visit, asked: Asked) -> Shown:
    """Everything, in one transaction."""
    zone = office.look.zone_of(visit)
    roster, now = Roster(office.content), visit.now
    today = now.astimezone(zone).date()
    first, last = _period(asked, today, visit.language)
    start, end = _midnight(first, zone), _midnight(last, zone)
    async with office.database.begin() as connection:
        found = await view.between(connection, start, end, language=asked.language, skill=asked.skill)
        coming = await view.between(connection, now, now + AHEAD)
        planned = await staffed.planned(connection, now, ahead=AHEAD + DAY * 2)
        gaps = await roster.gaps(connection, now, max(AHEAD, end - now))
        people = await view.team(connection)
        away = await view.away(connection, (now, now + AHEAD))
    facts = {**office.content.knowledge.get("duty"), **({duty.PLANNED: planned} if planned else {})}
    languages = sorted({*office.content.languages, *duty.readers(facts)})
    return Shown(
        asked=asked,
        zone=str(zone),
        theirs=str(roster.zone),
        planned=bool(planned and planned.shifts),
        days=[_day(one, today, zone, found, gaps) for one in _each(first, last)],
        lead=(first.weekday() - _week_begins(visit.language)) % 7 if asked.view == "month" else 0,
        before=asked.address(**{"from": _before(asked, first).isoformat()}),
        after=asked.address(**{"from": last.isoformat()}),
        gaps=[gap for gap in gaps if gap[0] < now + AHEAD],
        swaps=[one for one in coming if one.swap],
        mine=[one for one in coming if one.user_id == visit.user.id],
        away=away,
        team=people,
        languages=languages,
        covered=[covered(facts, one, today, zone, now) for one in (languages if duty.readers(facts) else (ANY,))],
        promised=[_promised(office, facts, one, now) for one in languages],
        nights=office.content.knowledge.get("targets")["care"]["nights_on_call"],
    )


def _period(asked: Asked, today: date, language: str) -> tuple[date, date]:
    """The first day, and the one after the last. A week begins as the reader's language has it."""
    at = asked.start or today
    if asked.view == "month":
        first = at.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)
    first = at - timedelta(days=(at.weekday() - _week_begins(language)) % 7)
    return first, first + timedelta(days=7)


def _week_begins(language: str) -> int:
    return Locale.parse(language).first_week_day


def _before(asked: Asked, first: date) -> date:
    return (first - DAY).replace(day=1) if asked.view == "month" else first - timedelta(days=7)


def _each(first: date, last: date) -> list[date]:
    return [first + DAY * n for n in range((last - first).days)]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(day: date, today: date, zone: ZoneInfo, shifts: Sequence[Shift], gaps: Sequence[Span]) -> Day:
    start, end = _midnight(day, zone), _midnight(day + DAY, zone)
    return Day(
        day,
        day == today,
        day < today,
        [one for one in shifts if max(one.starts_at, start) < min(one.ends_at, end)],
        [(max(a, start), min(b, end)) for a, b in gaps if max(a, start) < min(b, end)],
    )


def covered(facts: Mapping[str, Any], language: str, today: date, zone: ZoneInfo, now: datetime) -> Covered:
    """Each hour of the coming days: `read`, `part`, `none` (open, and nobody reads it), `shut`, `past`. `ANY`: while
    nobody told what they read, whoever is there may read it."""
    days_ahead = AHEAD.days + 2
    reading = duty.there(facts, now, days_ahead) if language == ANY else duty.reading(facts, language, now, days_ahead)
    opens = duty.opening_hours(facts, now, days_ahead)
    days = []
    for day in _each(today, today + AHEAD):
        hours = [_hour(_midnight(day, zone) + HOUR * n, reading, opens, now) for n in range(24)]
        days.append((day, hours, _unread(_midnight(day, zone), _midnight(day + DAY, zone), reading, opens, now)))
    return Covered(language, days)


def _unread(start: datetime, end: datetime, reading: Sequence[Span], opens: Sequence[Span], now: datetime) -> float:
    """Open hours of a day, from now on, that nobody reads; to a quarter of an hour."""
    left = [(max(a, start, now), min(b, end)) for a, b in opens if max(a, start, now) < min(b, end)]
    for span in reading:
        left = spans.without(left, span)
    return round(sum((b - a for a, b in left), timedelta()) / HOUR * 4) / 4


def _hour(start: datetime, reading: Sequence[Span], opens: Sequence[Span], now: datetime) -> str:
    end = start + HOUR
    if end <= now:
        return "past"
    inside = sum((min(b, end) - max(a, start) for a, b in reading if a < end and b > start), timedelta())
    if inside >= HOUR:
        return "read"
    if inside:
        return "part"
    return "none" if any(a < end and b > start for a, b in opens) else "shut"


def _promised(office: Office, facts: Mapping[str, Any], language: str, now: datetime) -> Promised:
    asked, danger = duty.told(facts, "high", now), duty.told(facts, "critical", now)
    reads, reads_at = cover.reading(facts, language, now)
    if reads == "read" and not asked.on_duty:
        reads = "open"  # nobody reads anything now: nothing more is said of a language
    text = HERE if asked.on_duty else NIGHT
    at = {"at": asked.at.isoformat(), "zone": str(facts["timezone"]), "now": now.isoformat()}
    sentence = ""
    if language in office.content.languages:
        sentence = office.content.reply(Said(text, {"at": at}), language).text
    return Promised(language, sentence, asked.on_duty, asked.at, danger.on_duty, danger.at, reads, reads_at)


def chosen(shown: Shown) -> Covered:
    """The language whose hours are shown: the one that was asked for, else the first that somebody reads."""
    for one in shown.covered:
        if shown.asked.cover == one.language:
            return one
    read = (one for one in shown.covered if any("read" in hours for _, hours, _ in one.days))
    return next(read, shown.covered[0])


def may_take(shift: Shift, user_id: UUID) -> bool:
    """Whether a shift is offered to somebody."""
    return shift.swap == "offered" and shift.user_id != user_id and shift.to_user_id in (None, user_id)
