"""What waits for a human: open pages and queue entries, and taking them.

Law: ids and codes only; nothing of a person is opened here. Taking locks the person as a turn does, so that a message
which arrives at that moment sees either an open notice or a taken one, and raises its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import turns
from bot.store.case_tables import SEVERITIES
from bot.store.tables import addresses, cases, contacts, conversations, notices

RANK = {severity: place for place, severity in enumerate(SEVERITIES)}  # the gravest first


@dataclass(frozen=True, slots=True)
class Waiting:
    """One open notice. `reference` is None while there is no case; `language` None while nobody knows it."""

    id: UUID
    subject_id: UUID
    audience: str  # page, queue
    kind: str
    severity: str
    raised_at: datetime
    reference: str | None
    channel: str
    language: str | None
    simulated: bool
    due_at: datetime | None = None
    red_at: datetime | None = None  # everybody was called and nobody came
    lowered_at: datetime | None = None  # she says that she is fine
    offered_to: UUID | None = None
    offer: tuple[str, ...] = ()  # why this colleague: codes of handlers/routing.py


# The order of the queue: red, what rings, the gravest, what is due first, the oldest.
ORDER = (
    notices.c.red_at.is_(None),
    notices.c.audience != "page",
    case(RANK, value=notices.c.severity),
    notices.c.due_at.asc().nulls_last(),
    notices.c.raised_at,
    notices.c.id,
)


async def waiting(connection: AsyncConnection) -> list[Waiting]:
    """All open notices, in the order of the queue."""
    rows = await connection.execute(
        select(
            notices.c.id,
            notices.c.subject_id,
            notices.c.audience,
            notices.c.kind,
            notices.c.severity,
            notices.c.raised_at,
            cases.c.reference,
            addresses.c.channel,
            func.coalesce(contacts.c.language, contacts.c.language_guess).label("language"),
            contacts.c.simulated,
            notices.c.due_at,
            notices.c.red_at,
            notices.c.lowered_at,
            notices.c.offered_to,
            notices.c.offer,
        )
        .join(conversations, conversations.c.id == notices.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .join(contacts, contacts.c.id == notices.c.subject_id)
        .outerjoin(cases, cases.c.id == notices.c.case_id)
        .where(notices.c.taken_at.is_(None))
        .order_by(*ORDER)
    )
    return [Waiting(**{**row, "offer": tuple(row["offer"])}) for row in rows.mappings()]


async def take(
    connection: AsyncConnection, chosen: Sequence[Waiting], now: datetime, *, user_id: UUID | None = None
) -> int:
    """Mark them as taken; returns how many nobody else had taken before."""
    await turns.lock(connection, {notice.subject_id for notice in chosen}, wait=True)
    done = await connection.execute(
        update(notices)
        .where(notices.c.id.in_([notice.id for notice in chosen]), notices.c.taken_at.is_(None))
        .values(taken_at=now, taken_by=user_id)
    )
    return int(done.rowcount)
