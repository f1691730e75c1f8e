"""The queue: what waits for a human, what is mine, and the other open cases that I may find.

Law: filtered by `Scope`, so lists and counts show what single views would. No words of a person; the number masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, case, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.case_tables import SEVERITIES
from bot.store.keys import Keys, open_
from bot.store.tables import addresses, cases, contacts, conversations, keys, users
from desk.views import order, rows
from desk.views.order import Chosen, Part, Wish
from desk.views.scope import Scope


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
    """A part of the queue, or a page of it. `earlier`, `later`: places in its order, for an address; empty for none."""

    name: str
    entries: Sequence[Entry]
    total: int | None  # of the whole part, if it is counted
    more: bool  # there are more than are counted
    earlier: str
    later: str


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


_has = case((conversations.c.owner == "human", conversations.c.owner_user_id))
_COLUMNS = (
    conversations.c.id.label("conversation_id"),
    conversations.c.owner,
    cases.c.id.label("case_id"),
    cases.c.reference,
    func.coalesce(cases.c.kind, rows.waiting.c.kind, "talk_to_human").label("kind"),
    rows.rank.label("rank"),
    rows.due.label("due"),
    rows.waiting.c.red_at,
    rows.waiting.c.offered_to,
    rows.since.label("since"),
    func.coalesce(rows.waiting.c.paged, False).label("paged"),
    rows.country.label("country"),
    rows.language.label("language"),
    contacts.c.simulated,
    addresses.c.id.label("address_id"),
    addresses.c.channel,
    addresses.c.address_enc,
    keys.c.wrapped,
    users.c.name.label("keeper"),
)


async def queue(connection: AsyncConnection, secrets: Keys, scope: Scope, wish: Wish) -> tuple[list[Section], str]:
    """What is asked for, in order; and its version, which changes when anything of it does."""
    parts = await order.page(connection, scope, wish)
    shown = await _shown(connection, scope, [row for part in parts for row in part.rows])
    return [_section(secrets, scope, part, shown) for part in parts], order.version(parts)


async def fingerprint(connection: AsyncConnection, scope: Scope, wish: Wish) -> str:
    """The version of what `queue` would show now."""
    return order.version(await order.page(connection, scope, wish))


def _among(column: Any, ids: Sequence[UUID | None]) -> Any:
    """Said beside a join, so that no plan reads the whole table to meet a hundred rows of it."""
    return column == func.any(literal(ids, ARRAY(Uuid)))


async def _shown(connection: AsyncConnection, scope: Scope, found: Sequence[Chosen]) -> dict[Any, Any]:
    """What is shown of each row, by its two ids."""
    if not found:
        return {}
    talks, about = [row.conversation_id for row in found], [row.case_id for row in found]
    chosen = (
        func.unnest(literal(talks, ARRAY(Uuid)), literal(about, ARRAY(Uuid)))
        .table_valued("conversation_id", "case_id", name="chosen")
        .render_derived()
    )
    talk = and_(conversations.c.id == chosen.c.conversation_id, _among(conversations.c.id, talks))
    case_ = and_(cases.c.id == chosen.c.case_id, _among(cases.c.id, about))
    source = (
        chosen.outerjoin(conversations, talk)
        .outerjoin(cases, case_)
        .join(contacts, contacts.c.id == func.coalesce(cases.c.subject_id, conversations.c.subject_id))
        .join(keys, keys.c.subject_id == contacts.c.id)
        .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
        .outerjoin(rows.waiting, rows.waiting.c.conversation_id == conversations.c.id)
        .outerjoin(users, users.c.id == func.coalesce(_has, cases.c.assigned_to))
    )
    wanted = select(*_COLUMNS, scope.where("take").label("may_take")).select_from(source).where(scope.where("find"))
    return {(row.conversation_id, row.case_id): row for row in await connection.execute(wanted)}


def _section(secrets: Keys, scope: Scope, part: Part, shown: dict[Any, Any]) -> Section:
    # What was erased, or may not be found any more, since it was chosen is left out.
    each = [(one, shown.get((one.conversation_id, one.case_id))) for one in part.rows]
    found = [(one, row) for one, row in each if row is not None]
    counted = None if part.total is None else min(part.total, order.COUNTED)
    return Section(
        part.name,
        [_entry(secrets, row, one.wrote_at, scope.user.id) for one, row in found],
        counted,
        part.total is not None and part.total > order.COUNTED,
        part.rows[0].place if part.rows and part.earlier else "",
        part.rows[-1].place if part.rows and part.later else "",
    )


def _entry(secrets: Keys, row: Any, wrote_at: datetime | None, user_id: UUID) -> Entry:
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
        wrote_at=wrote_at,
        country=row.country,
        language=row.language,
        channel=row.channel,
        number=number,
        simulated=row.simulated,
        may_take=row.may_take,
        red=row.red_at is not None,
        offered=user_id in (row.offered_to or ()),
    )
