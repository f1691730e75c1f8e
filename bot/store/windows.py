"""WhatsApp conversations that are about to shut while a human still has something to do: found, and asked once.

Law: nothing is sent and no flow is run here; an input for the flow `window` is put into the inbox, once between two of
her messages. Not while a self-harm case is open: then nothing is said by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.inbox import Home, input_row
from bot.store.keys import Keys
from bot.store.reminders import SILENT_KINDS
from bot.store.rows import Conversation, Person
from bot.store.tables import addresses, cases, contacts, conversations, inbox, keys, notices
from bot.store.turns import PERSON_FIELDS

FLOW = "window"
BEFORE = timedelta(minutes=90)  # this long before it shuts, once it is allowed to write
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Closing:
    """A window that shuts soon, locked, with all that decides whether it may be said now."""

    home: Home
    person: Person
    conversation: Conversation


async def closing(connection: AsyncConnection, secrets: Keys, now: datetime, window: timedelta) -> list[Closing]:
    """Those that shut within `BEFORE`, still open, not asked yet; their rows locked, who is busy is left out."""
    last = conversations.c.last_inbound_at
    rows = await connection.execute(
        select(
            conversations,
            addresses.c.channel,
            addresses.c.account,
            addresses.c.country_hint,
            contacts.c.simulated,
            *[contacts.c[f].label(f"person_{f}") for f in PERSON_FIELDS],
            keys.c.wrapped,
        )
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .join(contacts, contacts.c.id == conversations.c.subject_id)
        .join(keys, keys.c.subject_id == conversations.c.subject_id)
        .where(
            addresses.c.channel == "whatsapp",
            conversations.c.owner.in_(("waiting", "human")),
            conversations.c.nudged_at.is_(None),
            conversations.c.blocked_at.is_(None),
            last > now - window,
            last <= now - window + BEFORE,
            contacts.c.consent_contact_at.is_not(None),
            contacts.c.opted_out_at.is_(None),
            contacts.c.seized_at.is_(None),
            ~exists(
                select(cases.c.id).where(
                    cases.c.subject_id == contacts.c.id,
                    cases.c.kind.in_(SILENT_KINDS),
                    cases.c.closed_at.is_(None),
                )
            ),
        )
        .order_by(last)
        .limit(CHUNK)
        .with_for_update(of=conversations, skip_locked=True)
    )
    found = []
    for row in rows:
        home = Home(row.subject_id, row.id, secrets.keyring.unwrap(row.wrapped))
        person = Person(
            row.subject_id, simulated=row.simulated, **{f: getattr(row, f"person_{f}") for f in PERSON_FIELDS}
        )
        talk = Conversation(
            row.id,
            row.channel,
            row.account,
            row.country_hint,
            row.owner,
            row.owner_epoch,
            last_inbound_at=row.last_inbound_at,
            agreed_until=row.agreed_until,
        )
        found.append(Closing(home, person, talk))
    return found


def _told(one: Closing, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "subject_id": one.home.subject_id,
        "conversation_id": one.conversation.id,
        "audience": "queue",
        "kind": "window_closes",
        "severity": "medium",
        "raised_at": now,
    }


async def ask(
    connection: AsyncConnection, ones: Sequence[Closing], now: datetime, may: Callable[[Closing], bool]
) -> int:
    """Put the flow into the inbox of those that `may` be written to now; where a human has the conversation nothing is
    said by itself (T36), and it is the human who is told. Returns how many."""
    asked: list[UUID] = []
    for one in ones:
        if one.conversation.owner == "human":
            await connection.execute(insert(notices).values(_told(one, now)))
            asked.append(one.conversation.id)
        elif may(one):
            await connection.execute(
                insert(inbox).values(input_row(one.home, "started", {"flow": FLOW, "by": FLOW}, now))
            )
            asked.append(one.conversation.id)
    if asked:
        await connection.execute(update(conversations).where(conversations.c.id.in_(asked)).values(nudged_at=now))
    return len(asked)
