"""Notices as they change: raised outside a batch, taken with a conversation, lowered, put off.

Law: statements within somebody's transaction. What rings, or is critical, is never put off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import notices

SECOND = "second"  # audience of a notice that calls supervisors alone (knowledge/targets.yml)


async def add_notice(connection: AsyncConnection, row: dict[str, Any]) -> None:
    """One notice outside a batch."""
    await connection.execute(insert(notices).values(row))


async def raise_notice(
    connection: AsyncConnection,
    kind: str,
    severity: str,
    *,
    subject_id: UUID,
    conversation_id: UUID,
    now: datetime,
    audience: str = "queue",
    case_id: UUID | None = None,
    **more: Any,
) -> UUID:
    """Humans are told of a conversation, or of a case of it; returns the id of the notice. `more`: other columns."""
    new = uuid7()
    whose = {"id": new, "subject_id": subject_id, "conversation_id": conversation_id, "case_id": case_id}
    what = {"audience": audience, "kind": kind, "severity": severity, "raised_at": now}
    await add_notice(connection, {**whose, **what, **more})
    return new


async def take_notices(connection: AsyncConnection, conversation_id: UUID, now: datetime, user_id: UUID | None) -> None:
    """Somebody deals with this conversation: its open notices are taken. Not those that call a second colleague
    (`disclosures.py`): who has the conversation is the first; nor those of who read it in an emergency, which only a
    look at that ends (`glass.py`)."""
    await connection.execute(
        update(notices)
        .where(
            notices.c.conversation_id == conversation_id,
            notices.c.taken_at.is_(None),
            notices.c.audience.not_in((SECOND, "glass")),
        )
        .values(taken_at=now, taken_by=user_id)
    )


async def put_off(connection: AsyncConnection, conversation_id: UUID, at: datetime) -> None:
    """She chose to wait until then: nobody is called for it before. What rings, or is critical, is not put off."""
    await connection.execute(
        update(notices)
        .where(
            notices.c.conversation_id == conversation_id,
            notices.c.taken_at.is_(None),
            notices.c.audience == "queue",
            notices.c.severity != "critical",
            notices.c.due_at < at,
        )
        .values(due_at=at, called=0, called_at=None)
    )


async def lower(connection: AsyncConnection, conversation_ids: Sequence[UUID], now: datetime) -> None:
    """She says that she is fine: what rings becomes a line of the list, and stays there until a human took it."""
    await connection.execute(
        update(notices)
        .where(
            notices.c.conversation_id.in_(conversation_ids), notices.c.taken_at.is_(None), notices.c.audience == "page"
        )
        .values(audience="queue", lowered_at=now, called=0, called_at=None)
    )
