"""Sessions of the desk and tries to sign in.

Law: the token is known to the browser only, here is its keyed hash. Tries are counted by one atomic upsert, so any
number of processes share the count.
"""

from __future__ import annotations

import secrets as chance
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import users as people
from bot.store.keys import Keys, open_, seal
from bot.store.tables import desk_sessions, sign_in_tries, users
from bot.store.users import User

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)  # one working day, whatever happens
FOR_CODE = timedelta(minutes=10)  # from the right password to the right code
FRESH = timedelta(minutes=1)  # `seen_at` is written at most so often
WINDOW = timedelta(minutes=15)  # of tries


@dataclass(frozen=True, slots=True)
class Session:
    """An open session and whose it is. `stage`: code (the password was right), full."""

    id: UUID
    stage: str
    began_at: datetime
    seen_at: datetime
    user: User


async def begin(connection: AsyncConnection, secrets: Keys, user_id: UUID, stage: str, now: datetime) -> str:
    """A new session; returns its token, which nobody can read here afterwards."""
    token = chance.token_urlsafe(32)
    await connection.execute(
        pg_insert(desk_sessions).values(
            id=uuid7(),
            user_id=user_id,
            token=secrets.secret("session", token),
            stage=stage,
            began_at=now,
            seen_at=now,
        )
    )
    return token


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    longest = case((desk_sessions.c.stage == "full", now - LONGEST), else_=now - FOR_CODE)
    return (
        desk_sessions.c.revoked_at.is_(None),
        desk_sessions.c.seen_at > now - IDLE,
        desk_sessions.c.began_at > longest,
    )


async def find(
    connection: AsyncConnection, secrets: Keys, token: str, now: datetime, *, keep: bool = True
) -> Session | None:
    """The open session of a token, of a user who is active. `keep`: this counts as work (live updates do not)."""
    row = (
        await connection.execute(
            people.joined()
            .add_columns(
                desk_sessions.c.id.label("session_id"),
                desk_sessions.c.stage,
                desk_sessions.c.began_at,
                desk_sessions.c.seen_at,
            )
            .join(desk_sessions, desk_sessions.c.user_id == users.c.id)
            .where(desk_sessions.c.token == secrets.secret("session", token), users.c.active, *_open(now))
        )
    ).first()
    if row is None:
        return None
    if keep and row.seen_at < now - FRESH:
        await connection.execute(update(desk_sessions).where(desk_sessions.c.id == row.session_id).values(seen_at=now))
    return Session(row.session_id, row.stage, row.began_at, row.seen_at, people.read(row))


async def of_user(connection: AsyncConnection, user_id: UUID, now: datetime) -> list[tuple[UUID, datetime, datetime]]:
    """Id, beginning and last work of a user's open sessions, the newest first."""
    rows = await connection.execute(
        select(desk_sessions.c.id, desk_sessions.c.began_at, desk_sessions.c.seen_at)
        .where(desk_sessions.c.user_id == user_id, desk_sessions.c.stage == "full", *_open(now))
        .order_by(desk_sessions.c.began_at.desc())
    )
    return [(row.id, row.began_at, row.seen_at) for row in rows]


async def revoke(connection: AsyncConnection, session_id: UUID, user_id: UUID, now: datetime) -> None:
    """End one session of a user."""
    await connection.execute(
        update(desk_sessions)
        .where(desk_sessions.c.id == session_id, desk_sessions.c.user_id == user_id)
        .values(revoked_at=now)
    )


async def enrolling(connection: AsyncConnection, secrets: Keys, session_id: UUID, fresh: str) -> str:
    """The secret that this session enrols: the one that was shown before, else `fresh`."""
    where = f"desk_sessions.totp_enc.{session_id}"
    await connection.execute(
        update(desk_sessions)
        .where(desk_sessions.c.id == session_id, desk_sessions.c.totp_enc.is_(None))
        .values(totp_enc=seal(secrets.system_key, fresh.encode(), where=where))
    )
    sealed = (
        await connection.execute(select(desk_sessions.c.totp_enc).where(desk_sessions.c.id == session_id))
    ).scalar_one()
    return open_(secrets.system_key, sealed, where=where).decode()


async def count(connection: AsyncConnection, key: bytes, now: datetime) -> int:
    """Count one more try; returns how many there were within the window, this one included."""
    old = sign_in_tries.c.since <= now - WINDOW
    new = pg_insert(sign_in_tries).values(key=key, since=now, count=1)
    new = new.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "since": case((old, now), else_=sign_in_tries.c.since),
            "count": case((old, 1), else_=sign_in_tries.c.count + 1),
        },
    )
    return int((await connection.execute(new.returning(sign_in_tries.c.count))).scalar_one())


async def forgive(connection: AsyncConnection, key: bytes) -> None:
    """It was the right person: her tries are forgotten."""
    await connection.execute(delete(sign_in_tries).where(sign_in_tries.c.key == key))


async def purge(connection: AsyncConnection, now: datetime) -> int:
    """Sessions that ended a month ago, and tries that count no more; returns how many rows went."""
    gone = await connection.execute(delete(sign_in_tries).where(sign_in_tries.c.since <= now - WINDOW))
    month = now - timedelta(days=30)
    ended = await connection.execute(
        delete(desk_sessions).where(or_(desk_sessions.c.revoked_at < month, desk_sessions.c.seen_at < month))
    )
    return int(gone.rowcount) + int(ended.rowcount)
