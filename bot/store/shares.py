"""Sharing a case with another organisation of this installation: consented, accepted, ended.

Law: a row is made only with the moment of her yes to exactly this; nobody sees the case by it before it is accepted.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import case_shares, cases


async def offer(connection: AsyncConnection, case_id: UUID, organisation_id: UUID, consented_at: datetime) -> None:
    """What she agreed to; once for each organisation at a time."""
    standing = exists().where(
        case_shares.c.case_id == case_id,
        case_shares.c.organisation_id == organisation_id,
        case_shares.c.ended_at.is_(None),
    )
    row = select(
        literal(uuid7()), cases.c.subject_id, cases.c.id, literal(organisation_id), literal(consented_at)
    ).where(cases.c.id == case_id, ~standing)
    names = ["id", "subject_id", "case_id", "organisation_id", "consented_at"]
    await connection.execute(insert(case_shares).from_select(names, row))


async def accept(connection: AsyncConnection, case_id: UUID, organisation_id: UUID, now: datetime) -> None:
    """They take it: from now on they see the case."""
    await _set(connection, case_id, organisation_id, "accepted_at", now)


async def end(connection: AsyncConnection, case_id: UUID, organisation_id: UUID, now: datetime) -> None:
    """They see it no longer."""
    await _set(connection, case_id, organisation_id, "ended_at", now)


async def _set(connection: AsyncConnection, case_id: UUID, organisation_id: UUID, column: str, now: datetime) -> None:
    await connection.execute(
        update(case_shares)
        .where(
            case_shares.c.case_id == case_id,
            case_shares.c.organisation_id == organisation_id,
            case_shares.c.ended_at.is_(None),
            case_shares.c[column].is_(None),
        )
        .values({column: now})
    )
