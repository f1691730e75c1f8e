"""Volunteers, as a supervisor keeps them, and the codes by which they join or tell what they see.

Law: name, number and notes are sealed under a key of the volunteer's own, which goes with her row; a code is kept as a
keyed hash. Nobody is a volunteer for ever: after `expires_at` she is asked nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.bulk import insert_rows
from bot.store.filing import KINDS, to_row
from bot.store.keys import Keys, key_of, open_, seal
from bot.store.tables import (
    addresses,
    contacts,
    conversations,
    keys,
    search_copies,
    volunteer_codes,
    volunteer_links,
    volunteers,
)
from bot.store.volunteer_records import VolunteerCode
from bot.vault.keyring import new_key

SEALED = ("name", "phone", "notes")
PLAIN = ("country", "city", "languages", "skills")


@dataclass(frozen=True, slots=True)
class Volunteer:
    """`name`, `phone`, `notes` are empty unless they were asked for. `language` is the one in which she is written to;
    `subject_id` and `conversation_id` are of the phone that joined."""

    id: UUID
    number: int
    organisation_id: UUID
    country: str
    city: str
    languages: Sequence[str]
    skills: Sequence[str]
    state: str
    expires_at: datetime
    ended_at: datetime | None
    name: str = ""
    phone: str = ""
    notes: str = ""
    channel: str | None = None
    language: str | None = None
    subject_id: UUID | None = None
    conversation_id: UUID | None = None
    reachable: bool = False  # joined, and did not write STOP

    def ready(self, now: datetime) -> bool:
        """Whether she may be asked."""
        return self.state == "active" and self.reachable and self.expires_at > now


async def add(connection: AsyncConnection, secrets: Keys, digits: str, label: str, now: datetime) -> None:
    """One more code for whoever tells what she sees. A code that is there already breaks the unique key."""
    code = VolunteerCode(digits=digits, label=label, made_at=now, id=uuid7())
    await insert_rows(connection, KINDS[VolunteerCode].table, [to_row(secrets, code, b"")])


async def invite(
    connection: AsyncConnection, secrets: Keys, volunteer_id: UUID, digits: str, now: datetime, until: datetime
) -> None:
    """A code by which this volunteer joins, once; an earlier one ends."""
    earlier = and_(volunteer_codes.c.volunteer_id == volunteer_id, volunteer_codes.c.revoked_at.is_(None))
    await connection.execute(update(volunteer_codes).where(earlier).values(revoked_at=now))
    code = VolunteerCode(digits=digits, volunteer_id=volunteer_id, made_at=now, expires_at=until, id=uuid7())
    await insert_rows(connection, KINDS[VolunteerCode].table, [to_row(secrets, code, b"")])


async def put(
    connection: AsyncConnection,
    secrets: Keys,
    volunteer_id: UUID | None,
    values: dict[str, Any],
    *,
    organisation_id: UUID,
    by: UUID,
    now: datetime,
    expires_at: datetime,
) -> UUID:
    """Add a volunteer, or change all of one; returns the id. Raises LookupError for one that is gone."""
    new = volunteer_id or uuid7()
    if volunteer_id is None:
        key = new_key()
        wrapped = secrets.keyring.wrap(key)
        await connection.execute(insert(keys).values(id=uuid7(), kind="subject", subject_id=new, wrapped=wrapped))
    else:
        known = await key_of(connection, secrets, volunteer_id)
        if known is None:
            raise LookupError("this volunteer was erased meanwhile")
        key = known
    row = {name: values[name] for name in PLAIN}
    for name in SEALED:
        told = values[name]
        sealed = seal(key, told.encode(), where=f"volunteers.{name}_enc.{new}")
        row[f"{name}_enc"] = sealed if told or name == "name" else None
    if volunteer_id is None:
        made = {"state": "active", "made_at": now, "made_by": by, "expires_at": expires_at}
        await connection.execute(
            insert(volunteers).values(id=new, subject_id=new, organisation_id=organisation_id, **row, **made)
        )
    else:
        await connection.execute(update(volunteers).where(volunteers.c.id == new).values(**row))
    return new


async def set_state(
    connection: AsyncConnection, volunteer_id: UUID, state: str, now: datetime, *, expires_at: datetime | None = None
) -> bool:
    """Pause, go on (with a new day of expiry), end. Who has ended stays so. An end takes every code with it."""
    values: dict[str, Any] = {"state": state, "ended_at": now if state == "ended" else None}
    if expires_at is not None:
        values["expires_at"] = expires_at
    done = await connection.execute(
        update(volunteers).where(volunteers.c.id == volunteer_id, volunteers.c.state != "ended").values(**values)
    )
    if state == "ended":
        await connection.execute(
            update(volunteer_codes)
            .where(volunteer_codes.c.volunteer_id == volunteer_id, volunteer_codes.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
    return bool(done.rowcount)


async def known(
    connection: AsyncConnection,
    secrets: Keys,
    *,
    organisation_id: UUID,
    ids: Collection[UUID] | None = None,
    whole: bool = False,
) -> list[Volunteer]:
    """The volunteers of an organisation, by number. `whole`: with name, number, notes, which only supervisors see."""
    which: ColumnElement[bool] = volunteers.c.organisation_id == organisation_id
    if ids is not None:
        which = and_(which, volunteers.c.id.in_(list(ids)))
    rows = await connection.execute(
        select(
            volunteers,
            keys.c.wrapped,
            volunteer_links.c.subject_id.label("writes_as"),
            volunteer_links.c.conversation_id,
            addresses.c.channel,
            contacts.c.language.label("own_language"),
            contacts.c.language_guess,
            contacts.c.opted_out_at,
            contacts.c.consent_contact_at,
            conversations.c.blocked_at,
        )
        .join(keys, keys.c.subject_id == volunteers.c.subject_id)
        .outerjoin(volunteer_links, volunteer_links.c.volunteer_id == volunteers.c.id)
        .outerjoin(contacts, contacts.c.id == volunteer_links.c.subject_id)
        .outerjoin(conversations, conversations.c.id == volunteer_links.c.conversation_id)
        .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
        .where(which)
        .order_by(volunteers.c.number)
    )
    return [_volunteer(secrets, row, whole=whole) for row in rows]


def _volunteer(secrets: Keys, row: Row[Any], *, whole: bool) -> Volunteer:
    told = {}
    if whole:
        key = secrets.keyring.unwrap(row.wrapped)
        for name in SEALED:
            sealed = getattr(row, f"{name}_enc")
            told[name] = open_(key, sealed, where=f"volunteers.{name}_enc.{row.id}").decode() if sealed else ""
    return Volunteer(
        id=row.id,
        number=row.number,
        organisation_id=row.organisation_id,
        country=row.country,
        city=row.city,
        languages=row.languages,
        skills=row.skills,
        state=row.state,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        channel=row.channel,
        language=row.own_language or row.language_guess,
        subject_id=row.writes_as,
        conversation_id=row.conversation_id,
        reachable=bool(
            row.conversation_id and row.consent_contact_at and row.opted_out_at is None and row.blocked_at is None
        ),
        **told,
    )


async def erase(connection: AsyncConnection, ids: Collection[UUID]) -> int:
    """All that is kept of these, their keys too; what they wrote lies in cases, without their names."""
    if not ids:
        return 0
    chosen = list(ids)
    await connection.execute(delete(search_copies).where(search_copies.c.volunteer_id.in_(chosen)))
    done = await connection.execute(delete(volunteers).where(volunteers.c.id.in_(chosen)))
    await connection.execute(delete(keys).where(keys.c.subject_id.in_(chosen)))
    return int(done.rowcount)


async def purge(connection: AsyncConnection, before: datetime, most: int) -> int:
    """Those who ended before; returns how many."""
    rows = await connection.execute(select(volunteers.c.id).where(volunteers.c.ended_at < before).limit(most))
    return await erase(connection, [row.id for row in rows])


async def of_person(connection: AsyncConnection, subject_id: UUID) -> list[UUID]:
    """The volunteers that somebody's phone has joined."""
    rows = await connection.execute(
        select(volunteer_links.c.volunteer_id).where(volunteer_links.c.subject_id == subject_id)
    )
    return [row.volunteer_id for row in rows]


async def mark_addresses(connection: AsyncConnection) -> int:
    """An address says what kind it is: a volunteer's while she is one, a person's otherwise."""
    talks = (  # an array: they are few, and each is looked up
        select(volunteer_links.c.conversation_id)
        .join(volunteers, volunteers.c.id == volunteer_links.c.volunteer_id)
        .where(volunteers.c.state != "ended")
    )
    found = select(conversations.c.address_id).where(
        conversations.c.id == func.any(func.array(talks.scalar_subquery()))
    )
    theirs = func.any(func.array(found.scalar_subquery()))
    to = update(addresses).where(addresses.c.kind == "person", addresses.c.id == theirs).values(kind="volunteer")
    back = update(addresses).where(addresses.c.kind == "volunteer", ~(addresses.c.id == theirs)).values(kind="person")
    return int((await connection.execute(to)).rowcount) + int((await connection.execute(back)).rowcount)
