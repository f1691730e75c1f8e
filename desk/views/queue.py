"""The queue: what waits for a human, what is mine, and the other open cases that I may find.

Law: filtered by `Scope`, so lists and counts show what single views would. No words of a person; the number masked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, case, func, literal, not_, null, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_
from bot.store.notices import RANK
from bot.store.tables import SEVERITIES, addresses, cases, contacts, conversations, keys, messages, notices, users
from desk.views.scope import Scope

AUDIENCES = ("page", "queue")  # a letter about ourselves is for another room
PAGE = 50  # of the other cases
MOST = 100  # of what waits, and of mine
EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
FILTERS = ("severity", "kind", "country", "language")


@dataclass(frozen=True, slots=True)
class Entry:
    """A case, or a conversation of which no case was made (`reference` is None)."""

    conversation_id: UUID | None
    reference: str | None
    kind: str
    severity: str
    paged: bool
    owner: str
    keeper: str | None  # name of the colleague who has the conversation or the case
    since: datetime  # waiting, or open, since then
    due: datetime | None  # the first answer is promised by then
    wrote_at: datetime | None  # she wrote then, and nobody answered since
    country: str | None
    language: str | None
    channel: str | None
    number: str
    simulated: bool
    may_take: bool
    red: bool  # everybody was called and nobody came
    offered: bool  # routing thought of the reader first


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the queue; `more`: there are more than are shown."""

    name: str
    entries: Sequence[Entry]
    more: bool


def masked(channel: str, address: str) -> str:
    """A number as the desk shows it: two digits of the country and two at the end; nothing for who gave none."""
    digits = address.lstrip("+")
    if len(digits) < 2:
        return ""
    return (
        f"+{digits[:3]} \u2022\u2022\u2022 {digits[-2:]}"
        if channel != "telegram"
        else f"\u2022\u2022\u2022 {digits[-2:]}"
    )


_others, _also = conversations.alias(), cases.alias()
_waiting = (
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
_rank = func.least(case(RANK, value=cases.c.severity), _waiting.c.rank)
_country = func.coalesce(cases.c.country, contacts.c.country, addresses.c.country_hint)
_language = func.coalesce(contacts.c.language, contacts.c.language_guess)
_waits = or_(_waiting.c.conversation_id.is_not(None), conversations.c.owner == "waiting")
# The same as a set of ids, so that neither all cases nor all conversations are looked at for them.
_waiting_ids = union(
    select(notices.c.conversation_id).where(notices.c.taken_at.is_(None), notices.c.audience.in_(AUDIENCES)),
    select(_others.c.id).where(_others.c.owner == "waiting"),
)
NOBODY_WROTE: Any = null()
_answered = (
    select(func.max(messages.c.received_at))
    .where(messages.c.conversation_id == conversations.c.id, messages.c.author == "human")
    .correlate(conversations)
    .scalar_subquery()
)
_unanswered = case((conversations.c.last_inbound_at > func.coalesce(_answered, EVER), conversations.c.last_inbound_at))
_due = func.coalesce(_waiting.c.due_at, case((cases.c.answered_at.is_(None), cases.c.answer_due_at)))
# The order, as the page explains it and `store.notices.ORDER` has it: for whom everybody was called and nobody came,
# what rings, gravity, what is due first, who waits longest.
ORDER = (
    _waiting.c.red_at.is_(None),
    func.coalesce(_waiting.c.paged, False).desc(),
    _rank,
    _due.asc().nulls_last(),
    func.coalesce(_waiting.c.raised_at, cases.c.opened_at),
)
# Of what does not wait nothing rings: the same order, without the notices.
_gravity = case(RANK, value=cases.c.severity)
OTHERS = (
    _gravity,
    case((cases.c.answered_at.is_(None), cases.c.answer_due_at)).asc().nulls_last(),
    cases.c.opened_at,
    cases.c.id,
)
_COLUMNS = (
    conversations.c.id.label("conversation_id"),
    conversations.c.owner,
    cases.c.id.label("case_id"),
    cases.c.reference,
    func.coalesce(cases.c.kind, _waiting.c.kind, "talk_to_human").label("kind"),
    _rank.label("rank"),
    _due.label("due"),
    _waiting.c.red_at,
    _waiting.c.offered_to,
    func.coalesce(
        _waiting.c.raised_at, cases.c.opened_at, conversations.c.last_inbound_at, conversations.c.created_at
    ).label("since"),
    func.coalesce(_waiting.c.paged, False).label("paged"),
    _country.label("country"),
    _language.label("language"),
    contacts.c.simulated,
    addresses.c.id.label("address_id"),
    addresses.c.channel,
    addresses.c.address_enc,
    keys.c.wrapped,
    users.c.name.label("keeper"),
)


def _narrow() -> Any:
    """Open cases with what they are ordered by, and nothing that is shown of them."""
    return cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id)


