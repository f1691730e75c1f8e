"""Lists of work: what is due today, and what a supervisor looks at each week.

Law: only what the reader may find; nothing of what a person wrote stands here. Each list is short: it is gone through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.notices import RANK
from bot.store.tables import case_events, cases, contacts, conversations, disclosures, messages, tasks, users
from desk.views.figures import joined
from desk.views.scope import Scope

MOST = 200  # of each kind of what is due
WEEKLY = 10  # of each list of the week
SILENT = timedelta(days=7)
YEAR = timedelta(days=365)
RETURNS = 3
ABOUT_OTHERS = ("tip", "report_missing")  # not her own returning
LISTS = ("self_harm", "child", "returned", "silent", "oldest")


@dataclass(frozen=True, slots=True)
class Item:
    """A case, and why it stands here: `at` is when it is due, or since when; `times` how often she came."""

    reference: str
    kind: str
    severity: str
    keeper: str | None
    at: datetime
    what: str
    mine: bool
    simulated: bool
    times: int = 0


_has = case((conversations.c.owner == "human", conversations.c.owner_user_id))
_keeper = func.coalesce(_has, cases.c.assigned_to)


def _select(scope: Scope, what: str, at: Any, times: Any = None, *, closed: bool = False) -> Any:
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
        (literal(0) if times is None else times).label("times"),
    ).where(scope.where("find"), true() if closed else cases.c.closed_at.is_(None), cases.c.draft.is_(False))


def _with_keeper() -> Any:
    return joined().outerjoin(users, users.c.id == _keeper)


async def due(connection: AsyncConnection, scope: Scope, until: datetime) -> list[Item]:
    """What waits for a second colleague, then first answers, next answers and tasks that are due before `until`: what
    is late by gravity, then by the hour."""
    first = _select(scope, "first", cases.c.answer_due_at).select_from(_with_keeper())
    first = first.where(cases.c.answered_at.is_(None), cases.c.answer_due_at < until)
    following = _select(scope, "next", conversations.c.reply_due_at).select_from(_with_keeper())
    following = following.where(cases.c.answered_at.is_not(None), conversations.c.reply_due_at < until)
    of_case = _with_keeper().join(tasks, tasks.c.case_id == cases.c.id)
    task = _select(scope, "task", tasks.c.due_at).select_from(of_case)
    mine = or_(tasks.c.assigned_to.is_(None), tasks.c.assigned_to == scope.user.id, scope.where("assign"))
    to_do = and_(tasks.c.done_at.is_(None), tasks.c.due_at < until, mine)
    task = task.where(to_do, tasks.c.disclosure_id.is_(None))
    # To tell somebody what was said of her stands here until it is done, whatever became of the case.
    tell = _select(scope, "tell", tasks.c.due_at, closed=True).select_from(of_case)
    tell = tell.where(to_do, tasks.c.disclosure_id.is_not(None))
    second = _select(scope, "second", disclosures.c.expires_at).select_from(
        _with_keeper().join(disclosures, disclosures.c.case_id == cases.c.id)
    )
    second = second.where(
        disclosures.c.state == "proposed",
        disclosures.c.expires_at > scope.now,
        disclosures.c.proposed_by.is_distinct_from(scope.user.id),
        scope.where("agree"),
    )
    found = []
    for statement, at in (
        (second, disclosures.c.expires_at),
        (first, cases.c.answer_due_at),
        (following, conversations.c.reply_due_at),
        (task, tasks.c.due_at),
        (tell, tasks.c.due_at),
    ):
        found += [Item(*row) for row in await connection.execute(statement.order_by(at).limit(MOST))]
    return sorted(
        found,
        key=lambda one: (one.what != "second", one.at >= scope.now, one.at < scope.now and RANK[one.severity], one.at),
    )


async def weekly(connection: AsyncConnection, scope: Scope) -> Mapping[str, Sequence[Item]]:
    """The lists of the week, by name; a case may stand in several."""
    oldest = _select(scope, "oldest", cases.c.opened_at).select_from(_with_keeper()).order_by(cases.c.opened_at)
    found = {"oldest": oldest, "silent": _silent(scope), "returned": _returned(scope)}
    for care in ("self_harm", "child"):
        kept = _select(scope, care, cases.c.opened_at).select_from(_with_keeper())
        found[care] = kept.where(cases.c.care == care).order_by(cases.c.opened_at)
    return {name: [Item(*row) for row in await connection.execute(found[name].limit(WEEKLY + 1))] for name in LISTS}


def _silent(scope: Scope) -> Any:
    """Somebody has answered once, and for a week neither she nor a human wrote."""
    spoke = (
        select(func.max(messages.c.received_at))
        .where(messages.c.conversation_id == conversations.c.id, messages.c.author == "human")
        .correlate(conversations)
        .scalar_subquery()
    )
    last = func.greatest(conversations.c.last_inbound_at, spoke, cases.c.answered_at)
    silent = _select(scope, "silent", last).select_from(_with_keeper())
    before = scope.now - SILENT
    cheap = and_(cases.c.answered_at < before, func.coalesce(conversations.c.last_inbound_at, before) <= before)
    return silent.where(cheap, last < before).order_by(last)


def _returned(scope: Scope) -> Any:
    """Of somebody whose third case within a year this is, or a case that was opened again twice."""
    counted: ColumnElement[bool] = and_(
        scope.where("find"),
        cases.c.draft.is_(False),
        cases.c.kind.not_in(ABOUT_OTHERS),
        cases.c.opened_at > scope.now - YEAR,
    )
    per_person = (
        select(cases.c.subject_id, func.count().label("n"))
        .select_from(joined())
        .where(counted)
        .group_by(cases.c.subject_id)
        .subquery("per_person")
    )
    again = (
        select(case_events.c.case_id, func.count().label("n"))
        .where(case_events.c.kind == "reopened", case_events.c.happened_at > scope.now - YEAR)
        .group_by(case_events.c.case_id)
        .subquery("again")
    )
    times = func.coalesce(per_person.c.n, 1) + func.coalesce(again.c.n, 0)
    source = (
        _with_keeper()
        .outerjoin(per_person, per_person.c.subject_id == cases.c.subject_id)
        .outerjoin(again, again.c.case_id == cases.c.id)
    )
    returned = _select(scope, "returned", cases.c.opened_at, times).select_from(source)
    return returned.where(times >= RETURNS, cases.c.kind.not_in(ABOUT_OTHERS)).order_by(times.desc(), cases.c.opened_at)
