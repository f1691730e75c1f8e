"""People who write for the first time: all that they need, for many of them, in one statement.

Law: whoever inserts an address first wins, and the others get nothing of their own: no row of the rest is made for an
address that another process has made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, bindparam, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import address_contacts, addresses, contacts, conversations, keys

_COLUMNS = {
    "address_id": Uuid,
    "subject_id": Uuid,
    "conversation_id": Uuid,
    "key_id": Uuid,
    "wrapped": LargeBinary,
    "channel": Text,
    "account": Text,
    "lookup": LargeBinary,
    "address_enc": LargeBinary,
    "country_hint": Text,
    "kind": Text,
}


def _statement() -> Any:
    new = (
        func.unnest(*[bindparam(name, type_=ARRAY(kind)) for name, kind in _COLUMNS.items()])
        .table_valued(*_COLUMNS, name="new")
        .render_derived()
    )
    copied = ("subject_id", "channel", "account", "lookup", "address_enc", "country_hint", "kind")
    won = (
        pg_insert(addresses)
        .from_select(["id", *copied], select(new.c.address_id, *[new.c[name] for name in copied]))
        .on_conflict_do_nothing()
        .returning(addresses.c.id)
        .cte("won")
    )
    who = select(new).join(won, won.c.id == new.c.address_id).cte("who")
    subject = who.c.subject_id
    rest = {
        "people": insert(contacts).from_select(
            ["id", "subject_id", "simulated"], select(subject, subject, who.c.kind == "simulator")
        ),
        "secrets": insert(keys).from_select(
            ["id", "kind", "subject_id", "wrapped"], select(who.c.key_id, literal("subject"), subject, who.c.wrapped)
        ),
        "talks": insert(conversations).from_select(
            ["id", "subject_id", "address_id", "active_contact_id"],
            select(who.c.conversation_id, subject, who.c.address_id, subject),
        ),
        "ties": insert(address_contacts).from_select(
            ["address_id", "contact_id", "subject_id"], select(who.c.address_id, subject, subject)
        ),
    }
    return select(who.c.address_id).add_cte(*(part.cte(name) for name, part in rest.items()))


_ADD = _statement()


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Make them; returns the ids of the addresses that are new. `rows`: the columns above."""
    added = await connection.execute(_ADD, {name: [row[name] for row in rows] for name in _COLUMNS})
    return [row.address_id for row in added]