def _told() -> Any:
    """Open cases with what the filters ask."""
    return (
        cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
        .join(contacts, contacts.c.id == cases.c.subject_id)
        .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
    )


def _from(*, of_cases: bool) -> Any:
    """Open cases with their conversations, or conversations without an open case, and what is shown of them."""
    base: Any
    if of_cases:
        base = cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
        subject = cases.c.subject_id
    else:
        live = and_(cases.c.conversation_id == conversations.c.id, cases.c.closed_at.is_(None))
        base, subject = conversations.outerjoin(cases, live), conversations.c.subject_id
    has = case((conversations.c.owner == "human", conversations.c.owner_user_id))
    return (
        base.join(contacts, contacts.c.id == subject)
        .join(keys, keys.c.subject_id == subject)
        .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
        .outerjoin(_waiting, _waiting.c.conversation_id == conversations.c.id)
        .outerjoin(users, users.c.id == func.coalesce(has, cases.c.assigned_to))
    )


def _where(scope: Scope, filters: Mapping[str, str], *, of_cases: bool, rank: Any = _rank) -> list[ColumnElement[bool]]:
    wanted = [scope.where("find"), cases.c.closed_at.is_(None) if of_cases else cases.c.id.is_(None)]
    if filters.get("severity") in SEVERITIES:
        wanted.append(rank == RANK[filters["severity"]])
    for name, column in (("kind", cases.c.kind), ("country", _country), ("language", _language)):
        if filters.get(name):
            wanted.append(column == filters[name])
    return wanted


