"""Lists of work: their entries, and what a supervisor looks at each week. What is due today: `due.py`.

Law: only what the reader may find; nothing of what a person wrote stands here. Each list is short: it is gone through.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, case, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import case_events, cases, contacts, conversations, messages, users
from desk.views.figures import joined
from desk.views.order import in_order
from desk.views.scope import Scope

WEEKLY = 10  # of each list of the week
SILENT = timedelta(days=7)
YEAR = timedelta(days=365)
RETURNS = 3
ABOUT_OTHERS = ("tip", "report_missing")  # not her own returning
LISTS = ("self_harm", "child", "returned", "silent", "oldest")


@dataclass(frozen=True, slots=True)
class Item:
    """A case, and why it stands here: `at` is when it is due, or since when; `times` how often she came."""

    reference: str | None  # None: a conversation of which no case was made
    kind: str
    severity: str
    keeper: str | None
    at: datetime
    what: str
    mine: bool
    simulated: bool
    times: int = 0
    talk: UUID | None = None  # its conversation


in_hand = case((conversations.c.owner == "human", conversations.c.owner_user_id))  # who has the conversation
_keeper = func.coalesce(in_hand, cases.c.assigned_to)


def entries(scope: Scope, what: str, at: Any, *, closed: bool = False) -> Any:
    """The rows of a list, as `Item` has them: open cases, or `closed` too."""
    stands = scope.relations
    return select(
        cases.c.reference,
        cases.c.kind,
        cases.c.severity,
        users.c.name.label("keeper"),
        at.label("at"),
        literal(what).label("what"),
        or_(stands["own"], stands["assigned"]).label("mine"),
        contacts.c.simulated,
        literal(0).label("times"),
        conversations.c.id.label("talk"),
    ).where(scope.where("find"), true() if closed else cases.c.closed_at.is_(None), cases.c.draft.is_(False))


def with_keeper() -> Any:
    """Cases with their conversation, their person and who has them: what `entries` reads from."""
    return joined().outerjoin(users, users.c.id == _keeper)


async def weekly(connection: AsyncConnection, scope: Scope) -> Mapping[str, Sequence[Item]]:
    """The lists of the week, by name; a case may stand in several."""
    oldest = entries(scope, "oldest", cases.c.opened_at).select_from(with_keeper()).order_by(cases.c.opened_at)
    found = {"oldest": oldest, "silent": _silent(scope)}
    for care in ("self_harm", "child"):
        kept = entries(scope, care, cases.c.opened_at).select_from(with_keeper())
        found[care] = kept.where(cases.c.care == care).order_by(cases.c.opened_at)
    lists = {}
    for name, one in found.items():
        async with in_order(connection, when=name == "oldest"):
            lists[name] = [Item(*row) for row in await connection.execute(one.limit(WEEKLY + 1))]
    lists["returned"] = await _returned(connection, scope)
    return {name: lists[name] for name in LISTS}


def _silent(scope: Scope) -> Any:
    """Somebody has answered once, and for a week neither she nor a human wrote."""
    spoke = (
        select(func.max(messages.c.received_at))
        .where(messages.c.conversation_id == conversations.c.id, messages.c.author == "human")
        .correlate(conversations)
        .scalar_subquery()
    )
    last = func.greatest(conversations.c.last_inbound_at, spoke, cases.c.answered_at)
    silent = entries(scope, "silent", last).select_from(with_keeper())
    before = scope.now - SILENT
    cheap = and_(cases.c.answered_at < before, func.coalesce(conversations.c.last_inbound_at, before) <= before)
    return silent.where(cheap, last < before).order_by(last)


async def _returned(connection: AsyncConnection, scope: Scope) -> list[Item]:
    """Of somebody whose third case within a year this is, or a case that was opened again twice. Who came twice and
    what was opened again are few: these are counted first, and then asked for what she may find."""
    also = cases.alias("also")
    hers = select(also.c.subject_id).where(also.c.closed_at.is_(None), also.c.kind.not_in(ABOUT_OTHERS))
    n = func.count()
    counted = and_(cases.c.draft.is_(False), cases.c.kind.not_in(ABOUT_OTHERS), cases.c.opened_at > scope.now - YEAR)
    per_person = select(cases.c.subject_id).where(counted).group_by(cases.c.subject_id).having(n > 1)
    twice = list(
        await connection.scalars(per_person.where(cases.c.subject_id == func.any(func.array(hers.scalar_subquery()))))
    )
    found_twice = per_person.add_columns(n).select_from(joined()).where(scope.where("find"))
    came = dict(_pairs(await connection.execute(found_twice.where(_among(cases.c.subject_id, twice)))))
    per_case = select(case_events.c.case_id, n).where(
        case_events.c.kind == "reopened", case_events.c.happened_at > scope.now - YEAR
    )
    again = dict(_pairs(await connection.execute(per_case.group_by(case_events.c.case_id))))
    returned = (
        entries(scope, "returned", cases.c.opened_at)
        .add_columns(cases.c.id, cases.c.subject_id)
        .select_from(with_keeper())
        .where(or_(_among(cases.c.subject_id, came), _among(cases.c.id, again)), cases.c.kind.not_in(ABOUT_OTHERS))
    )
    found = [
        replace(Item(*row[:-2]), times=came.get(row.subject_id, 1) + again.get(row.id, 0))
        for row in await connection.execute(returned)
    ]
    kept = [one for one in found if one.times >= RETURNS]
    return sorted(kept, key=lambda one: (-one.times, one.at))[: WEEKLY + 1]


def _pairs(rows: Any) -> list[tuple[UUID, int]]:
    return [(row[0], row[1]) for row in rows]


def _among(column: Any, ids: Collection[UUID]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == func.any(literal(list(ids), ARRAY(Uuid)))
    return found
