"""Messages of which the provider is asked whether it knows them as they stand, before they delete or disclose.

Law: an answer is written once and stays; while one is awaited, nothing else of that person is handled but what cannot
wait (`conductor/ahead.py`), so that her messages keep their order. A lease lets another worker ask when this one died.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from bot.engine.inbound import Inbound
from bot.store import codec
from bot.store.database import Connection
from bot.store.keys import Keys
from bot.store.tables import inbox, keys
from bot.store.waiting import opened

ASKED, YES, NO, UNKNOWN = "asked", "yes", "no", "unknown"
LEASE = timedelta(seconds=8)  # twice what the provider is given
MOST = 20  # in one look


@dataclass(frozen=True, slots=True)
class Asking:
    """A message that the provider is to be asked about; None when its payload cannot be read."""

    id: int
    inbound: Inbound | None


async def ask(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Let the provider be asked about these rows. Called with their subjects locked."""
    await connection.execute(
        update(inbox).where(inbox.c.id.in_(ids), inbox.c.vouched.is_(None)).values(vouched=ASKED, ready_at=now)
    )


async def pass_by(connection: Connection, ids: Sequence[int]) -> None:
    """These were handled without an answer: nobody is asked about them any more."""
    if ids:
        await connection.execute(
            update(inbox).where(inbox.c.id.in_(ids), inbox.c.vouched == ASKED).values(vouched=UNKNOWN)
        )


async def claim(connection: Connection, secrets: Keys, now: datetime) -> list[Asking]:
    """Some rows that nobody is asking about at the moment; they are leased."""
    due = (
        select(inbox.c.id)
        .where(inbox.c.vouched == ASKED, inbox.c.state == "waiting", inbox.c.ready_at <= now)
        .order_by(inbox.c.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    ids = list((await connection.execute(due)).scalars())
    if not ids:
        return []
    await connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(ready_at=now + LEASE))
    rows = await connection.execute(
        select(inbox.c.id, inbox.c.subject_id, inbox.c.conversation_id, inbox.c.payload_enc, keys.c.wrapped)
        .outerjoin(keys, keys.c.subject_id == inbox.c.subject_id)
        .where(inbox.c.id.in_(ids))
    )
    return [
        Asking(row.id, _read(secrets, row.subject_id, row.conversation_id, row.wrapped, row.payload_enc))
        for row in rows
    ]


def _read(
    secrets: Keys, subject_id: UUID, conversation_id: UUID, wrapped: bytes | None, sealed: bytes
) -> Inbound | None:
    try:
        return codec.inbound_from_json(opened(secrets, subject_id, wrapped, sealed, conversation_id))
    except (KeyError, TypeError, ValueError, IndexError):
        return None


async def answered(connection: Connection, row: int, told: str, now: datetime) -> None:
    """What the provider said; the row may be handled again."""
    await connection.execute(
        update(inbox).where(inbox.c.id == row, inbox.c.vouched == ASKED).values(vouched=told, ready_at=now)
    )
