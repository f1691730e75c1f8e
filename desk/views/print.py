"""What a case on paper shows besides its page: the files that were sent, with what is needed to hash them.

Law: who may print it was decided at the door; what stays with another organisation is not printed either. What stands
around a letter about ourselves is not shown to anybody here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import open_
from bot.store.tables import media, messages
from desk.views.case import Head


@dataclass(frozen=True, slots=True)
class Sent:
    """A file. `name` and `key` open it on the disk, where it is kept."""

    id: UUID
    kind: str
    content_type: str
    size: int
    at: datetime
    state: str
    name: str
    key: bytes


async def files(connection: AsyncConnection, head: Head) -> Sequence[Sent]:
    """The files of this conversation that the reader may see, oldest first."""
    if head.where is None:
        return ()
    rows = await connection.execute(
        select(media)
        .join(messages, messages.c.id == media.c.message_id)
        .where(media.c.conversation_id == head.where.conversation_id, messages.c.retention != "box")
        .order_by(media.c.received_at, media.c.id)
    )
    return [
        Sent(
            row.id,
            row.kind,
            row.content_type or "",
            row.size or 0,
            row.received_at,
            row.state,
            row.name or "",
            open_(head.key, row.key_enc, where=f"media.key_enc.{row.id}") if row.key_enc else b"",
        )
        for row in rows
        if head.place.shows("media", row.received_at)
    ]
