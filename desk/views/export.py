"""Cases as rows of a file, one each: what happened and how soon, without who.

Law: only rows that the reader may take out (`export`), never words, names or numbers of a person. Without a reason
there is no reference and no day, only the month, and a value that fewer than five rows have becomes `other`. For
research and media, and for advocacy where cases can be told apart, only rows of who agreed to exactly that use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import addresses, cases
from desk.figures import FEWEST, Asked
from desk.views.consents import agreed
from desk.views.figures import Home, came_from, chosen, joined, language, opened, stay
from desk.views.scope import Scope

MOST = 100_000
OWN = "own"  # our own work
OTHER = "other"
_RARE = ("kind", "home", "stay", "language", "channel", "outcome")


@dataclass(frozen=True, slots=True)
class Row:
    """One case. `reference` is empty in a file without names; `opened` is then a month, else a day."""

    reference: str
    opened: str
    kind: str
    severity: str
    stage: str
    home: str | None
    stay: str | None
    language: str | None
    channel: str | None
    outcome: str | None
    hours_to_answer: float | None
    in_time: bool | None
    days_open: int | None  # None while it is open


async def rows(
    connection: AsyncConnection, scope: Scope, asked: Asked, home: Home, *, identified: bool, purpose: str = OWN
) -> Sequence[Row]:
    """The cases that were opened in the period, in no telling order unless they are named. `purpose`: what the file is
    for; our own work, or a use that she has to agree to."""
    found = await connection.execute(
        select(
            cases.c.reference,
            cases.c.opened_at,
            cases.c.answered_at,
            cases.c.answer_due_at,
            cases.c.closed_at,
            cases.c.kind,
            cases.c.severity,
            cases.c.stage,
            cases.c.outcome,
            came_from(home).label("home"),
            stay(home).label("stay"),
            language.label("language"),
            addresses.c.channel,
        )
        .select_from(joined())
        .where(*chosen(scope, asked, "export"), opened(asked), *_agreed(purpose, identified=identified))
        .order_by(cases.c.opened_at)
        .limit(MOST)
    )
    zone = ZoneInfo(asked.zone)
    made = [
        Row(
            reference=row.reference if identified else "",
            opened=row.opened_at.astimezone(zone).strftime("%Y-%m-%d" if identified else "%Y-%m"),
            kind=row.kind,
            severity=row.severity,
            stage=row.stage,
            home=row.home,
            stay=row.stay,
            language=row.language,
            channel=row.channel,
            outcome=row.outcome,
            hours_to_answer=_hours(row.opened_at, row.answered_at, fine=identified),
            in_time=row.answered_at <= row.answer_due_at if row.answered_at and row.answer_due_at else None,
            days_open=(row.closed_at - row.opened_at).days if row.closed_at else None,
        )
        for row in found
    ]
    return made if identified else _without_rare(made)


def _agreed(purpose: str, *, identified: bool) -> list[ColumnElement[bool]]:
    """Whose cases may stand in a file for this. Figures of many for advocacy need nobody's yes: nobody is in them."""
    if purpose == OWN or (purpose == "advocacy" and not identified):
        return []
    return [agreed(purpose), cases.c.care.is_distinct_from("child")]  # a child has no story that could be told


def _hours(start: datetime, end: datetime | None, *, fine: bool) -> float | None:
    return round((end - start).total_seconds() / 3600, 1 if fine else None) if end else None


def _other(name: str) -> Any:
    return {name: OTHER}


def _without_rare(made: Sequence[Row]) -> list[Row]:
    """Values that few rows have are `other`; sorted by what is left, so that the order tells nothing."""
    for name in _RARE:
        counted = Counter(getattr(row, name) for row in made)
        made = [
            replace(row, **_other(name)) if getattr(row, name) and counted[getattr(row, name)] < FEWEST else row
            for row in made
        ]
    return sorted(made, key=lambda row: tuple(str(getattr(row, field)) for field in row.__slots__))
