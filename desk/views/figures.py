"""Figures of cases: how many, of what, from where to where, answered how soon, ended how, with whom now.

Law: counts only what the reader may find (`scope`), never simulated people, never drafts (a draft is a report that
nobody has looked at beside an open case). Nobody is compared with anybody: load is by name, and only of now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, case, cast, exists, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.notices import RANK
from bot.store.tables import SEVERITIES, addresses, case_events, cases, contacts, conversations, messages, users
from desk.figures import Asked
from desk.views.scope import Scope

BEFORE = timedelta(days=30)  # how far back an earlier answer is looked for
MOST_REPLIES = 5_000  # of the period, the newest
WORKS = ("volunteer", "partner", "caseworker", "specialist", "supervisor")  # roles that may have cases
Count: TypeAlias = tuple[str, int]


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


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody has now."""

    user_id: UUID
    name: str
    role: str
    open: int
    critical: int


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


async def volumes(
    connection: AsyncConnection, scope: Scope, asked: Asked, permission: str = "find"
) -> list[tuple[date, int, int]]:
    """(first day, cases, critical ones of them) of each day, week or month, those without a case too."""
    local = func.timezone(asked.zone, cases.c.opened_at)
    day = cast(func.date_trunc(asked.unit, local), Date).label("bucket")
    rows = await connection.execute(
        select(day, func.count().label("n"), func.count().filter(cases.c.severity == "critical").label("critical"))
        .select_from(joined())
        .where(*chosen(scope, asked, permission), opened(asked))
        .group_by("bucket")
    )
    found = {row.bucket: (row.n, row.critical) for row in rows}
    return [(day, *found.get(day, (0, 0))) for day in days(asked)]


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


async def kinds(connection: AsyncConnection, scope: Scope, asked: Asked, permission: str = "find") -> list[Count]:
    """Cases by kind, most first."""
    n = func.count().label("n")
    rows = await connection.execute(
        select(cases.c.kind, n)
        .select_from(joined())
        .where(*chosen(scope, asked, permission), opened(asked))
        .group_by(cases.c.kind)
        .order_by(n.desc(), cases.c.kind)
    )
    return [(row.kind, row.n) for row in rows]


async def corridors(
    connection: AsyncConnection, scope: Scope, asked: Asked, home: Home, permission: str = "find"
) -> list[tuple[str | None, str | None, int]]:
    """(home country, country of stay, cases), most first; None where it is not known."""
    each = (
        select(came_from(home).label("home"), stay(home).label("stay"))
        .select_from(joined())
        .where(*chosen(scope, asked, permission), opened(asked))
        .subquery()
    )
    n = func.count().label("n")
    rows = await connection.execute(
        select(each.c.home, each.c.stay, n)
        .group_by(each.c.home, each.c.stay)
        .order_by(n.desc(), each.c.home, each.c.stay)
    )
    return [(row.home, row.stay, row.n) for row in rows]


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


async def firsts(connection: AsyncConnection, scope: Scope, asked: Asked, permission: str = "find") -> list[First]:
    """How soon a human answered first, by severity. A case that was opened again is left out: its clock began anew."""
    again = exists(
        select(case_events.c.id).where(case_events.c.case_id == cases.c.id, case_events.c.kind == "reopened")
    )
    answered = cases.c.answered_at.is_not(None)
    late = and_(not_(answered), cases.c.closed_at.is_(None), cases.c.answer_due_at < scope.now)
    took = func.extract("epoch", cases.c.answered_at - cases.c.opened_at)
    rows = await connection.execute(
        select(
            cases.c.severity,
            func.count().label("cases"),
            func.count().filter(answered).label("answered"),
            func.count().filter(cases.c.answered_at <= cases.c.answer_due_at).label("within"),
            func.count().filter(late).label("late"),
            func.percentile_cont(0.5).within_group(took).label("median"),
            func.percentile_cont(0.9).within_group(took).label("slow"),
        )
        .select_from(joined())
        .where(*chosen(scope, asked, permission), opened(asked), not_(again))
        .group_by(cases.c.severity)
    )
    found = {row.severity: First(*row) for row in rows}
    return [found[level] for level in SEVERITIES if level in found]


