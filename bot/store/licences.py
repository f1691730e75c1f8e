"""Recruiters' licences: an operator's list, searched by number, by the beginning of a name, or by a name nearly so.

Law: not personal, nothing is sealed. A list is laid over the former one: who is missing in it stays, with its old date.
`imported_at` is the day of which the list speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from anyascii import anyascii
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.records import NEW, Licence
from bot.store.tables import licences
from bot.vault.lookup import code_form

MOST = 5  # a person reads no longer list
LEAST = 3  # letters of a name: fewer would show the whole country's list
CHUNK = 1000
SLIP = 4  # letters of a word in which one may be wrong
# What half of all names hold: by these alone nobody is known.
_COMMON = (
    "agency and co company consultancy employment human international limited ltd manpower of overseas private pvt "
    "recruiting recruitment resource resources service services the travel travels"
)
COMMON = frozenset(_COMMON.split())


def name_key(name: str) -> str:
    """A name as it is compared: Latin letters and digits, small, one space between words."""
    return " ".join("".join(c if c.isalnum() else " " for c in anyascii(name).casefold()).split())


def number_key(number: str) -> str:
    """A number as it is compared: "1234/067/68" is "1234 067 68"."""
    return code_form(anyascii(number))


def alike(wanted: str, name: str) -> bool:
    """Whether a name (both as `name_key`) holds every telling word of what was written: its beginning of three letters
    or more, or a word of four and more with one letter wrong (edit distance 1 with swaps, Damerau 1964)."""
    telling = [w for w in wanted.split() if w not in COMMON and len(w) >= LEAST]
    words = name.split()
    return bool(telling) and all(any(w.startswith(t) or _slip(t, w) for w in words) for t in telling)


def _slip(a: str, b: str) -> bool:
    """One letter more, less, other or swapped."""
    if min(len(a), len(b)) < SLIP or abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest, other = a[start:], b[start:]
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]


async def find(connection: AsyncConnection, country: str, name_or_number: str) -> list[Licence]:
    """The one with this number, else those whose name begins so, else those that are `alike`; by name, five at most.

    The last looks at all names of the country: about two thousand at most, some milliseconds.
    """
    here = select(licences).where(licences.c.country == country).order_by(licences.c.name_key).limit(MOST)
    number, name = number_key(name_or_number), name_key(name_or_number)
    rows = list(await connection.execute(here.where(licences.c.number_key == number))) if number else []
    if not rows and len(name) >= LEAST:
        rows = list(await connection.execute(here.where(licences.c.name_key.startswith(name, autoescape=True))))
    if not rows and len(name) >= LEAST:
        names = select(licences.c.id, licences.c.name_key).where(licences.c.country == country)
        near: Sequence[UUID] = [row.id for row in await connection.execute(names) if alike(name, row.name_key)]
        rows = list(await connection.execute(here.where(licences.c.id.in_(near)))) if near else []
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


async def count(connection: AsyncConnection, country: str) -> int:
    """How many the list of a country has."""
    query = select(func.count()).select_from(licences).where(licences.c.country == country)
    return int((await connection.execute(query)).scalar_one())


async def newest(connection: AsyncConnection, country: str) -> datetime | None:
    """The day of which the newest list of a country speaks; None when we have none."""
    query = select(func.max(licences.c.imported_at)).where(licences.c.country == country)
    day: datetime | None = (await connection.execute(query)).scalar_one()
    return day


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
