"""Who changed an entry of the directory: lines of the trail.

Law: reads only; ids and codes, and the names of colleagues.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import audit, users

MOST = 30
OF_DIRECTORY = "action >= 'directory.' AND action < 'directory/'"  # as the index `ix_audit_directory` says it


@dataclass(frozen=True, slots=True)
class Change:
    """Who did what, when."""

    action: str
    by: str
    at: datetime


async def history(connection: AsyncConnection, entry_id: UUID) -> list[Change]:
    """The newest changes of an entry."""
    rows = await connection.execute(
        select(audit.c.action, audit.c.received_at, users.c.name)
        .outerjoin(users, users.c.id == audit.c.user_id)
        .where(literal_column(f"({OF_DIRECTORY})"), audit.c.object_id == str(entry_id))
        .order_by(audit.c.received_at.desc(), audit.c.id.desc())
        .limit(MOST)
    )
    return [Change(row.action.removeprefix("directory."), row.name or "", row.received_at) for row in rows]
