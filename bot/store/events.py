"""The timeline of a case: one line of what was done, outside of a turn.

Law: codes only, beside a note that is sealed already; turns write theirs with their batch (`saving.save`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import case_events


async def record(
    connection: AsyncConnection,
    subject_id: UUID,
    case_id: UUID,
    kind: str,
    user_id: UUID | None,
    now: datetime,
    *,
    codes: Mapping[str, Any] | None = None,
    note: bytes | None = None,
    event_id: UUID | None = None,
) -> None:
    """Add it. `user_id`: the colleague who did it, None for a job; `note`: sealed under the person's key for
    `case_events.note_enc` of `event_id`."""
    await connection.execute(
        insert(case_events).values(
            id=event_id or uuid7(),
            subject_id=subject_id,
            case_id=case_id,
            kind=kind,
            actor="staff" if user_id else "system",
            user_id=user_id,
            codes=dict(codes or {}),
            note_enc=note,
            happened_at=now,
        )
    )
