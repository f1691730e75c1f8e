"""Reading a conversation as it was: both directions, opened. For the simulator, the CLI and the desk's replies.

Law: reads only; who may see it is decided by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.homes import Home
from bot.store.keys import Keys, open_json
from bot.store.tables import addresses, cases, conversations, inbox, keys, messages, outbox


@dataclass(frozen=True, slots=True)
class Line:
    """One message. `body` is a Reply's JSON (out) or what was heard (in). `state` of an out-line is the outbox's."""

    id: UUID
    seq: int
    direction: str
    author: str
    at: datetime
    body: dict[str, Any]
    state: str
    reason: str | None


async def home(connection: AsyncConnection, secrets: Keys, channel: str, account: str, address: str) -> Home | None:
    """Where an address lives, or None when it never wrote."""
    row = (
        await connection.execute(
            select(addresses.c.subject_id, conversations.c.id, keys.c.wrapped)
            .join(conversations, conversations.c.address_id == addresses.c.id)
            .join(keys, keys.c.subject_id == addresses.c.subject_id)
            .where(
                addresses.c.lookup == secrets.address(channel, address),
                addresses.c.channel == channel,
                addresses.c.account == account,
            )
        )
    ).first()
    return Home(row.subject_id, row.id, secrets.keyring.unwrap(row.wrapped)) if row else None


async def home_of_case(connection: AsyncConnection, secrets: Keys, reference: str) -> tuple[Home, UUID] | None:
    """The conversation in which a case was opened, and the case's id; None when there is no such case.

    Closed cases too: a person can be answered after her case was closed.
    """
    row = (
        await connection.execute(
            select(cases.c.id.label("case_id"), conversations.c.id, conversations.c.subject_id, keys.c.wrapped)
            .join(conversations, conversations.c.id == cases.c.conversation_id)
            .join(keys, keys.c.subject_id == conversations.c.subject_id)
            .where(cases.c.reference == reference)
        )
    ).first()
    return (Home(row.subject_id, row.id, secrets.keyring.unwrap(row.wrapped)), row.case_id) if row else None


async def thread(connection: AsyncConnection, where: Home, after: datetime | None = None) -> list[Line]:
    """The messages of a conversation in order, those after a moment if given: for the person's own side of it."""
    order = func.row_number().over(order_by=(messages.c.received_at, messages.c.id))
    query = (
        select(messages, outbox.c.state, outbox.c.reason, order.label("seq"))
        .outerjoin(outbox, outbox.c.id == messages.c.outbox_id)
        .where(messages.c.conversation_id == where.conversation_id)
        .order_by(messages.c.received_at, messages.c.id)
    )
    if after is not None:
        query = query.where(messages.c.received_at > after)
    return [_line(where, row) for row in await connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Window:
    """Some messages of a conversation, in order; `earlier`, `later`: there are more on that side."""

    lines: list[Line]
    earlier: bool
    later: bool


Place: TypeAlias = tuple[datetime, UUID]  # of a message in its conversation


async def window(
    connection: AsyncConnection, where: Home, *, until: Place | None = None, since: Place | None = None, most: int
) -> Window:
    """For staff: the newest messages; or those up to one of them, or from one on, with it. Not what stands around a
    letter of the box, which may be about who reads here. A long conversation costs no more than a short one."""
    order = (messages.c.received_at, messages.c.id)
    query = (
        select(messages, outbox.c.state, outbox.c.reason, literal(0).label("seq"))
        .outerjoin(outbox, outbox.c.id == messages.c.outbox_id)
        .where(messages.c.conversation_id == where.conversation_id, messages.c.retention != "box")
        .limit(most + 1)
    )
    if since is not None:
        query = query.where(tuple_(*order) >= _bound(since)).order_by(*order)
    else:
        query = query.order_by(*[column.desc() for column in order])
        query = query.where(tuple_(*order) <= _bound(until)) if until is not None else query
    rows = (await connection.execute(query)).all()
    lines, more = [_line(where, row) for row in rows[:most]], len(rows) > most
    if since is not None:
        return Window(lines, earlier=True, later=more)
    return Window(lines[::-1], earlier=more, later=until is not None)


def _bound(place: Place) -> Any:
    return tuple_(literal(place[0], messages.c.received_at.type), literal(place[1], messages.c.id.type))


def _line(where: Home, row: Any) -> Line:
    return Line(
        row.id,
        row.seq,
        row.direction,
        row.author,
        row.received_at,
        open_json(where.key, row.body_enc, where=f"messages.body_enc.{row.id}"),
        row.state or "received",
        row.reason,
    )


async def provider_ids(
    connection: AsyncConnection, secrets: Keys, conversation_id: UUID, since: datetime, until: datetime
) -> list[str]:
    """The provider's numbers of what was written and sent here in this time, as far as they are known."""
    rows = await connection.execute(
        select(messages.c.id, messages.c.direction, messages.c.body_enc, outbox.c.provider_id, keys.c.wrapped)
        .join(keys, keys.c.subject_id == messages.c.subject_id)
        .outerjoin(outbox, outbox.c.id == messages.c.outbox_id)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.received_at > since,
            messages.c.received_at <= until,
        )
        .order_by(messages.c.received_at)
    )
    found = []
    for row in rows:
        if row.direction == "out":
            found.append(row.provider_id)
            continue
        try:
            body = open_json(secrets.keyring.unwrap(row.wrapped), row.body_enc, where=f"messages.body_enc.{row.id}")
        except ValueError:
            continue
        # A tap names the message of ours that it stood under.
        found.append((body.get("extra") or {}).get("message_id") if isinstance(body, dict) else None)
    return list(dict.fromkeys(str(one) for one in found if one))


async def busy(connection: AsyncConnection, where: Home, now: datetime) -> bool:
    """Whether something of this conversation still waits to be handled or sent; `now` by the application's clock."""
    waiting = select(inbox.c.id).where(inbox.c.conversation_id == where.conversation_id, inbox.c.state == "waiting")
    unsent = select(outbox.c.id).where(
        outbox.c.conversation_id == where.conversation_id,
        or_(outbox.c.state == "sending", and_(outbox.c.state == "queued", outbox.c.not_before <= now)),
    )
    return bool((await connection.execute(select(or_(waiting.exists(), unsent.exists())))).scalar())
