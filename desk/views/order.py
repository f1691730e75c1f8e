"""Which rows a page of the queue has: chosen by what orders them, before anything is read that is shown of them.

Law: filtered by `Scope`. A page begins after a place in the order, not after a number of rows, so that it costs the
same anywhere and nobody is passed over while others come and go. The order is the one that the page explains.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

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
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.notices import RANK
from bot.store.tables import (
    QUEUE_DUE,
    QUEUE_RANK,
    SEVERITIES,
    addresses,
    cases,
    contacts,
    conversations,
    messages,
    notices,
)
from desk.views.scope import Scope

AUDIENCES = ("page", "queue")  # a letter about ourselves is for another room
MINE = ("own", "assigned")  # relations
PARTS = ("waiting", "mine", "others")
FILTERS = ("severity", "kind", "country", "language")
PAGE = 50  # rows of a part
COUNTED = 500  # so far a part is counted
EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # as in QUEUE_DUE
TICK = timedelta(microseconds=1)
NO_RANK = len(SEVERITIES)
KEY = ("wrote", "red", "paged", "rank", "due", "since", "which")
Key: TypeAlias = tuple[int, int, int, int, datetime, datetime, UUID]
_PLACE = re.compile(r"([01])\.([01])\.([01])\.(\d)\.(\d{1,18})\.(\d{1,18})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the queue is asked for. `part`: only this one; `after`, `before`: a place in it."""

    filters: Mapping[str, str]
    part: str = ""
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row: where it stands, and what moves when something happens in it."""

    conversation_id: UUID | None
    case_id: UUID | None
    wrote_at: datetime | None  # she wrote then, and nobody answered since
    key: Key
    moved: tuple[Any, ...]

    @property
    def place(self) -> str:
        """The place in the order, for an address."""
        *marks, due, since, which = self.key
        return ".".join([*map(str, marks), str((due - EVER) // TICK), str((since - EVER) // TICK), which.hex])


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a part. `total`: of the whole part, COUNTED + 1 for more; None on a later page."""

    name: str
    rows: Sequence[Chosen]
    total: int | None
    earlier: bool
    later: bool


def place(text: str) -> Key | None:
    """A place that an address names; None for what is none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    wrote, red, paged, rank, due, since, which = found.groups()
    try:
        return (
            int(wrote),
            int(red),
            int(paged),
            int(rank),
            EVER + int(due) * TICK,
            EVER + int(since) * TICK,
            UUID(which),
        )
    except OverflowError:
        return None


async def page(connection: AsyncConnection, scope: Scope, wish: Wish) -> list[Part]:
    """The three parts from their beginning, or one of them from a place on."""
    after, before = place(wish.after), place(wish.before)
    if wish.part not in PARTS or (after is None and before is None):
        return [await _part(connection, scope, wish.filters, name, None, back=False) for name in PARTS]
    return [await _part(connection, scope, wish.filters, wish.part, before or after, back=before is not None)]


def version(parts: Sequence[Part]) -> str:
    """Changes when anything of what these parts show does."""
    seen = [(one.name, one.total, one.later, [(row.key, row.case_id, row.moved) for row in one.rows]) for one in parts]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


async def _part(
    connection: AsyncConnection, scope: Scope, filters: Mapping[str, str], name: str, at: Key | None, *, back: bool
) -> Part:
    others = name == "others"
    keyed = (_others(scope, filters, at, back=back) if others else _gathered(scope, filters, name)).cte("keyed")
    key = tuple_(*[keyed.c[one] for one in KEY])
    wanted = select(keyed, select(func.count()).select_from(keyed).scalar_subquery().label("total"))
    if at is not None:
        wanted = wanted.where(key < _bound(at) if back else key > _bound(at))
    ordered = [keyed.c[one].desc() if back else keyed.c[one] for one in KEY]
    async with _in_order(connection, when=others):
        found = (await connection.execute(wanted.order_by(*ordered).limit(PAGE + 1))).all()
    rows, more = [_chosen(row) for row in found[:PAGE]], len(found) > PAGE
    if back:
        return Part(name, rows[::-1], None, earlier=more, later=True)
    total = None if at else (found[0].total if found else 0)
    return Part(name, rows, total, earlier=at is not None, later=more)


@asynccontextmanager
async def _in_order(connection: AsyncConnection, *, when: bool) -> AsyncIterator[None]:
    """Nobody can guess how many rows a permission leaves, PostgreSQL too: it is told to walk an index in its order, and
    so stops after a page, where it might read and sort all that is open."""
    if when:
        await connection.exec_driver_sql("SET LOCAL enable_sort = off")
    yield
    if when:
        await connection.exec_driver_sql("SET LOCAL enable_sort TO DEFAULT")


def _chosen(row: Any) -> Chosen:
    key = (row.wrote, row.red, row.paged, row.rank, row.due, row.since, row.which)
    return Chosen(
        row.conversation_id, row.case_id, row.wrote_at, key, (row.owner_epoch, row.last_inbound_at, row.keeper)
    )


def _bound(key: Sequence[Any]) -> Any:
    """A key as SQL has it."""
    kinds: list[Any] = [*[Integer()] * 4, DateTime(timezone=True), DateTime(timezone=True), Uuid()][-len(key) :]
    return tuple_(*[literal(one, kind) for one, kind in zip(key, kinds, strict=True)])


# --- what waits, by conversation

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
due = func.coalesce(waiting.c.due_at, case((cases.c.answered_at.is_(None), cases.c.answer_due_at)))
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


def _gathered(scope: Scope, filters: Mapping[str, str], name: str) -> Any:
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


def _others(scope: Scope, filters: Mapping[str, str], at: Key | None, *, back: bool) -> Any:
    """Other open cases. Of what does not wait nothing rings: the same order, without the notices. Each way to them is
    walked in this order along `ix_cases_queue`, and no further than a page, or than is counted."""
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
        wanted.append(tuple_(*ordered) < _bound(at[3:]) if back else tuple_(*ordered) > _bound(at[3:]))
    source = _about(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id), filters)
    found = []
    for way in scope.ways("find", but=MINE):
        walk = (cases.c.organisation_id, *ordered) if way.one_organisation else ordered
        found.append(
            select(*row)
            .select_from(source)
            .where(way.where, *wanted)
            .order_by(*[column.desc() if back else column for column in walk])
            .limit(COUNTED + 1 if at is None else PAGE + 1)
        )
    if not found:
        found = [select(*row).select_from(source).where(false())]
    return _with_wrote(union(*found).subquery("found"), asked=False)
