"""To which uses of what happened to her a person agreed, as it was recorded.

Law: who may see it was decided at the door; here it is read, by her id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import cases, consents, users


@dataclass(frozen=True, slots=True)
class Given:
    """A yes, until when it held, and who heard it (nobody: she said it in the flow)."""

    purpose: str
    how: str
    said_on: date
    recorder: str | None
    revoked_at: datetime | None
    revoked_how: str | None
    revoker: str | None


async def of_person(connection: AsyncConnection, subject_id: UUID) -> list[Given]:
    """All that she ever said, the newest first."""
    recorder, revoker = users.alias(), users.alias()
    rows = await connection.execute(
        select(
            consents.c.purpose,
            consents.c.how,
            consents.c.said_on,
            recorder.c.name.label("recorder"),
            consents.c.revoked_at,
            consents.c.revoked_how,
            revoker.c.name.label("revoker"),
        )
        .select_from(
            consents.outerjoin(recorder, recorder.c.id == consents.c.recorded_by).outerjoin(
                revoker, revoker.c.id == consents.c.revoked_by
            )
        )
        .where(consents.c.subject_id == subject_id)
        .order_by(consents.c.revoked_at.is_not(None), consents.c.made_at.desc(), consents.c.id.desc())
    )
    return [Given(**row) for row in rows.mappings()]


def agreed(purpose: str) -> ColumnElement[bool]:
    """Whether the person of a case agreed to a use, and did not take it back."""
    return exists(
        select(consents.c.id).where(
            consents.c.subject_id == cases.c.subject_id, consents.c.purpose == purpose, consents.c.revoked_at.is_(None)
        )
    )