def _among(column: Any, ids: Sequence[UUID]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == func.any(literal(list(ids), ARRAY(Uuid)))
    return found


async def _who_waits(connection: AsyncConnection) -> list[UUID]:
    """The conversations that wait, whoever may see them. Asked first: with their ids at hand the planner knows how few
    they are, and does not join all that is open with them."""
    return [row[0] for row in await connection.execute(_waiting_ids)]


def _near(scope: Scope, name: str, waiting: Sequence[UUID], *, of_cases: bool) -> ColumnElement[bool]:
    """Where rows of a part can be: what waits, and what is mine, are few, and found by their ids."""
    own = select(_others.c.id).where(_others.c.owner_user_id == scope.user.id)
    if not of_cases:
        return _among(conversations.c.id, waiting) if name == "waiting" else conversations.c.id.in_(own)
    if name == "waiting":
        return _among(cases.c.conversation_id, waiting)
    assigned = select(_also.c.id).where(_also.c.assigned_to == scope.user.id, _also.c.closed_at.is_(None))
    with_me = select(_also.c.id).where(_also.c.conversation_id.in_(own), _also.c.closed_at.is_(None))
    return cases.c.id.in_(union(assigned, with_me))


def _mine(scope: Scope) -> ColumnElement[bool]:
    stands = scope.relations
    return or_(stands["own"], stands["assigned"])


async def queue(
    connection: AsyncConnection, secrets: Keys, scope: Scope, filters: Mapping[str, str], page: int = 1
) -> list[Section]:
    """The three parts, in order. `page` is that of the last part."""
    there = await _who_waits(connection)
    mine, take = _mine(scope), scope.where("take").label("may_take")

    def statement(*where: ColumnElement[bool], of_cases: bool, wrote: Any = NOBODY_WROTE) -> Any:
        return (
            select(*_COLUMNS, take, wrote.label("wrote_at"))
            .select_from(_from(of_cases=of_cases))
            .where(*_where(scope, filters, of_cases=of_cases), *where)
        )

    both = [
        (one, {name: _near(scope, name, there, of_cases=one) for name in ("waiting", "mine")}) for one in (True, False)
    ]
    waits = [statement(near["waiting"], _waits, not_(mine), of_cases=one) for one, near in both]
    own = [statement(near["mine"], mine, of_cases=one, wrote=_unanswered) for one, near in both]
    waits, own = [[one.order_by(*ORDER).limit(MOST) for one in part] for part in (waits, own)]
    # The page is chosen by what is ordered, and only its rows are joined with what is shown of them.
    wide = bool(filters.get("country") or filters.get("language"))
    chosen = (
        select(cases.c.id)
        .select_from(_told() if wide else _narrow())
        .where(
            *_where(scope, filters, of_cases=True, rank=_gravity),
            not_(mine),
            or_(cases.c.conversation_id.is_(None), not_(_among(cases.c.conversation_id, there))),
        )
        .order_by(*OTHERS)
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    ids = [row.id for row in await connection.execute(chosen)]
    rest = statement(_among(cases.c.id, ids), of_cases=True).order_by(*OTHERS)
    parts = {"waiting": waits, "mine": own, "others": [rest]}
    sections = []
    for name, statements in parts.items():
        rows = [row for one in statements for row in await connection.execute(one)]
        if name != "others":
            rows = _each_once(rows)
        most = PAGE if name == "others" else MOST
        sections.append(Section(name, [_entry(secrets, row, scope.user.id) for row in rows[:most]], len(rows) > most))
    return sections


def _each_once(rows: Sequence[Any]) -> list[Any]:
    """In order, and a conversation with several cases stands once: as its gravest. What was written to me and not yet
    answered comes first."""
    ordered = sorted(rows, key=_place)
    seen: set[UUID] = set()
    kept = []
    for row in ordered:
        if row.conversation_id is None or row.conversation_id not in seen:
            kept.append(row)
            seen.add(row.conversation_id)
    return kept


def _place(row: Any) -> tuple[Any, ...]:
    rank = row.rank if row.rank is not None else 9
    return (row.wrote_at is None, row.red_at is None, not row.paged, rank, row.due or NEVER, row.since)


def _entry(secrets: Keys, row: Any, user_id: UUID) -> Entry:
    number = ""
    if row.address_enc is not None:
        key = secrets.keyring.unwrap(row.wrapped)
        number = masked(
            row.channel, open_(key, row.address_enc, where=f"addresses.address_enc.{row.address_id}").decode()
        )
    return Entry(
        conversation_id=row.conversation_id,
        reference=row.reference,
        kind=row.kind,
        severity=SEVERITIES[row.rank] if row.rank is not None else "medium",
        paged=row.paged,
        owner=row.owner or "human",
        keeper=row.keeper,
        since=row.since,
        due=row.due,
        wrote_at=row.wrote_at,
        country=row.country,
        language=row.language,
        channel=row.channel,
        number=number,
        simulated=row.simulated,
        may_take=row.may_take,
        red=row.red_at is not None,
        offered=user_id in (row.offered_to or ()),
    )


async def choices(connection: AsyncConnection, scope: Scope) -> dict[str, list[str]]:
    """What the filters offer: values of the open cases that may be found."""
    columns = {"kind": cases.c.kind, "country": _country, "language": _language}
    rows = (
        await connection.execute(
            select(*[column.label(name) for name, column in columns.items()])
            .select_from(_told())
            .where(*_where(scope, {}, of_cases=True))
            .distinct()
        )
    ).all()
    found = {name: sorted({value for row in rows if (value := getattr(row, name)) is not None}) for name in columns}
    return {"severity": list(SEVERITIES), **found}


async def fingerprint(connection: AsyncConnection, scope: Scope) -> str:
    """Changes when anything of what the user may find in the queue does."""
    there = await _who_waits(connection)
    moved = (
        func.count(),
        func.max(conversations.c.last_inbound_at),
        func.sum(conversations.c.owner_epoch),
        func.max(cases.c.opened_at),
        func.max(cases.c.answered_at),
    )
    rings = (func.count(_waiting.c.conversation_id), func.max(_waiting.c.raised_at), *moved)
    asked: list[Any] = [select(*moved).select_from(_narrow()).where(*_where(scope, {}, of_cases=True))]
    for one in (True, False):
        near = _near(scope, "waiting", there, of_cases=one)
        asked.append(select(*rings).select_from(_from(of_cases=one)).where(*_where(scope, {}, of_cases=one), near))
    parts = [repr(tuple((await connection.execute(one)).one())) for one in asked]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]
