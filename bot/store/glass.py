"""A case that is read in an emergency: opened for a while with a reason, told at once to those whose case it is.

Law: opening, the event in the case and the notices are one transaction, so that nobody reads what nobody is told of.
It only adds rows, so nobody but who opens it is locked. The words of the reason are sealed under the person's key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import colleagues
from bot.store.events import record
from bot.store.keys import Keys, seal
from bot.store.raised import raise_notice
from bot.store.tables import (
    cases,
    conversations,
    glass_openings,
    keys,
    notices,
    organisations,
    pages,
    staff_chats,
    user_profiles,
    users,
)

AUDIENCE = "glass"  # of its notice: nobody takes it from the queue
WAYS = ("email", "telegram")  # no telephone rings for it


async def open_for(
    connection: AsyncConnection,
    secrets: Keys,
    case_id: UUID,
    user_id: UUID,
    *,
    reason: str,
    words: str,
    now: datetime,
    minutes: int,
) -> list[UUID]:
    """Open it for this colleague; returns who is told of it: the supervisors of the organisation whose case it is, and
    who has the case. Twice at once is once."""
    await colleagues.lock(connection, user_id)
    still = await connection.execute(
        select(glass_openings.c.id).where(
            glass_openings.c.case_id == case_id,
            glass_openings.c.user_id == user_id,
            glass_openings.c.ends_at > now,
            glass_openings.c.ended_at.is_(None),
        )
    )
    if still.first() is not None:
        return []
    row = (
        await connection.execute(
            select(
                cases.c.subject_id,
                cases.c.conversation_id,
                cases.c.severity,
                cases.c.organisation_id,
                cases.c.assigned_to,
                conversations.c.owner_user_id,
                keys.c.wrapped,
            )
            .select_from(cases.join(keys, keys.c.subject_id == cases.c.subject_id))
            .outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
            .where(cases.c.id == case_id)
        )
    ).one()
    new, key = uuid7(), secrets.keyring.unwrap(row.wrapped)
    await connection.execute(
        insert(glass_openings).values(
            id=new,
            subject_id=row.subject_id,
            case_id=case_id,
            user_id=user_id,
            reason=reason,
            words_enc=seal(key, words.encode(), where=f"glass_openings.words_enc.{new}"),
            opened_at=now,
            ends_at=now + timedelta(minutes=minutes),
        )
    )
    await record(connection, row.subject_id, case_id, "glass_opened", user_id, now, codes={"reason": reason})
    told = await _told(connection, row, user_id)
    await _tell(connection, row, case_id, told, now)
    return told


async def _told(connection: AsyncConnection, row: Any, opener: UUID) -> list[UUID]:
    main = select(organisations.c.id).where(organisations.c.settings["main"].as_boolean()).scalar_subquery()
    chiefs = (users.c.role == "supervisor") & (users.c.organisation_id == func.coalesce(row.organisation_id, main))
    keepers = [one for one in (row.assigned_to, row.owner_user_id) if one is not None]
    found = await connection.execute(
        select(users.c.id)
        .where(users.c.active, users.c.id != opener, or_(chiefs, users.c.id.in_(keepers)))
        .order_by(users.c.id)
    )
    return [one.id for one in found]


async def _tell(connection: AsyncConnection, row: Any, case_id: UUID, told: list[UUID], now: datetime) -> None:
    """By the ways that each has; the desk shows it to them in any case. Its notice is called already, so that the
    ladder of what waits for a human does not climb for it."""
    if row.conversation_id is None or not told:
        return
    notice = await raise_notice(
        connection,
        AUDIENCE,
        row.severity,
        subject_id=row.subject_id,
        conversation_id=row.conversation_id,
        now=now,
        audience=AUDIENCE,
        case_id=case_id,
        called=1,
        called_at=now,
    )
    mail = select(user_profiles.c.user_id).where(user_profiles.c.email_enc.is_not(None))
    chats = select(staff_chats.c.user_id).where(staff_chats.c.kind == "private")
    calls = []
    for channel, reached in zip(WAYS, (mail, chats), strict=True):
        there = await connection.execute(
            select(users.c.id).where(users.c.id.in_(told), users.c.id.in_(reached)).order_by(users.c.id)
        )
        calls += [
            {
                "id": uuid7(),
                "subject_id": row.subject_id,
                "notice_id": notice,
                "step": "supervisor",
                "receiver": str(one.id),
                "user_id": one.id,
                "channel": channel,
                "state": "queued",
                "queued_at": now,
            }
            for one in there
        ]
    if calls:
        await connection.execute(insert(pages), calls)


async def give_up(connection: AsyncConnection, case_id: UUID, user_id: UUID, now: datetime) -> bool:
    """It is not needed any more."""
    done = await connection.execute(
        update(glass_openings)
        .where(
            glass_openings.c.case_id == case_id,
            glass_openings.c.user_id == user_id,
            glass_openings.c.ends_at > now,
            glass_openings.c.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    return bool(done.rowcount)


async def review(connection: AsyncConnection, opening: UUID, user_id: UUID, verdict: str, now: datetime) -> bool:
    """Somebody looked whether it was right; False when somebody did before, or it is one's own."""
    done = (
        await connection.execute(
            update(glass_openings)
            .where(
                glass_openings.c.id == opening,
                glass_openings.c.user_id != user_id,
                glass_openings.c.reviewed_at.is_(None),
            )
            .values(reviewed_at=now, reviewed_by=user_id, verdict=verdict)
            .returning(glass_openings.c.subject_id, glass_openings.c.case_id)
        )
    ).first()
    if done is None:
        return False
    await record(connection, done.subject_id, done.case_id, "glass_reviewed", user_id, now, codes={"verdict": verdict})
    await connection.execute(
        update(notices)
        .where(notices.c.case_id == done.case_id, notices.c.audience == AUDIENCE, notices.c.taken_at.is_(None))
        .values(taken_at=now, taken_by=user_id)
    )
    return True
