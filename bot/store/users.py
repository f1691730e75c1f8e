"""The people of the desk: who they are, how they sign in, what they prefer.

Law: a password is here as an argon2 hash, a TOTP secret sealed; neither is ever read for a page. Who is disabled, or
gets a new password, is out of all sessions in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.keys import Keys, open_, seal
from bot.store.tables import desk_sessions, organisations, users

MAIN = "Saathi"  # the organisation that runs this installation, until it is named


class LoginTaken(ValueError):
    """Somebody has this login already."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the desk. `main`: of the organisation that runs this installation, whose all other cases are."""

    id: UUID
    login: str
    name: str
    role: str
    organisation_id: UUID
    organisation: str
    main: bool
    active: bool
    enrolled: bool
    settings: Mapping[str, Any] = field(default_factory=dict)


def _columns() -> tuple[Any, ...]:
    return (
        users,
        organisations.c.name.label("organisation"),
        func.coalesce(organisations.c.settings["main"].as_boolean(), False).label("main"),
    )


def read(row: Row[Any]) -> User:
    """A User from a row of `joined`."""
    return User(
        id=row.id,
        login=row.login,
        name=row.name,
        role=row.role,
        organisation_id=row.organisation_id,
        organisation=row.organisation,
        main=bool(row.main),
        active=row.active,
        enrolled=row.totp_enc is not None,
        settings=row.settings,
    )


def joined() -> Any:
    """The statement that `read` reads."""
    return select(*_columns()).join(organisations, organisations.c.id == users.c.organisation_id)


async def everybody(connection: AsyncConnection) -> list[User]:
    """All users, by login."""
    return [read(row) for row in await connection.execute(joined().order_by(users.c.login))]


async def by_login(connection: AsyncConnection, login: str) -> User | None:
    """One user, whether active or not."""
    row = (await connection.execute(joined().where(users.c.login == folded(login)))).first()
    return read(row) if row else None


async def by_id(connection: AsyncConnection, user_id: UUID) -> User | None:
    """One user, whether active or not."""
    row = (await connection.execute(joined().where(users.c.id == user_id))).first()
    return read(row) if row else None


def folded(login: str) -> str:
    """A login as it is kept: lower case, without spaces around."""
    return login.strip().casefold()


async def organisation(connection: AsyncConnection, name: str | None = None) -> UUID:
    """The organisation of this name, made if it is new; without a name the one that runs this installation."""
    wanted = select(organisations.c.id)
    if name:
        wanted = wanted.where(organisations.c.name == name)
    else:
        wanted = wanted.where(organisations.c.settings["main"].as_boolean())
    found = (await connection.execute(wanted)).scalar()
    if found is None:
        settings = {} if name else {"main": True}
        await connection.execute(
            pg_insert(organisations)
            .values(id=uuid7(), name=name or MAIN, settings=settings)
            .on_conflict_do_update(index_elements=["name"], set_={"settings": settings})
        )
        found = (await connection.execute(wanted)).scalar_one()
    return UUID(str(found))


async def add(
    connection: AsyncConnection,
    *,
    login: str,
    name: str,
    role: str,
    password_hash: str,
    organisation_name: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> UUID:
    """A new user. Raises LoginTaken."""
    new = uuid7()
    where = await organisation(connection, organisation_name)
    try:
        async with connection.begin_nested():
            await connection.execute(
                insert(users).values(
                    id=new,
                    organisation_id=where,
                    login=folded(login),
                    name=name,
                    role=role,
                    password_hash=password_hash,
                    settings=dict(settings or {}),
                )
            )
    except IntegrityError:
        raise LoginTaken(login) from None
    return new


async def show_as(connection: AsyncConnection, name: str, shown: str) -> UUID | None:
    """How people read an organisation's name on a phone; None = there is no such organisation."""
    settings = organisations.c.settings.op("||")(func.jsonb_build_object("on_screen", shown))
    changed = update(organisations).where(organisations.c.name == name).values(settings=settings)
    which: UUID | None = (await connection.execute(changed.returning(organisations.c.id))).scalar_one_or_none()
    return which


async def set_password(connection: AsyncConnection, user_id: UUID, password_hash: str, now: datetime) -> None:
    """Another password, and out of all sessions."""
    await connection.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))
    await revoke_all(connection, user_id, now)


async def set_active(connection: AsyncConnection, user_id: UUID, active: bool, now: datetime) -> None:
    """Let somebody in, or out of all sessions for good."""
    await connection.execute(update(users).where(users.c.id == user_id).values(active=active))
    if not active:
        await revoke_all(connection, user_id, now)


async def reset_totp(connection: AsyncConnection, user_id: UUID, now: datetime) -> None:
    """The phone is lost: the next sign-in enrols another one."""
    await connection.execute(update(users).where(users.c.id == user_id).values(totp_enc=None, totp_last=None))
    await revoke_all(connection, user_id, now)


async def revoke_all(connection: AsyncConnection, user_id: UUID, now: datetime, but: UUID | None = None) -> int:
    """End the sessions of a user, except one if given; returns how many."""
    done = await connection.execute(
        update(desk_sessions)
        .where(desk_sessions.c.user_id == user_id, desk_sessions.c.revoked_at.is_(None))
        .where(desk_sessions.c.id.is_distinct_from(but))
        .values(revoked_at=now)
    )
    return int(done.rowcount)


async def prefer(connection: AsyncConnection, user_id: UUID, **settings: Any) -> None:
    """Change settings of one's own."""
    await connection.execute(
        update(users).where(users.c.id == user_id).values(settings=users.c.settings.concat(settings))
    )


async def password_hash(connection: AsyncConnection, login: str) -> tuple[UUID, str] | None:
    """What a password is compared with; None for who is unknown, disabled or has none."""
    row = (
        await connection.execute(
            select(users.c.id, users.c.password_hash).where(
                users.c.login == folded(login), users.c.active, users.c.password_hash.is_not(None)
            )
        )
    ).first()
    return (row.id, row.password_hash) if row else None


def _where(user_id: UUID) -> str:
    return f"users.totp_enc.{user_id}"


async def totp_secret(connection: AsyncConnection, secrets: Keys, user_id: UUID) -> str | None:
    """The secret that codes are computed from; None when nothing is enrolled."""
    sealed = (await connection.execute(select(users.c.totp_enc).where(users.c.id == user_id))).scalar()
    return open_(secrets.system_key, sealed, where=_where(user_id)).decode() if sealed else None


async def enrol(connection: AsyncConnection, secrets: Keys, user_id: UUID, secret: str) -> None:
    """Keep a secret of which a code was right."""
    sealed = seal(secrets.system_key, secret.encode(), where=_where(user_id))
    await connection.execute(update(users).where(users.c.id == user_id).values(totp_enc=sealed))


async def use_step(connection: AsyncConnection, user_id: UUID, step: int) -> bool:
    """Whether the code of this step was never taken before; now it is (RFC 6238, 5.2: a code is good once)."""
    done = await connection.execute(
        update(users)
        .where(users.c.id == user_id, or_(users.c.totp_last.is_(None), users.c.totp_last < step))
        .values(totp_last=step)
    )
    return bool(done.rowcount)
