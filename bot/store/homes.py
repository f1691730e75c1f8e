"""Homes: where an address lives. Who writes for the first time gets a contact, a key, an address and a conversation.

Law: an address has one home, whoever inserts it first wins; one whose key is gone belongs to nobody any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, delete, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.engine.inbound import Inbound
from bot.store import newcomers
from bot.store.keys import Keys, seal
from bot.store.tables import addresses, conversations, keys
from bot.vault.keyring import new_key

Place: TypeAlias = tuple[str, str, bytes]  # channel, our account, keyed hash of their address
_KNOWN = (
    select(
        addresses.c.channel,
        addresses.c.account,
        addresses.c.lookup,
        conversations.c.subject_id,
        conversations.c.id.label("conversation_id"),
        keys.c.wrapped,
    )
    .join(conversations, conversations.c.address_id == addresses.c.id)
    .join(keys, keys.c.subject_id == conversations.c.subject_id)
    .where(addresses.c.lookup == func.any(bindparam("lookups", type_=ARRAY(LargeBinary))))
    # Shared with turns and senders, not with `merge.py`: while a conversation changes its subject this waits,
    # and the stale row falls out of the join; while this holds it, what was received is taken along.
    .order_by(conversations.c.id)
    .with_for_update(of=conversations, read=True, key_share=True)
)


@dataclass(frozen=True, slots=True)
class Home:
    """Where an address lives: its conversation, its subject and the subject's key."""

    subject_id: UUID
    conversation_id: UUID
    key: bytes


def place_of(secrets: Keys, item: Inbound) -> Place:
    """How the table knows the address of who wrote."""
    return item.channel, item.account, secrets.address(item.channel, item.address)


async def find(
    connection: AsyncConnection, secrets: Keys, items: list[Inbound], countries: dict[str, str | None]
) -> dict[Place, Home]:
    """Where these live; what is new is made. `countries`: by address, for new people."""
    places = {place_of(secrets, item): item for item in items}
    if not places:
        return {}
    known = await _known(connection, secrets, places)
    for again in (False, True):
        missing = {place: item for place, item in places.items() if place not in known}
        if not missing:
            break
        if again:  # not new, and not known: somebody erased, or another process was quicker
            await _forget_erased(connection, missing)
        known |= await _create(connection, secrets, missing, countries)
        known |= await _known(connection, secrets, missing.keys() - known.keys())
    return known


async def _known(connection: AsyncConnection, secrets: Keys, places: Iterable[Place]) -> dict[Place, Home]:
    lookups = [place[2] for place in places]
    if not lookups:
        return {}
    rows = await connection.execute(_KNOWN, {"lookups": lookups})
    return {
        (row.channel, row.account, bytes(row.lookup)): Home(
            row.subject_id, row.conversation_id, secrets.keyring.unwrap(row.wrapped)
        )
        for row in rows
    }


async def _forget_erased(connection: AsyncConnection, places: Iterable[Place]) -> None:
    """An address whose key is gone belongs to somebody erased: who writes from it now is a new person."""
    erased = (
        select(addresses.c.id)
        .where(
            addresses.c.lookup == func.any(bindparam("lookups", [p[2] for p in places], ARRAY(LargeBinary))),
            ~exists(select(keys.c.id).where(keys.c.subject_id == addresses.c.subject_id)),
        )
        .scalar_subquery()
    )
    await connection.execute(delete(addresses).where(addresses.c.id.in_(erased)))


async def _create(
    connection: AsyncConnection, secrets: Keys, missing: dict[Place, Inbound], countries: dict[str, str | None]
) -> dict[Place, Home]:
    """A contact, its key, its address and their conversation; whoever inserts the address first wins. Returns those
    that are ours."""
    made: dict[UUID, tuple[Place, Home]] = {}
    rows = []
    for place, item in sorted(missing.items()):
        address_id, home = uuid7(), Home(uuid7(), uuid7(), new_key())
        made[address_id] = place, home
        rows.append(
            {
                "address_id": address_id,
                "subject_id": home.subject_id,
                "conversation_id": home.conversation_id,
                "key_id": uuid7(),
                "wrapped": secrets.keyring.wrap(home.key),
                "channel": item.channel,
                "account": item.account,
                "lookup": place[2],
                "address_enc": seal(home.key, item.address.encode(), where=f"addresses.address_enc.{address_id}"),
                "country_hint": countries.get(item.address),
                "kind": "simulator" if item.account == "simulator" else "person",
            }
        )
    return dict([made[address_id] for address_id in await newcomers.add(connection, rows)])
