"""Chats of staff: linked by a one-time code, known by the keyed hash of their address, never taken for a person's.

Law: the address is sealed under a key of its own; a code works once, for minutes; whatever is written in such a chat is
no conversation of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.keys import Keys, open_, seal
from bot.store.tables import addresses, conversations, keys, staff_chats, staff_codes, users
from bot.vault.keyring import new_key

CHANNEL = "telegram"
MOST_TRIES = 20  # wrong codes, by anybody, while a code is open


@dataclass(frozen=True, slots=True)
class Chat:
    """A linked chat. `user_id` of a private one: whose it is, with the role."""

    kind: str  # private, group
    user_id: UUID | None
    role: str | None


async def make_code(
    connection: AsyncConnection, secrets: Keys, user_id: UUID, digits: str, now: datetime, minutes: int
) -> None:
    """A code for this colleague; an earlier one that was not used ends."""
    unused = delete(staff_codes).where(staff_codes.c.user_id == user_id, staff_codes.c.used_at.is_(None))
    await connection.execute(unused)
    await connection.execute(
        insert(staff_codes).values(
            id=uuid7(),
            user_id=user_id,
            lookup=secrets.code(staff_codes.name, digits),
            made_at=now,
            expires_at=now + timedelta(minutes=minutes),
        )
    )


async def link(
    connection: AsyncConnection, secrets: Keys, account: str, address: str, digits: str, now: datetime, *, group: bool
) -> bool:
    """Link a chat by a code: a colleague's own, or a group that a colleague vouches for. False for a code that cannot
    be used, and for a chat in which a person of ours writes."""
    used = await connection.execute(
        update(staff_codes)
        .where(
            staff_codes.c.lookup == secrets.code(staff_codes.name, digits),
            staff_codes.c.used_at.is_(None),
            staff_codes.c.expires_at > now,
            staff_codes.c.tries < MOST_TRIES,
        )
        .values(used_at=now)
        .returning(staff_codes.c.user_id)
    )
    row = used.first()
    if row is None:  # whoever guesses ends the codes that are open: a colleague makes another one
        open_now = (staff_codes.c.used_at.is_(None), staff_codes.c.expires_at > now)
        await connection.execute(update(staff_codes).where(*open_now).values(tries=staff_codes.c.tries + 1))
        return False
    lookup = secrets.address(CHANNEL, address)
    known = (
        await connection.execute(
            select(addresses.c.id, addresses.c.kind).where(
                addresses.c.channel == CHANNEL, addresses.c.account == account, addresses.c.lookup == lookup
            )
        )
    ).first()
    if known is not None and known.kind != "staff":
        spoke = select(conversations.c.id).where(conversations.c.address_id == known.id)
        if (await connection.execute(spoke)).first() is not None:
            return False
    address_id = known.id if known is not None else await _new(connection, secrets, account, address, lookup)
    user_id = None if group else row.user_id
    if user_id is not None:  # one private chat each: the newest
        old = select(staff_chats.c.address_id).where(
            staff_chats.c.user_id == user_id, staff_chats.c.address_id != address_id
        )
        await _forget(connection, old)
    kind = "group" if group else "private"
    made = pg_insert(staff_chats).values(address_id=address_id, user_id=user_id, kind=kind, made_at=now)
    await connection.execute(
        made.on_conflict_do_update(index_elements=["address_id"], set_={"user_id": user_id, "kind": kind})
    )
    return True


async def _new(connection: AsyncConnection, secrets: Keys, account: str, address: str, lookup: bytes) -> UUID:
    address_id, key = uuid7(), new_key()
    await connection.execute(
        insert(keys).values(id=uuid7(), kind="subject", subject_id=address_id, wrapped=secrets.keyring.wrap(key))
    )
    await connection.execute(
        insert(addresses).values(
            id=address_id,
            subject_id=address_id,
            channel=CHANNEL,
            account=account,
            lookup=lookup,
            address_enc=seal(key, address.encode(), where=f"addresses.address_enc.{address_id}"),
            kind="staff",
        )
    )
    return address_id


async def chat(connection: AsyncConnection, secrets: Keys, account: str, address: str) -> Chat | None:
    """The linked chat of this address; None for any other."""
    row = (
        await connection.execute(
            select(staff_chats.c.kind, staff_chats.c.user_id, users.c.role)
            .join(addresses, addresses.c.id == staff_chats.c.address_id)
            .outerjoin(users, users.c.id == staff_chats.c.user_id)
            .where(
                addresses.c.channel == CHANNEL,
                addresses.c.account == account,
                addresses.c.lookup == secrets.address(CHANNEL, address),
                addresses.c.kind == "staff",
            )
        )
    ).first()
    return Chat(row.kind, row.user_id, row.role) if row else None


async def unlink(connection: AsyncConnection, secrets: Keys, account: str, address: str) -> bool:
    """The chat is nobody's any more."""
    gone = await connection.execute(
        delete(addresses)
        .where(
            addresses.c.channel == CHANNEL,
            addresses.c.account == account,
            addresses.c.lookup == secrets.address(CHANNEL, address),
            addresses.c.kind == "staff",
        )
        .returning(addresses.c.subject_id)
    )
    row = gone.first()
    if row is not None:
        await connection.execute(delete(keys).where(keys.c.subject_id == row.subject_id))
    return row is not None


