"""How the colleagues stand: what each reads and can do, who is on duty or on call now, what each has open.

Law: one statement for all of them; nothing of a person. Numbers and addresses of a colleague stay sealed here but for
the one who rings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_, seal
from bot.store.tables import absences, cases, organisations, shift_breaks, shifts, staff_chats, user_profiles, users

ANSWERS = ("caseworker", "specialist", "supervisor", "administrator")  # roles that are offered conversations
SKILLS = ("legal", "counselling", "shelter", "child_protection")
GENDERS = ("woman", "man", "other")
NUMBER = re.compile(r"\+[1-9]\d{7,14}")  # by which a colleague is called: E.164
MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")


@dataclass(frozen=True, slots=True)
class Colleague:
    """One who answers, as routing and the rules of care see them."""

    id: UUID
    name: str
    role: str
    languages: tuple[str, ...] = ()  # none told: may be any
    countries: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    gender: str | None = None
    on_duty: bool = False
    on_call: bool = False
    next_at: datetime | None = None  # when a shift of theirs begins next
    open_cases: int = 0
    open_critical: int = 0
    reached_by: tuple[str, ...] = ()  # voice, email, telegram
    organisation_id: UUID | None = None
    main: bool = False  # of the organisation whose all cases are that are nobody else's


def number_of(written: str) -> str:
    """A number without what people put between its digits."""
    return re.sub(r"[\s()-]", "", written)


async def colleagues(
    connection: AsyncConnection, now: datetime, *, assumed: bool, ids: Sequence[UUID] | None = None
) -> list[Colleague]:
    """The active ones, in the order of their names. `assumed`: whether everybody is on duty while no shift was ever
    planned (the opening hours say so)."""
    planned = (await connection.execute(select(exists(select(shifts.c.id))))).scalar_one()
    load = (
        select(
            cases.c.assigned_to,
            func.count().label("open_cases"),
            func.count().filter(cases.c.severity == "critical").label("open_critical"),
        )
        .where(cases.c.closed_at.is_(None), cases.c.assigned_to.is_not(None))
        .group_by(cases.c.assigned_to)
        .subquery()
    )
    query = (
        select(
            users.c.id,
            users.c.name,
            users.c.role,
            user_profiles.c.languages,
            user_profiles.c.countries,
            user_profiles.c.skills,
            user_profiles.c.gender,
            user_profiles.c.phone_enc.is_not(None).label("voice"),
            user_profiles.c.email_enc.is_not(None).label("email"),
            exists(select(staff_chats.c.address_id).where(staff_chats.c.user_id == users.c.id)).label("telegram"),
            _works("duty", now).label("on_duty"),
            _works("on_call", now).label("on_call"),
            select(func.min(shifts.c.starts_at))
            .where(shifts.c.user_id == users.c.id, shifts.c.starts_at > now)
            .scalar_subquery()
            .label("next_at"),
            load.c.open_cases,
            load.c.open_critical,
            _absent(now).label("absent"),
            users.c.organisation_id,
            func.coalesce(organisations.c.settings["main"].as_boolean(), False).label("main"),
        )
        .join(organisations, organisations.c.id == users.c.organisation_id)
        .outerjoin(user_profiles, user_profiles.c.user_id == users.c.id)
        .outerjoin(load, load.c.assigned_to == users.c.id)
        .where(users.c.active.is_(True))
        .order_by(users.c.name, users.c.id)
    )
    if ids is not None:
        query = query.where(users.c.id.in_(ids))
    return [_colleague(row, assumed and not planned and not row.absent) for row in await connection.execute(query)]


def _works(role: str, now: datetime) -> ColumnElement[bool]:
    pause = exists(
        select(shift_breaks.c.id).where(
            shift_breaks.c.shift_id == shifts.c.id, shift_breaks.c.starts_at <= now, shift_breaks.c.ends_at > now
        )
    )
    return and_(
        exists(
            select(shifts.c.id).where(
                shifts.c.user_id == users.c.id,
                shifts.c.role == role,
                shifts.c.starts_at <= now,
                shifts.c.ends_at > now,
                ~pause,
            )
        ),
        ~_absent(now),
    )


def _absent(now: datetime) -> ColumnElement[bool]:
    return exists(
        select(absences.c.id).where(
            absences.c.user_id == users.c.id, absences.c.starts_at <= now, absences.c.ends_at > now
        )
    )


def _colleague(row: Any, assumed: bool) -> Colleague:
    return Colleague(
        id=row.id,
        name=row.name,
        role=row.role,
        languages=tuple(row.languages or ()),
        countries=tuple(row.countries or ()),
        skills=tuple(row.skills or ()),
        gender=row.gender,
        on_duty=row.on_duty or assumed,
        on_call=row.on_call,
        next_at=row.next_at,
        open_cases=row.open_cases or 0,
        open_critical=row.open_critical or 0,
        reached_by=tuple(way for way in ("voice", "email", "telegram") if getattr(row, way)),
        organisation_id=row.organisation_id,
        main=row.main,
    )


async def lock(connection: AsyncConnection, user_id: UUID) -> None:
    """One assignment to a colleague at a time, so that the count of open critical cases holds. After the person's
    lock, never before it."""
    await connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True))


async def works_for(connection: AsyncConnection, user_id: UUID | None, case_id: UUID) -> bool:
    """Whether a case is of the colleague's organisation; what is nobody's is the main one's, or everybody's where none
    is said to be that."""
    is_main = func.coalesce(organisations.c.settings["main"].as_boolean(), False)
    no_main = ~exists(
        select(users.c.id).join(organisations, organisations.c.id == users.c.organisation_id).where(is_main)
    )
    found = await connection.execute(
        select(users.c.id)
        .join(organisations, organisations.c.id == users.c.organisation_id)
        .join(cases, cases.c.id == case_id)
        .where(
            users.c.id == user_id,
            or_(
                cases.c.organisation_id == users.c.organisation_id,
                and_(cases.c.organisation_id.is_(None), or_(is_main, no_main)),
            ),
        )
    )
    return found.first() is not None


async def describe(connection: AsyncConnection, secrets: Keys, user_id: UUID, **values: Any) -> None:
    """Write a colleague's profile: languages, countries, skills (lists), gender (None: not told), timezone, phone,
    email."""
    row = {name: value for name, value in values.items() if name not in {"phone", "email"}}
    for name in ("phone", "email"):
        if name in values:
            where = f"user_profiles.{name}_enc.{user_id}"
            told = values[name]
            row[f"{name}_enc"] = seal(secrets.system_key, told.encode(), where=where) if told else None
    made = pg_insert(user_profiles).values(user_id=user_id, **row)
    if not row:
        await connection.execute(made.on_conflict_do_nothing())
        return
    await connection.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=row))


@dataclass(frozen=True, slots=True)
class Profile:
    """What a colleague told of herself. Number and address are only said to be there."""

    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    gender: str | None = None
    phone: bool = False
    email: bool = False


async def profile(connection: AsyncConnection, user_id: UUID) -> Profile:
    """Of one colleague; empty for who told nothing."""
    row = (await connection.execute(select(user_profiles).where(user_profiles.c.user_id == user_id))).first()
    if row is None:
        return Profile()
    return Profile(
        tuple(row.languages or ()),
        tuple(row.countries or ()),
        tuple(row.skills or ()),
        row.gender,
        row.phone_enc is not None,
        row.email_enc is not None,
    )


async def number(connection: AsyncConnection, secrets: Keys, user_id: UUID, way: str) -> str | None:
    """The number (`voice`) or mail address (`email`) of a colleague."""
    name = {"voice": "phone", "email": "email"}[way]
    column = user_profiles.c[f"{name}_enc"]
    sealed = (await connection.execute(select(column).where(user_profiles.c.user_id == user_id))).scalar_one_or_none()
    where = f"user_profiles.{name}_enc.{user_id}"
    return open_(secrets.system_key, sealed, where=where).decode() if sealed else None


async def by_login(connection: AsyncConnection, login: str) -> tuple[UUID, str] | None:
    """(id, role) of an active colleague by the name they sign in with."""
    found = (
        await connection.execute(
            select(users.c.id, users.c.role).where(
                or_(users.c.login == login, users.c.login == login.lower()), users.c.active.is_(True)
            )
        )
    ).first()
    return (found.id, found.role) if found else None
