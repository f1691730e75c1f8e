"""Conversations in which a human should have answered by now: found, their people locked, and told to the engine.

Law: nothing is sent and no flow is run here; an input goes into the inbox, and the turn decides on what it finds. One
at a time: where something waits to be handled already, the next look comes back. So any number of workers may look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import turns
from bot.store.inbox import Home, input_row
from bot.store.keys import Keys
from bot.store.rows import Conversation, Person
from bot.store.tables import addresses, contacts, conversations, inbox, keys
from bot.store.turns import PERSON_FIELDS

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Late:
    """One such conversation, with all that decides whether she may be told so now."""

    home: Home
    person: Person
    conversation: Conversation


def _overdue(now: datetime) -> ColumnElement[bool]:
    return and_(
        conversations.c.reply_due_at <= now,
        conversations.c.owner != "closed",
        or_(conversations.c.late_at.is_(None), conversations.c.told_late_at.is_(None)),
        ~exists().where(inbox.c.conversation_id == conversations.c.id, inbox.c.state == "waiting"),
    )


async def waiting(connection: AsyncConnection, now: datetime, after: UUID | None) -> list[tuple[UUID, UUID]]:
    """The next chunk: (conversation, subject), in the order of the conversations' ids."""
    query = select(conversations.c.id, conversations.c.subject_id).where(_overdue(now))
    if after is not None:
        query = query.where(conversations.c.id > after)
    rows = await connection.execute(query.order_by(conversations.c.id).limit(CHUNK))
    return [(row.id, row.subject_id) for row in rows]


async def start(
    connection: AsyncConnection,
    secrets: Keys,
    places: Sequence[tuple[UUID, UUID]],
    may: Callable[[Late], bool],
    now: datetime,
    *,
    flow: str,
    by: str,
) -> int:
    """Put an input into the inbox for each that is still overdue and can be noticed or told now; returns how many.
    A person whose turn is running is left for the next minute."""
    locked = set(await turns.lock(connection, {subject for _, subject in places}))
    ids = [conversation for conversation, subject in places if subject in locked]
    found = [
        late for late in await _read(connection, secrets, ids, now) if late.conversation.late_at is None or may(late)
    ]
    rows = [
        input_row(
            late.home, "started", {"flow": flow, "by": by, "slots": {"may_say": "yes" if may(late) else "no"}}, now
        )
        for late in found
    ]
    if rows:
        await connection.execute(insert(inbox), rows)
    return len(rows)


async def _read(connection: AsyncConnection, secrets: Keys, ids: Sequence[UUID], now: datetime) -> list[Late]:
    rows = await connection.execute(
        select(
            conversations.c.id,
            conversations.c.subject_id,
            conversations.c.owner_epoch,
            conversations.c.last_inbound_at,
            conversations.c.agreed_until,
            conversations.c.blocked_at,
            conversations.c.late_at,
            contacts.c.simulated,
            *[contacts.c[f].label(f"person_{f}") for f in PERSON_FIELDS],
            addresses.c.channel,
            addresses.c.account,
            addresses.c.country_hint,
            keys.c.wrapped,
        )
        .join(contacts, contacts.c.id == conversations.c.subject_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .join(keys, keys.c.subject_id == conversations.c.subject_id)
        .where(conversations.c.id.in_(ids), _overdue(now))
    )
    found = []
    for row in rows:
        person = Person(
            row.subject_id, simulated=row.simulated, **{f: getattr(row, f"person_{f}") for f in PERSON_FIELDS}
        )
        conversation = Conversation(
            row.id,
            row.channel,
            row.account,
            row.country_hint,
            owner="waiting",  # whoever had it: that is what it becomes
            owner_epoch=row.owner_epoch,
            last_inbound_at=row.last_inbound_at,
            agreed_until=row.agreed_until,
            blocked_at=row.blocked_at,
            late_at=row.late_at,
        )
        try:
            found.append(Late(Home(person.id, row.id, secrets.keyring.unwrap(row.wrapped)), person, conversation))
        except ValueError:
            continue  # a spoilt key must not hold up others
    return found