async def gaps(connection: AsyncConnection, scope: Scope, asked: Asked) -> list[tuple[str, datetime, datetime]]:
    """(severity, she wrote, a human answered) for each answer after the first in the period, the newest."""
    rank = func.min(case(RANK, value=cases.c.severity)).label("rank")
    of = (
        select(cases.c.conversation_id, rank)
        .select_from(joined())
        .where(*chosen(scope, asked), cases.c.conversation_id.is_not(None))
        .group_by(cases.c.conversation_id)
        .subquery()
    )
    human = messages.c.author == "human"
    earlier = func.count().filter(human).over(
        partition_by=messages.c.conversation_id, order_by=(messages.c.received_at, messages.c.id), rows=(None, -1)
    )  # fmt: skip
    lines = (
        select(messages.c.conversation_id, messages.c.received_at, messages.c.author, earlier.label("turn"), of.c.rank)
        .join(of, of.c.conversation_id == messages.c.conversation_id)
        .where(
            messages.c.received_at >= asked.start - BEFORE,
            messages.c.received_at < asked.end,
            messages.c.author.in_(("person", "human")),
            messages.c.retention != "box",
        )
        .subquery()
    )
    wrote = func.min(lines.c.received_at).filter(lines.c.author == "person").label("wrote")
    replied = func.min(lines.c.received_at).filter(lines.c.author == "human").label("replied")
    rows = await connection.execute(
        select(lines.c.rank, wrote, replied)
        .where(lines.c.turn > 0)
        .group_by(lines.c.conversation_id, lines.c.turn, lines.c.rank)
        .having(replied >= asked.start, wrote < replied)
        .order_by(replied.desc())
        .limit(MOST_REPLIES)
    )
    return [(SEVERITIES[row.rank], row.wrote, row.replied) for row in rows]


async def load(connection: AsyncConnection, scope: Scope) -> list[Load]:
    """Open and critical cases of each colleague of the reader's organisation, by name."""
    has = case((conversations.c.owner == "human", conversations.c.owner_user_id))
    kept = (
        select(func.coalesce(has, cases.c.assigned_to).label("user_id"), cases.c.severity)
        .select_from(joined())
        .where(scope.where("find"), contacts.c.simulated.is_(False), cases.c.closed_at.is_(None))
        .subquery()
    )
    rows = await connection.execute(
        select(
            users.c.id,
            users.c.name,
            users.c.role,
            func.count(kept.c.user_id).label("open"),
            func.count().filter(kept.c.severity == "critical").label("critical"),
        )
        .select_from(users.outerjoin(kept, kept.c.user_id == users.c.id))
        .where(
            users.c.active.is_(True),
            users.c.organisation_id == scope.user.organisation_id,
            users.c.role.in_(WORKS),
        )
        .group_by(users.c.id, users.c.name, users.c.role)
        .order_by(func.lower(users.c.name), users.c.id)
    )
    return [Load(*row) for row in rows]


async def choices(connection: AsyncConnection, scope: Scope) -> dict[str, list[str]]:
    """What the filters offer: values of cases that may be found. One look, since there are few combinations."""
    country = func.coalesce(cases.c.country, contacts.c.country, addresses.c.country_hint)
    each = (
        select(cases.c.kind, country.label("country"), language.label("language"), addresses.c.channel)
        .select_from(joined())
        .where(*chosen(scope, Asked(date.min, date.max, "UTC")))
        .subquery()
    )
    rows = (await connection.execute(select(each).group_by(*each.c))).all()
    found = {"severity": list(SEVERITIES)}
    for name in ("kind", "country", "language", "channel"):
        found[name] = sorted({value for row in rows if (value := getattr(row, name)) is not None})
    return found
