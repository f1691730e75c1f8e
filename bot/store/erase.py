"""Erasing a person who asked for it and proved that it was she: her key and her rows, in one transaction.

Law: a case that is critical or under legal hold is never erased by a clock; then nothing of hers is, for one key opens
all of it, and a human is asked. What stays are hashes of events and audit lines with an id that is nobody's any more.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import turns, volunteers
from bot.store.raised import raise_notice
from bot.store.tables import audit, cases, code_uses, contacts, conversations, inbox, metadata

AT_ONCE = 100  # people in one look
_BY_CASCADE = {code_uses.name}  # the application may not delete these; they go with the code


async def due(connection: AsyncConnection, now: datetime) -> list[UUID]:
    """Whose time has come. Somebody whose words wait to be handled is left for the next look: they may say keep."""
    waiting = exists(select(inbox.c.id).where(inbox.c.subject_id == contacts.c.id, inbox.c.state == "waiting"))
    rows = await connection.execute(
        select(contacts.c.id).where(contacts.c.erase_at <= now, ~waiting).order_by(contacts.c.erase_at).limit(AT_ONCE)
    )
    return [row.id for row in rows]


async def carry_out(connection: AsyncConnection, subject_id: UUID, now: datetime) -> bool:
    """Erase her, or ask a human. True when she was erased. Locks her; a turn that runs is waited for.

    Her conversations too, as `merge.py` does: what is being received is waited for, and what comes later waits. So a
    KEEP that is on its way is either seen below, or belongs to who writes after her.
    """
    await _lock(connection, subject_id)
    if subject_id not in await due(connection, now):
        return False  # she said keep meanwhile, or wrote again
    if await _must_stay(connection, subject_id):
        await _ask_a_human(connection, subject_id, now)
        return False
    await erase(connection, subject_id, now, reason="asked")
    return True


async def by_hand(connection: AsyncConnection, subject_id: UUID, now: datetime, *, reason: str) -> bool:
    """A human decided: also with a critical case, never under legal hold. True when she was erased."""
    await _lock(connection, subject_id)
    held = select(cases.c.id).where(cases.c.subject_id == subject_id, cases.c.legal_hold.is_(True)).limit(1)
    if (await connection.execute(held)).first() is not None:
        return False
    await erase(connection, subject_id, now, reason=reason, actor="staff")
    return True


async def _lock(connection: AsyncConnection, subject_id: UUID) -> None:
    await turns.lock(connection, [subject_id], wait=True)
    await connection.execute(
        select(conversations.c.id)
        .where(conversations.c.subject_id == subject_id)
        .order_by(conversations.c.id)
        .with_for_update()
    )


async def erase(
    connection: AsyncConnection, subject_id: UUID, now: datetime, *, reason: str, actor: str = "system"
) -> None:
    """Delete all rows of a locked subject, her key among them; and what a supervisor wrote of her as a volunteer."""
    as_volunteer = await volunteers.of_person(connection, subject_id)
    for table in reversed(metadata.sorted_tables):
        if "subject_id" in table.c and table.name not in _BY_CASCADE:
            whose = table.c.id if table is contacts else table.c.subject_id  # the same, and the key of the table
            await connection.execute(delete(table).where(whose == subject_id))
    await volunteers.erase(connection, as_volunteer)
    await connection.execute(
        insert(audit).values(
            id=uuid7(),
            received_at=now,
            actor=actor,
            action="erased",
            object_kind="subject",
            object_id=str(subject_id),
            reason=reason,
        )
    )


async def _must_stay(connection: AsyncConnection, subject_id: UUID) -> bool:
    critical = and_(cases.c.severity == "critical", cases.c.closed_at.is_(None))
    found = await connection.execute(
        select(cases.c.id).where(cases.c.subject_id == subject_id, or_(critical, cases.c.legal_hold.is_(True))).limit(1)
    )
    return found.first() is not None


async def _ask_a_human(connection: AsyncConnection, subject_id: UUID, now: datetime) -> None:
    await connection.execute(update(contacts).where(contacts.c.id == subject_id).values(erase_at=None))
    await tell(connection, subject_id, now, "erasure_stopped")


async def tell(connection: AsyncConnection, subject_id: UUID, now: datetime, kind: str) -> None:
    """A human must see what no clock could carry out for her."""
    home = (
        await connection.execute(
            select(conversations.c.id)
            .where(conversations.c.subject_id == subject_id)
            .order_by(conversations.c.last_inbound_at.desc().nulls_last())
            .limit(1)
        )
    ).scalar_one()
    await raise_notice(connection, kind, "high", subject_id=subject_id, conversation_id=home, now=now)
