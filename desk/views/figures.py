"""Figures of cases: how many, of what, from where to where, answered how soon, ended how.

Law: counts only what the reader may find (`scope`), never simulated people, never drafts (a draft is a report that
nobody has looked at beside an open case).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Date, Row, and_, case, cast, exists, func, literal, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.case_tables import SEVERITIES
from bot.store.tables import addresses, case_events, cases, contacts, conversations
from desk.figures import Asked
from desk.views.scope import Scope

Count: TypeAlias = tuple[str, int]
# What GROUPING() says of a row: a bit for each column that it is not counted by.
_BUCKET, _KIND, _CORRIDOR, _SEVERITY = 0b0111, 0b1011, 0b1101, 0b1110
_LAST = "\U0010ffff"  # after every country: what is not known


@dataclass(frozen=True, slots=True)
class Home:
    """What tells a home country: `origin` are the countries people leave from, `spoken` the one of a language."""

    origin: Sequence[str]
    spoken: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class First:
    """First answers to cases of one severity. Seconds; `late`: nobody has answered, and it was due."""

    severity: str
    cases: int
    answered: int
    within: int
    late: int
    median: float | None
    slow: float | None  # nine of ten were faster


def joined() -> Any:
    """Cases with who they are about."""
    return (
        cases.join(contacts, contacts.c.id == cases.c.subject_id)
        .outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
        .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
    )


language = func.coalesce(contacts.c.language, contacts.c.language_guess)


def stay(home: Home) -> Any:
    """Where she is; a number of a country of origin says nothing about that."""
    abroad = case((addresses.c.country_hint.not_in(home.origin), addresses.c.country_hint))
    return func.coalesce(cases.c.country, contacts.c.country, abroad)


def came_from(home: Home) -> Any:
    """Where she is from: nobody is asked. A number of a country of origin says it, else a language that is spoken in
    one of them."""
    own = case((addresses.c.country_hint.in_(home.origin), addresses.c.country_hint))
    return func.coalesce(own, case(*((language == code, literal(country)) for code, country in home.spoken.items())))


def chosen(scope: Scope, asked: Asked, permission: str = "find") -> list[ColumnElement[bool]]:
    """Which cases count, apart from the period."""
    wanted = [scope.where(permission), contacts.c.simulated.is_(False), cases.c.draft.is_(False)]
    columns = {
        "severity": cases.c.severity,
        "kind": cases.c.kind,
        "country": func.coalesce(cases.c.country, contacts.c.country, addresses.c.country_hint),
        "language": language,
        "channel": addresses.c.channel,
    }
    wanted += [columns[name] == value for name, value in asked.filters.items() if value]
    return wanted


def opened(asked: Asked) -> ColumnElement[bool]:
    """Cases that were opened in the period."""
    return and_(cases.c.opened_at >= asked.start, cases.c.opened_at < asked.end)


async def plan_anew(connection: AsyncConnection) -> None:
    """A week and a year are answered in different ways: until the end of the transaction PostgreSQL thinks of each
    statement with its values, where it would keep one way for all periods after some requests."""
    await connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


@dataclass(frozen=True, slots=True)
class Period:
    """Cases that were opened in a period. `volumes`: (first day, cases, critical ones) of each day, week or month,
    those without any too; `kinds` and `corridors` (home, stay, cases; None where it is not known): most first."""

    volumes: Sequence[tuple[date, int, int]]
    kinds: Sequence[Count]
    corridors: Sequence[tuple[str | None, str | None, int]]
    firsts: Sequence[First]


async def of_period(
    connection: AsyncConnection, scope: Scope, asked: Asked, home: Home, permission: str = "find"
) -> Period:
    """All that is told of them, in one reading. How soon a human answered first leaves out a case that was opened
    again: its clock began anew."""
    again = exists(
        select(case_events.c.id).where(case_events.c.case_id == cases.c.id, case_events.c.kind == "reopened")
    )
    each = (
        select(
            cast(func.date_trunc(asked.unit, func.timezone(asked.zone, cases.c.opened_at)), Date).label("bucket"),
            cases.c.kind,
            cases.c.severity,
            came_from(home).label("home"),
            stay(home).label("stay"),
            cases.c.opened_at,
            cases.c.answered_at,
            cases.c.answer_due_at,
            cases.c.closed_at,
            not_(again).label("first"),
        )
        .select_from(joined())
        .where(*chosen(scope, asked, permission), opened(asked))
        .cte("each")
    )
    row = each.c
    answered, first, n = row.answered_at.is_not(None), row.first, func.count()
    late = and_(not_(answered), row.closed_at.is_(None), row.answer_due_at < scope.now)
    took = case((first, func.extract("epoch", row.answered_at - row.opened_at)))
    sets = func.grouping_sets(tuple_(row.bucket), tuple_(row.kind), tuple_(row.home, row.stay), tuple_(row.severity))
    rows = await connection.execute(
        select(
            func.grouping(row.bucket, row.kind, row.home, row.severity).label("by"),
            row.bucket,
            row.kind,
            row.home,
            row.stay,
            row.severity,
            n.label("n"),
            n.filter(row.severity == "critical").label("critical"),
            n.filter(first).label("cases"),
            n.filter(first, answered).label("answered"),
            n.filter(first, row.answered_at <= row.answer_due_at).label("within"),
            n.filter(first, late).label("late"),
            func.percentile_cont(0.5).within_group(took).label("median"),
            func.percentile_cont(0.9).within_group(took).label("slow"),
        ).group_by(sets)
    )
    return _together(rows.all(), asked)


def _together(rows: Sequence[Row[Any]], asked: Asked) -> Period:
    """The rows of each set, as it is shown."""
    by: dict[int, list[Any]] = {one: [] for one in (_BUCKET, _KIND, _CORRIDOR, _SEVERITY)}
    for found in rows:
        by[found.by].append(found)
    counted = {found.bucket: (found.n, found.critical) for found in by[_BUCKET]}
    graded = {
        one.severity: First(one.severity, one.cases, one.answered, one.within, one.late, one.median, one.slow)
        for one in by[_SEVERITY]
        if one.cases
    }
    return Period(
        volumes=[(day, *counted.get(day, (0, 0))) for day in days(asked)],
        kinds=sorted(((one.kind, one.n) for one in by[_KIND]), key=lambda one: (-one[1], one[0])),
        corridors=sorted(
            ((one.home, one.stay, one.n) for one in by[_CORRIDOR]),
            key=lambda one: (-one[2], one[0] or _LAST, one[1] or _LAST),
        ),
        firsts=[graded[level] for level in SEVERITIES if level in graded],
    )


def days(asked: Asked) -> list[date]:
    """The first day of each unit of the period, as date_trunc names them."""
    day = asked.first
    if asked.unit == "week":
        day -= timedelta(days=day.weekday())
    if asked.unit == "month":
        day = day.replace(day=1)
    found = []
    while day <= asked.last:
        found.append(day)
        if asked.unit == "month":
            day = (day + timedelta(days=32)).replace(day=1)
        else:
            day += timedelta(days=7 if asked.unit == "week" else 1)
    return found


async def outcomes(
    connection: AsyncConnection, scope: Scope, asked: Asked, permission: str = "find"
) -> tuple[list[Count], int]:
    """Cases that were closed in the period by what came of them, most first; and how many stand open at its end."""
    came, n = func.coalesce(cases.c.outcome, "").label("came"), func.count().label("n")
    wanted = chosen(scope, asked, permission)
    rows = await connection.execute(
        select(came, n)
        .select_from(joined())
        .where(*wanted, cases.c.closed_at >= asked.start, cases.c.closed_at < asked.end)
        .group_by("came")
        .order_by(n.desc(), "came")
    )
    still = or_(cases.c.closed_at.is_(None), cases.c.closed_at >= asked.end)
    left = select(func.count()).select_from(joined()).where(*wanted, cases.c.opened_at < asked.end, still)
    return [(row.came, row.n) for row in rows], (await connection.execute(left)).scalar_one()
