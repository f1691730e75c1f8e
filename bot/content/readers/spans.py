"""Days that are said from today: "next month", "in 3 weeks", "2 months ago", "on Friday".

Law: no clock in here; "next month" is its first day, since what is reckoned from it must not come too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from bot.content.readers import quantities
from bot.content.readers.tokens import Token, tokens
from bot.content.readers.words import Vocabulary

AHEAD, PAST = "ahead", "past"
_DAYS = {"day": 1, "week": 7}
_MOST = 600  # of a unit


def said(parts: Sequence[Token], known: Vocabulary, today: date, side: str) -> date | None:
    """The day that is meant, seen from today. `side`: where it lies when only a length or a weekday is said."""
    words = [p for p in parts if p.kind != "sign"]
    return _counted(words, known, today, side) or _near(words, known, today) or _weekday(words, known, today, side)


def moved(today: date, unit: str, count: int) -> date | None:
    """So many units from today; a month has the same day, or its last one."""
    try:
        if unit in _DAYS:
            return today + timedelta(days=_DAYS[unit] * count)
        months = today.year * 12 + today.month - 1 + count * (12 if unit == "year" else 1)
        first = date(months // 12, months % 12 + 1, 1)
        after = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
        return first.replace(day=min(today.day, (after - timedelta(days=1)).day))
    except (ValueError, OverflowError):
        return None


def _counted(parts: Sequence[Token], known: Vocabulary, today: date, side: str) -> date | None:
    """ "in 3 weeks", "2 months ago"; a length alone when it is all that was said of what is ahead."""
    for place in range(len(parts)):
        found = _length(parts, place, known)
        if found is None:
            continue
        unit, count, end, ending = found
        before = _time(parts, place - 1, known) if place else ""
        after = _time(parts, end, known) or _time(tokens(ending), 0, known)
        if before == "ago.before" or after == "ago.after":
            return moved(today, unit, -count)
        if before == "ahead.before" or after == "ahead.after":
            return moved(today, unit, count)
        if place == 0 and end == len(parts) and side == AHEAD:
            return moved(today, unit, count)
    return None


def _length(parts: Sequence[Token], place: int, known: Vocabulary) -> tuple[str, int, int, str] | None:
    """Unit, number, where the text goes on, and the ending written onto the unit."""
    if one := known.counted.at(parts, place):
        return _whole(one.value[0], one.value[1], one.end, one.after)
    number = quantities.at(parts, place, known)
    beside = known.units.at(parts, number.end) if number else None
    return _whole(beside.value, number.value, beside.end, beside.after) if number and beside else None


def _whole(unit: str, value: Decimal, end: int, ending: str) -> tuple[str, int, int, str] | None:
    fits = unit in ("day", "week", "month", "year") and value == int(value) and 0 < value <= _MOST
    return (unit, int(value), end, ending) if fits else None


def _time(parts: Sequence[Token], place: int, known: Vocabulary) -> str:
    found = known.times.at(parts, place) if 0 <= place < len(parts) else None
    return found.value if found else ""


def _near(parts: Sequence[Token], known: Vocabulary, today: date) -> date | None:
    """ "next month", "last week", the adjective on either side."""
    for place in range(len(parts)):
        unit = known.units.at(parts, place)
        if unit is None:
            continue
        beside = {_time(parts, place - 1, known) if place else "", _time(parts, unit.end, known)}
        for word, step in (("next", 1), ("last", -1)):
            if word in beside:
                day = moved(today, unit.value, step) if unit.value in ("day", "week", "month", "year") else None
                return _begun(day, unit.value)
    return None


def _begun(day: date | None, unit: str) -> date | None:
    if day is None or unit in _DAYS:
        return day
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)


def _weekday(parts: Sequence[Token], known: Vocabulary, today: date, side: str) -> date | None:
    for place in range(len(parts)):
        found = known.weekdays.at(parts, place)
        if found is None:
            continue
        beside = {_time(parts, place - 1, known) if place else "", _time(parts, found.end, known)}
        back = "last" in beside or (side == PAST and not beside & {"next", "this"})
        away = (found.value - today.weekday()) % 7 or 7
        return today + timedelta(days=(away - 7 or -7) if back else away)
    return None