async def unlink_all(connection: AsyncConnection, user_id: UUID) -> int:
    """The phone is lost: no chat of this colleague is theirs any more, and no code is open. Returns how many chats."""
    await connection.execute(delete(staff_codes).where(staff_codes.c.user_id == user_id))
    return await _forget(connection, select(staff_chats.c.address_id).where(staff_chats.c.user_id == user_id))


async def unlink_group(connection: AsyncConnection, address_id: UUID) -> bool:
    """A group hears nothing more."""
    which = select(staff_chats.c.address_id).where(
        staff_chats.c.address_id == address_id, staff_chats.c.kind == "group"
    )
    return await _forget(connection, which) > 0


async def _forget(connection: AsyncConnection, which: Select[Any]) -> int:
    gone = await connection.execute(
        delete(addresses)
        .where(addresses.c.id.in_(which.scalar_subquery()), addresses.c.kind == "staff")
        .returning(addresses.c.subject_id)
    )
    subjects = [row.subject_id for row in gone]
    if subjects:
        await connection.execute(delete(keys).where(keys.c.subject_id.in_(subjects)))
    return len(subjects)


async def linked(connection: AsyncConnection, user_id: UUID) -> datetime | None:
    """Since when a colleague has a chat; None for who has none."""
    query = select(staff_chats.c.made_at).where(staff_chats.c.user_id == user_id).limit(1)
    found: datetime | None = (await connection.execute(query)).scalar_one_or_none()
    return found


async def linked_groups(connection: AsyncConnection) -> list[tuple[UUID, datetime]]:
    """The groups, and since when."""
    rows = await connection.execute(
        select(staff_chats.c.address_id, staff_chats.c.made_at)
        .where(staff_chats.c.kind == "group")
        .order_by(staff_chats.c.made_at)
    )
    return [(row.address_id, row.made_at) for row in rows]


async def address_of(connection: AsyncConnection, secrets: Keys, user_id: UUID) -> str | None:
    """The private chat of a colleague."""
    found = await _addresses(connection, secrets, staff_chats.c.user_id == user_id)
    return found[0] if found else None


async def groups(connection: AsyncConnection, secrets: Keys) -> list[str]:
    """The linked groups."""
    return await _addresses(connection, secrets, staff_chats.c.kind == "group")


async def _addresses(connection: AsyncConnection, secrets: Keys, which: object) -> list[str]:
    rows = await connection.execute(
        select(addresses.c.id, addresses.c.address_enc, keys.c.wrapped)
        .join(staff_chats, staff_chats.c.address_id == addresses.c.id)
        .join(keys, keys.c.subject_id == addresses.c.subject_id)
        .where(which)  # type: ignore[arg-type]
        .order_by(addresses.c.id)
    )
    return [
        open_(secrets.keyring.unwrap(row.wrapped), row.address_enc, where=f"addresses.address_enc.{row.id}").decode()
        for row in rows
    ]
