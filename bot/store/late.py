"""Conversations in which a human should have answered by now: found, their people locked, and told to the engine.

Law: nothing is sent and no flow is run here; an input goes into the inbox, and the turn decides on what it finds. One
at a time: where something waits to be handled already, the next look comes back. So any number of workers may look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import reached, turns
from bot.store.inbox import input_row
from bot.store.keys import Keys
from bot.store.reached import Reached
from bot.store.tables import conversations, inbox

CHUNK = 500


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
    may: Callable[[Reached], bool],
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


async def _read(connection: AsyncConnection, secrets: Keys, ids: Sequence[UUID], now: datetime) -> list[Reached]:
    rows = await connection.execute(reached.chosen().where(conversations.c.id.in_(ids), _overdue(now)))
    found = reached.read(secrets, rows)
    for late in found:
        late.conversation.owner = "waiting"  # whoever had it: that is what it becomes
    return found
