"""What is due today: what waits for a second colleague, first and next answers, tasks, who waits without a case.

Law: only what the reader may find. What is hers stands here whole; of the rest a page, found along an index in its
order, so that it costs the same however many cases are open. What is late stands by gravity, then by the hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, not_, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.notices import RANK
from bot.store.tables import QUEUE_DUE, QUEUE_RANK, cases, contacts, conversations, disclosures, tasks, users
from desk.views.rows import MINE
from desk.views.scope import Scope
from desk.views.watch import Item, entries, in_hand, with_keeper

MOST = 200  # of each kind of what is hers: three times of what one colleague can carry
LISTED = 50  # of what is others', and one more where there is more


async def mine(connection: AsyncConnection, scope: Scope, until: datetime) -> list[Item]:
    """What is hers and due before `until`."""
    found = []
    for statement, at, closed in _kinds(scope, until):
        hers = statement.where(cases.c.id == func.any(func.array(_hers(scope, closed=closed))), _is_mine(scope))
        found += [Item(*row) for row in await connection.execute(hers.order_by(at).limit(MOST))]
    own = and_(conversations.c.owner_user_id == scope.user.id, _is_mine(scope))
    found = _once(found) + [Item(*row) for row in await connection.execute(_talks(scope, until, own).limit(MOST))]
    return _in_order(found, scope.now)


async def others(connection: AsyncConnection, scope: Scope, until: datetime) -> list[Item]:
    """What is others' or nobody's: the first LISTED, and one more where there is more."""
    theirs, page = not_(_is_mine(scope)), LISTED + 1
    found = [Item(*row) for row in await connection.execute(_late(scope, theirs, page))]
    for statement, at, _ in _kinds(scope, until, since=scope.now):
        found += [Item(*row) for row in await connection.execute(statement.where(theirs).order_by(at).limit(page))]
    found = _once(found) + [Item(*row) for row in await connection.execute(_talks(scope, until, theirs).limit(page))]
    return _in_order(found, scope.now)[:page]


def _kinds(scope: Scope, until: datetime, since: datetime | None = None) -> list[tuple[Any, Any, bool]]:
    """(statement, its moment, whether cases may be closed) of each kind. `since`: first answers due before are left
    out."""
    first = entries(scope, "first", cases.c.answer_due_at).select_from(with_keeper())
    first = first.where(cases.c.answered_at.is_(None), cases.c.answer_due_at < until)
    if since is not None:
        first = first.where(cases.c.answer_due_at >= since)
    following = entries(scope, "next", conversations.c.reply_due_at).select_from(with_keeper())
    following = following.where(cases.c.answered_at.is_not(None), conversations.c.reply_due_at < until)
    of_case = with_keeper().join(tasks, tasks.c.case_id == cases.c.id)
    task = entries(scope, "task", tasks.c.due_at).select_from(of_case)
    hers = or_(tasks.c.assigned_to.is_(None), tasks.c.assigned_to == scope.user.id, scope.where("assign"))
    to_do = and_(tasks.c.done_at.is_(None), tasks.c.due_at < until, hers)
    task = task.where(to_do, tasks.c.disclosure_id.is_(None))
    # To tell somebody what was said of her stands here until it is done, whatever became of the case.
    tell = entries(scope, "tell", tasks.c.due_at, closed=True).select_from(of_case)
    tell = tell.where(to_do, tasks.c.disclosure_id.is_not(None))
    second = entries(scope, "second", disclosures.c.expires_at).select_from(
        with_keeper().join(disclosures, disclosures.c.case_id == cases.c.id)
    )
    second = second.where(
        disclosures.c.state == "proposed",
        disclosures.c.expires_at > scope.now,
        disclosures.c.proposed_by.is_distinct_from(scope.user.id),
        scope.where("agree"),
    )
    return [
        (second, disclosures.c.expires_at, False),
        (first, cases.c.answer_due_at, False),
        (following, conversations.c.reply_due_at, False),
        (task, tasks.c.due_at, False),
        (tell, tasks.c.due_at, True),
    ]


def _late(scope: Scope, theirs: ColumnElement[bool], most: int) -> Any:
    """First answers that are late, by gravity: each way to them is walked along `ix_cases_queue`, as the queue does."""
    found = []
    for way in scope.ways("find", but=MINE):
        ordered = (QUEUE_RANK, QUEUE_DUE)
        late = entries(scope, "first", cases.c.answer_due_at).select_from(with_keeper())
        found.append(
            late.where(way.where, scope.now > QUEUE_DUE, theirs)
            .order_by(*((cases.c.organisation_id, *ordered) if way.one_organisation else ordered))
            .limit(most)
        )
    if not found:
        return entries(scope, "first", cases.c.answer_due_at).select_from(with_keeper()).where(literal(False))
    return select(union(*found).subquery())


def _is_mine(scope: Scope) -> ColumnElement[bool]:
    return or_(*(scope.relations[name] for name in MINE))


def _hers(scope: Scope, *, closed: bool) -> Any:
    """Ids of cases that are assigned to her, or whose conversation she has."""
    given, talked, talks = cases.alias(), cases.alias(), conversations.alias()
    assigned = select(given.c.id).where(given.c.assigned_to == scope.user.id)
    own = select(talked.c.id).where(
        talked.c.conversation_id.in_(select(talks.c.id).where(talks.c.owner_user_id == scope.user.id))
    )
    if not closed:
        assigned, own = assigned.where(given.c.closed_at.is_(None)), own.where(talked.c.closed_at.is_(None))
    return union(assigned, own).scalar_subquery()


def _once(found: Sequence[Item]) -> list[Item]:
    """The next answer is one for all cases of a conversation: it stands with the gravest of them."""
    gravest: dict[UUID | None, Item] = {}
    for one in found:
        known = gravest.get(one.talk)
        if one.what == "next" and (known is None or RANK[one.severity] < RANK[known.severity]):
            gravest[one.talk] = one
    return [one for one in found if one.what != "next" or gravest[one.talk] is one]


def _in_order(found: Sequence[Item], now: datetime) -> list[Item]:
    """What waits for a second colleague, then what is late, by gravity; then the hour."""
    return sorted(
        found, key=lambda one: (one.what != "second", one.at >= now, one.at < now and RANK[one.severity], one.at)
    )


def _talks(scope: Scope, until: datetime, whose: ColumnElement[bool]) -> Any:
    """Conversations that wait for a human and of which no case is open."""
    here = (
        conversations.join(contacts, contacts.c.id == conversations.c.subject_id)
        .outerjoin(cases, and_(cases.c.conversation_id == conversations.c.id, cases.c.closed_at.is_(None)))
        .outerjoin(users, users.c.id == in_hand)
    )
    return (
        select(
            literal(None).label("reference"),
            literal("talk_to_human").label("kind"),
            literal("medium").label("severity"),
            users.c.name.label("keeper"),
            conversations.c.reply_due_at.label("at"),
            literal("next").label("what"),
            scope.relations["own"].label("mine"),
            contacts.c.simulated,
            literal(0).label("times"),
            conversations.c.id.label("talk"),
        )
        .select_from(here)
        .where(scope.where("find"), cases.c.id.is_(None), conversations.c.reply_due_at < until, whose)
        .order_by(conversations.c.reply_due_at)
    )
