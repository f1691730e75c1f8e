"""The rows of the queue as SQL: what waits, what is mine, the other open cases; each with what it is ordered by.

Law: filtered by `Scope`; narrow: nothing is read here that is only shown. Where a page begins and ends: `order.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Uuid,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from bot.store.case_tables import QUEUE_DUE, QUEUE_RANK, SEVERITIES
from bot.store.notices import RANK
from bot.store.tables import addresses, cases, contacts, conversations, messages, notices
from desk.views.scope import Scope

AUDIENCES = ("page", "queue")  # a letter about ourselves is for another room
MINE = ("own", "assigned")  # relations
EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # as in QUEUE_DUE
NO_RANK = len(SEVERITIES)
KEY = ("wrote", "red", "paged", "rank", "due", "since", "which")  # what orders, the first difference decides


def bound(key: Sequence[Any]) -> Any:
    """The end of a key as SQL has it."""
    kinds: list[Any] = [*[Integer()] * 4, DateTime(timezone=True), DateTime(timezone=True), Uuid()][-len(key) :]
    return tuple_(*[literal(one, kind) for one, kind in zip(key, kinds, strict=True)])


waiting = (
    select(
        notices.c.conversation_id,
        func.min(case(RANK, value=notices.c.severity)).label("rank"),
        func.min(notices.c.raised_at).label("raised_at"),
        func.bool_or(notices.c.audience == "page").label("paged"),
        func.min(notices.c.kind).label("kind"),
        func.min(notices.c.red_at).label("red_at"),
        func.min(notices.c.due_at).label("due_at"),
        func.array_agg(notices.c.offered_to).label("offered_to"),
    )
    .where(notices.c.taken_at.is_(None), notices.c.audience.in_(AUDIENCES))
    .group_by(notices.c.conversation_id)
    .subquery("waiting")
)
country = func.coalesce(cases.c.country, contacts.c.country, addresses.c.country_hint)
language = func.coalesce(contacts.c.language, contacts.c.language_guess)
rank = func.least(case(RANK, value=cases.c.severity), waiting.c.rank)
# What she says again promises nothing later than what was promised first.
due = func.least(waiting.c.due_at, case((cases.c.answered_at.is_(None), cases.c.answer_due_at)))
since = func.coalesce(
    waiting.c.raised_at, cases.c.opened_at, conversations.c.last_inbound_at, conversations.c.created_at
)
_noticed = select(notices.c.conversation_id).where(notices.c.taken_at.is_(None), notices.c.audience.in_(AUDIENCES))
_talks = conversations.alias()
_open = and_(cases.c.conversation_id == conversations.c.id, cases.c.closed_at.is_(None))


def _row(red: Any, paged: Any, grave: Any, by: Any, at: Any, which: Any) -> tuple[Any, ...]:
    """The columns of a row: its key, what it is of, and what moves."""
    return (
        *[column.label(name) for name, column in zip(KEY[1:], (red, paged, grave, by, at, which), strict=True)],
        conversations.c.id.label("conversation_id"),
        cases.c.id.label("case_id"),
        conversations.c.owner_epoch,
        conversations.c.last_inbound_at,
        func.coalesce(conversations.c.owner_user_id, cases.c.assigned_to).label("keeper"),
    )


def _with_wrote(found: Any, *, asked: bool) -> Any:
    """With when she wrote, if nobody answered since: `asked` among mine only."""
    if not asked:
        return select(
            literal_column("1").label("wrote"), cast(null(), DateTime(timezone=True)).label("wrote_at"), found
        )
    answered = (
        select(func.max(messages.c.received_at))
        .where(messages.c.conversation_id == found.c.conversation_id, messages.c.author == "human")
        .correlate(found)
        .scalar_subquery()
    )
    wrote = case((found.c.last_inbound_at > func.coalesce(answered, EVER), found.c.last_inbound_at))
    each = select(wrote.label("wrote_at"), found).subquery("each")
    return select(each.c.wrote_at.is_(None).cast(Integer).label("wrote"), each)


def _filtered(filters: Mapping[str, str], grave: Any) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if filters.get("severity") in SEVERITIES:
        wanted.append(grave == RANK[filters["severity"]])
    for name, column in (("kind", cases.c.kind), ("country", country), ("language", language)):
        if filters.get(name):
            wanted.append(column == filters[name])
    return wanted


def _about(source: Any, filters: Mapping[str, str]) -> Any:
    """With whom it is about, where a filter asks that."""
    if not (filters.get("country") or filters.get("language")):
        return source
    subject = func.coalesce(cases.c.subject_id, conversations.c.subject_id)
    return source.join(contacts, contacts.c.id == subject).outerjoin(
        addresses, addresses.c.id == conversations.c.address_id
    )


def _mine(scope: Scope) -> ColumnElement[bool]:
    return or_(*(scope.relations[name] for name in MINE))


def gathered(scope: Scope, filters: Mapping[str, str], name: str) -> Any:
    """What waits, or what is mine: few, so all of it is read and ordered. A conversation with several open cases stands
    once, as its gravest; what was written to me and not yet answered comes first."""
    which = func.coalesce(conversations.c.id, cases.c.id)
    paged = case((waiting.c.paged, 0), else_=1)
    red = waiting.c.red_at.is_(None).cast(Integer)
    row = _row(red, paged, func.coalesce(rank, NO_RANK), func.coalesce(due, NEVER), since, which)
    talks = conversations.outerjoin(cases, _open)
    sources: list[tuple[Any, ColumnElement[bool]]]
    if name == "waiting":
        # As an array, so that they are looked up: a join might read all conversations to find them.
        ids = func.array(union(_noticed, select(_talks.c.id).where(_talks.c.owner == "waiting")).scalar_subquery())
        sources = [(talks, and_(conversations.c.id == func.any(ids), not_(_mine(scope))))]
    else:
        own = conversations.c.owner_user_id == scope.user.id
        given = and_(cases.c.assigned_to == scope.user.id, cases.c.closed_at.is_(None))
        with_talk = cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
        sources = [(talks, and_(own, _mine(scope))), (with_talk, and_(given, _mine(scope)))]
    found = union_all(
        *(
            select(*row)
            .select_from(_about(source, filters).outerjoin(waiting, waiting.c.conversation_id == conversations.c.id))
            .where(scope.where("find"), where, *_filtered(filters, rank))
            for source, where in sources
        )
    ).subquery("found")
    every = _with_wrote(found, asked=name == "mine").subquery("every")
    return select(every).ext(distinct_on(every.c.which)).order_by(every.c.which, *[every.c[one] for one in KEY])


def others(scope: Scope, filters: Mapping[str, str], at: Sequence[Any] | None, *, back: bool, most: int) -> Any:
    """Other open cases. Of what does not wait nothing rings: the same order, without the notices. Each way to them is
    walked in this order along `ix_cases_queue`, and no further than a page, or than is counted (`most`)."""
    one: Any = literal_column("1", Integer)
    row = _row(one, one, QUEUE_RANK, QUEUE_DUE, cases.c.opened_at, cases.c.id)
    ordered = (QUEUE_RANK, QUEUE_DUE, cases.c.opened_at, cases.c.id)
    elsewhere = or_(cases.c.conversation_id.is_(None), cases.c.conversation_id.not_in(_noticed))
    wanted = [
        cases.c.closed_at.is_(None),
        scope.where("find"),
        not_(_mine(scope)),
        func.coalesce(conversations.c.owner, "") != "waiting",
        elsewhere,
        *_filtered(filters, QUEUE_RANK),
    ]
    if at is not None:
        wanted.append(tuple_(*ordered) < bound(at) if back else tuple_(*ordered) > bound(at))
    source = _about(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id), filters)
    found = []
    for way in scope.ways("find", but=MINE):
        walk = (cases.c.organisation_id, *ordered) if way.one_organisation else ordered
        found.append(
            select(*row)
            .select_from(source)
            .where(way.where, *wanted)
            .order_by(*[column.desc() if back else column for column in walk])
            .limit(most)
        )
    if not found:
        found = [select(*row).select_from(source).where(false())]
    return _with_wrote(union(*found).subquery("found"), asked=False)
