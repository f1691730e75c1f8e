"""Recruiters' licences: an operator's list, searched by number or by the beginning of a name.

Law: not personal, nothing is sealed. A list is laid over the former one: who is missing in it stays, with its old date.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from anyascii import anyascii
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.records import NEW, Licence
from bot.store.tables import licences
from bot.vault.lookup import code_form

MOST = 5  # a person reads no longer list
LEAST = 3  # letters of a name: fewer would show the whole country's list
CHUNK = 1000


def name_key(name: str) -> str:
    """A name as it is compared: Latin letters and digits, small, one space between words."""
    return " ".join("".join(c if c.isalnum() else " " for c in anyascii(name).casefold()).split())


def number_key(number: str) -> str:
    """A number as it is compared: "1234/067/68" is "1234 067 68"."""
    return code_form(anyascii(number))


async def find(connection: AsyncConnection, country: str, name_or_number: str) -> list[Licence]:
    """The one with this number, else those whose name begins so; by name, five at most."""
    here = select(licences).where(licences.c.country == country).order_by(licences.c.name_key).limit(MOST)
    number, name = number_key(name_or_number), name_key(name_or_number)
    rows = list(await connection.execute(here.where(licences.c.number_key == number))) if number else []
    if not rows and len(name) >= LEAST:
        rows = list(await connection.execute(here.where(licences.c.name_key.startswith(name, autoescape=True))))
    return [
        Licence(
            id=row.id,
            country=row.country,
            number=row.number,
            name=row.name,
            status=row.status,
            valid_until=row.valid_until,
            source=row.source,
            imported_at=row.imported_at,
        )
        for row in rows
    ]


async def put(connection: AsyncConnection, rows: Iterable[Licence]) -> int:
    """Add these licences, or renew those with the same country and number; returns how many; of doubles the last.

    ValueError for a number without a letter or digit.
    """
    values = {}
    for row in rows:
        if not number_key(row.number):
            raise ValueError("a licence without a number")
        values[(row.country, number_key(row.number))] = _values(row)
    ready = list(values.values())
    for start in range(0, len(ready), CHUNK):
        statement = insert(licences).values(ready[start : start + CHUNK])
        renewed = {c.name: statement.excluded[c.name] for c in licences.c if c.name not in {"id", "country"}}
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["country", "number_key"], set_=renewed)
        )
    return len(ready)


def _values(row: Licence) -> dict[str, Any]:
    identity: UUID = uuid7() if row.id == NEW else row.id
    return {
        "id": identity,
        "country": row.country,
        "number": row.number,
        "number_key": number_key(row.number),
        "name": row.name,
        "name_key": name_key(row.name),
        "status": row.status,
        "valid_until": row.valid_until,
        "source": row.source,
        "imported_at": row.imported_at,
    }
