"""Interpreters: who may read one conversation to interpret it, for a time, after a recorded declaration.

Law: one conversation, no export, an end. A relative, or somebody of an agency, never; what was declared is kept with
the access. What the desk shows to the role interpreter is asked with each view (`desk/views/scope.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.homes import Home
from bot.store.tables import interpreters, users

ROLE = "interpreter"
DECLARED = "no_family_no_agency_secrecy"  # neither related, nor of an agency or employer; and silent about it


class Refused(Exception):
    """`code`: role (not an interpreter), busy (has another conversation), self (declared to themselves)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Access:
    """One conversation that an interpreter may read."""

    id: UUID
    conversation_id: UUID
    language: str
    expires_at: datetime


def _open(now: datetime) -> ColumnElement[bool]:
    return and_(interpreters.c.ended_at.is_(None), interpreters.c.expires_at > now)


async def grant(
    connection: AsyncConnection,
    where: Home,
    user_id: UUID,
    language: str,
    now: datetime,
    *,
    declared_to: UUID,
    days: int,
) -> UUID:
    """Let an interpreter read one conversation. `declared_to`: who heard the declaration. Raises Refused."""
    role = (
        await connection.execute(select(users.c.role).where(users.c.id == user_id).with_for_update(key_share=True))
    ).scalar_one_or_none()
    if role != ROLE:
        raise Refused("role")
    if declared_to == user_id:
        raise Refused("self")
    if await current(connection, user_id, now) is not None:
        raise Refused("busy")
    access_id = uuid7()
    await connection.execute(
        insert(interpreters).values(
            id=access_id,
            subject_id=where.subject_id,
            conversation_id=where.conversation_id,
            user_id=user_id,
            language=language,
            declaration=DECLARED,
            declared_to=declared_to,
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    return access_id


async def current(connection: AsyncConnection, user_id: UUID, now: datetime) -> Access | None:
    """The one conversation that this interpreter may read now."""
    row = (
        await connection.execute(
            select(
                interpreters.c.id, interpreters.c.conversation_id, interpreters.c.language, interpreters.c.expires_at
            ).where(interpreters.c.user_id == user_id, _open(now))
        )
    ).first()
    return Access(*row) if row else None


async def end(connection: AsyncConnection, user_id: UUID, now: datetime) -> bool:
    """The access ends now. False when there was none."""
    done = await connection.execute(
        update(interpreters).where(interpreters.c.user_id == user_id, _open(now)).values(ended_at=now)
    )
    return bool(done.rowcount)
