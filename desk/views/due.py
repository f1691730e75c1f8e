"""What is due today: what waits for a second colleague, first and next answers, tasks, who waits without a case.

Law: only what the reader may find. What is hers stands here whole; of the rest a page, found along an index in its
order, so that it costs the same however many cases are open. What is late stands by gravity, then by the hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, func, literal, not_, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.case_tables import QUEUE_DUE, QUEUE_RANK
from bot.store.notices import RANK
from bot.store.tables import cases, contacts, conversations, disclosures, tasks, users
from desk.views.rows import MINE
from desk.views.scope import Scope
from desk.views.watch import Item, entries, in_hand, with_keeper

MOST = 200  # of each kind of what is hers: three times of what one colleague can carry
LISTED = 50  # of what is others', and one more where there is more
LOOKED = 4 * LISTED  # so many late cases, the gravest, are looked through for those that she may find


async def mine(connection: AsyncConnection, scope: Scope, until: datetime) -> list[Item]:
    """What is hers and due before `until`."""
    hers, found = _is_mine(scope), []
    statements = [(*_second(scope), hers), (*_tell(scope, until), hers)]
    if ids := list(await connection.scalars(_hers(scope))):
        both = and_(cases.c.id == func.any(literal(ids, ARRAY(Uuid))), hers)
        first = entries(scope, "first", cases.c.answer_due_at).select_from(with_keeper())
        first = first.where(cases.c.answered_at.is_(None), cases.c.answer_due_at < until)
        statements += [(first, cases.c.answer_due_at, both)]
        statements += [(*each, both) for each in (_following(scope, until), _task(scope, until))]
    for statement, at, where in statements:
        found += [Item(*row) for row in await connection.execute(statement.where(where).order_by(at).limit(MOST))]
    own = and_(conversations.c.owner_user_id == scope.user.id, hers)
    found = _once(found) + [Item(*row) for row in await connection.execute(_talks(scope, until, own).limit(MOST))]
    return _in_order(found, scope.now)


async def others(connection: AsyncConnection, scope: Scope, until: datetime) -> list[Item]:
    """What is others' or nobody's: the first LISTED, and one more where there is more."""
    theirs, page = not_(_is_mine(scope)), LISTED + 1
    found = await _late(connection, scope, theirs)
    soon = entries(scope, "first", cases.c.answer_due_at).select_from(with_keeper())
    soon = soon.where(cases.c.answered_at.is_(None), cases.c.answer_due_at >= scope.now, cases.c.answer_due_at < until)
    kinds = (_second(scope), (soon, cases.c.answer_due_at), _following(scope, until), _task(scope, until))
    for statement, at in (*kinds, _tell(scope, until)):
        found += [Item(*row) for row in await connection.execute(statement.where(theirs).order_by(at).limit(page))]
    found = _once(found) + [Item(*row) for row in await connection.execute(_talks(scope, until, theirs).limit(page))]
    return _in_order(found, scope.now)[:page]


async def _late(connection: AsyncConnection, scope: Scope, theirs: ColumnElement[bool]) -> list[Item]:
    """First answers that are late, by gravity. Which cases: each way to them is walked along `ix_cases_queue`, by what
    that index holds alone, since else all would be read to be sorted. What of them she may find is asked then."""
    ordered, narrow = (QUEUE_RANK, QUEUE_DUE), []
    late = and_(cases.c.closed_at.is_(None), cases.c.draft.is_(False), scope.now > QUEUE_DUE)
    for way in scope.ways("find", but=MINE):
        walk = (cases.c.organisation_id, *ordered) if way.one_organisation else ordered
        narrow.append(select(cases.c.id).where(way.where, late).order_by(*walk).limit(LOOKED))
    if not narrow:
        return []
    ids = list(await connection.scalars(union(*narrow)))
    found = entries(scope, "first", cases.c.answer_due_at).select_from(with_keeper())
    found = found.where(cases.c.id == func.any(literal(ids, ARRAY(Uuid))), theirs).order_by(*ordered)
    return [Item(*row) for row in await connection.execute(found.limit(LISTED + 1))] if ids else []


# --- what is due: each with its moment


def _following(scope: Scope, until: datetime) -> tuple[Any, Any]:
    found = entries(scope, "next", conversations.c.reply_due_at).select_from(with_keeper())
    return found.where(
        cases.c.answered_at.is_not(None), conversations.c.reply_due_at < until
    ), conversations.c.reply_due_at


def _task(scope: Scope, until: datetime) -> tuple[Any, Any]:
    found = entries(scope, "task", tasks.c.due_at).select_from(_of_tasks())
    return found.where(_to_do(scope, until), tasks.c.disclosure_id.is_(None)), tasks.c.due_at


def _tell(scope: Scope, until: datetime) -> tuple[Any, Any]:
    """To tell somebody what was said of her stands here until it is done, whatever became of the case."""
    found = entries(scope, "tell", tasks.c.due_at, closed=True).select_from(_of_tasks())
    return found.where(_to_do(scope, until), tasks.c.disclosure_id.is_not(None)), tasks.c.due_at


def _second(scope: Scope) -> tuple[Any, Any]:
    found = entries(scope, "second", disclosures.c.expires_at).select_from(
        with_keeper().join(disclosures, disclosures.c.case_id == cases.c.id)
    )
    found = found.where(
        disclosures.c.state == "proposed",
        disclosures.c.expires_at > scope.now,
        disclosures.c.proposed_by.is_distinct_from(scope.user.id),
        scope.where("agree"),
    )
    return found, disclosures.c.expires_at


def _of_tasks() -> Any:
    return with_keeper().join(tasks, tasks.c.case_id == cases.c.id)


def _to_do(scope: Scope, until: datetime) -> ColumnElement[bool]:
    hers = or_(tasks.c.assigned_to.is_(None), tasks.c.assigned_to == scope.user.id, scope.where("assign"))
    return and_(tasks.c.done_at.is_(None), tasks.c.due_at < until, hers)


def _is_mine(scope: Scope) -> ColumnElement[bool]:
    return or_(*(scope.relations[name] for name in MINE))


def _hers(scope: Scope) -> Any:
    """Ids of open cases that are assigned to her, or whose conversation she has."""
    talks = select(conversations.c.id).where(conversations.c.owner_user_id == scope.user.id)
    found = select(cases.c.id).where(cases.c.closed_at.is_(None))
    return union(found.where(cases.c.assigned_to == scope.user.id), found.where(cases.c.conversation_id.in_(talks)))


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
