"""Reminders that are due: found, their people locked, and turned into inputs of the inbox.

Law: nothing is sent and no flow is run here. One reminder of a conversation at a time, and only into silence: nobody
wrote for an hour, nothing waits to be handled, no caseworker has the conversation, no self-harm case is open. The line
that she allowed while a human is awaited (`CHECK_IN`) is the one exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, exists, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.homes import Home
from bot.store.inbox import input_row
from bot.store.keys import Keys, open_json
from bot.store.records import CHECK_IN
from bot.store.rows import Conversation, Person
from bot.store.tables import addresses, cases, contacts, conversations, inbox, keys, messages, reminders
from bot.store.turns import PERSON_FIELDS

BY = "reminder"  # who started the flow
QUIET = timedelta(hours=1)
LATE = timedelta(hours=1)  # after the moment that was said to her: then a line of the program helps nobody
SILENT_KINDS = ("express_self_harm",)  # protection.md: nothing by itself until a human closes it
CHUNK = 1000
Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose moment has come, with all that decides whether it may be said now."""

    id: UUID
    home: Home
    flow: str
    slots: dict[str, Any]
    person: Person
    conversation: Conversation


async def waiting(connection: AsyncConnection, now: datetime, after: Place | None) -> list[Place]:
    """The next chunk of due ones, in their order."""
    place = (reminders.c.due_at, reminders.c.id)
    query = select(*place).where(reminders.c.state == "waiting", reminders.c.due_at <= now)
    if after is not None:
        query = query.where(tuple_(*place) > after)
    rows = await connection.execute(query.order_by(*place).limit(CHUNK))
    return [(row.due_at, row.id) for row in rows]


async def fitting(connection: AsyncConnection, secrets: Keys, ids: Sequence[UUID], now: datetime) -> list[Due]:
    """Of these, those that would come into silence and are allowed; one of each conversation."""
    if not ids:
        return []
    rows = await connection.execute(
        select(
            reminders.c.id,
            reminders.c.flow,
            reminders.c.slots_enc,
            reminders.c.conversation_id,
            reminders.c.subject_id,
            contacts.c.simulated,
            *[contacts.c[f] for f in PERSON_FIELDS],
            addresses.c.channel,
            addresses.c.account,
            addresses.c.country_hint,
            conversations.c.owner_epoch,
            conversations.c.last_inbound_at,
            keys.c.wrapped,
        )
        .ext(distinct_on(reminders.c.conversation_id))
        .join(conversations, conversations.c.id == reminders.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .join(contacts, contacts.c.id == reminders.c.subject_id)
        .join(keys, keys.c.subject_id == reminders.c.subject_id)
        .where(
            reminders.c.id.in_(ids),
            reminders.c.state == "waiting",
            contacts.c.opted_out_at.is_(None),
            or_(and_(contacts.c.consent_contact_at.is_not(None), _silent(now)), _expected(now)),
        )
        .order_by(reminders.c.conversation_id, reminders.c.due_at, reminders.c.id)
    )
    return [due for row in rows.mappings() if (due := _due(secrets, row)) is not None]


def _silent(now: datetime) -> ColumnElement[bool]:
    here = conversations.c.id
    spoken = exists().where(messages.c.conversation_id == here, messages.c.received_at > now - QUIET)
    unheard = exists().where(inbox.c.conversation_id == here, inbox.c.state == "waiting")
    shut = (reminders.c.flow == CHECK_IN) | exists().where(
        cases.c.subject_id == reminders.c.subject_id, cases.c.kind.in_(SILENT_KINDS), cases.c.closed_at.is_(None)
    )
    agreed = conversations.c.agreed_until
    return and_(
        conversations.c.owner.in_(("bot", "closed")),  # a human has ended it: what she allowed for later is for now
        conversations.c.blocked_at.is_(None),
        or_(agreed.is_(None), agreed <= now),
        ~spoken,
        ~unheard,
        ~shut,
    )


def _expected(now: datetime) -> ColumnElement[bool]:
    """The one that she allowed while a human is awaited: at its hour, as long as nobody has taken the conversation.
    Her yes was given to this line alone; it needs no hour of silence, since she was told that it comes."""
    here = conversations.c.id
    return and_(
        reminders.c.flow == CHECK_IN,
        reminders.c.due_at > now - LATE,
        conversations.c.owner == "waiting",
        conversations.c.blocked_at.is_(None),
        ~exists().where(inbox.c.conversation_id == here, inbox.c.state == "waiting"),
    )


def _due(secrets: Keys, row: RowMapping) -> Due | None:
    """None for one that cannot be opened: it must not hold up others."""
    try:
        key = secrets.keyring.unwrap(row["wrapped"])
        slots = open_json(key, row["slots_enc"], where=f"reminders.slots_enc.{row['id']}") if row["slots_enc"] else {}
    except ValueError:
        return None
    person = Person(row["subject_id"], simulated=row["simulated"], **{f: row[f] for f in PERSON_FIELDS})
    conversation = Conversation(
        row["conversation_id"],
        row["channel"],
        row["account"],
        row["country_hint"],
        owner_epoch=row["owner_epoch"],
        last_inbound_at=row["last_inbound_at"],
    )
    home = Home(person.id, conversation.id, key)
    return Due(row["id"], home, row["flow"], slots, person, conversation)


async def start(connection: AsyncConnection, due: Iterable[Due], now: datetime) -> int:
    """Put them into the inbox, and be done with them."""
    ready = list(due)
    if not ready:
        return 0
    rows = [input_row(d.home, "started", {"flow": d.flow, "by": BY, "slots": d.slots}, now) for d in ready]
    await connection.execute(insert(inbox), rows)
    await connection.execute(update(reminders).where(reminders.c.id.in_([d.id for d in ready])).values(state="done"))
    return len(ready)
