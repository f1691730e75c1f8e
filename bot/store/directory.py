"""Services of the directory, as staff keep them: added, changed, ended; and how many places are free.

Law: of nobody, so no subject. Lines of contact and notes are sealed under the system's key. Nothing is deleted: an
entry that a referral points at is ended, and the trail says who changed what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_, seal
from bot.store.tables import directory_entries, organisations

SEALED = ("contact", "notes")
PLAIN = (
    "organisation_id",
    "knowledge",
    "kind",
    "name",
    "country",
    "city",
    "languages",
    "takes",
    "who",
    "hours",
    "source",
    "checked_on",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A service. `id` is None for one that stands in knowledge/ only; `organisation` is empty unless they work here."""

    kind: str
    name: str
    country: str | None = None
    city: str = ""
    languages: Sequence[str] = ()
    takes: Sequence[str] = ()
    who: str = ""
    hours: str = ""
    contact: str = ""
    notes: str = ""
    source: str = ""
    checked_on: date | None = None
    places: int | None = None
    places_at: datetime | None = None
    id: UUID | None = None
    knowledge: str | None = None
    organisation_id: UUID | None = None
    organisation: str = ""
    changed_at: datetime | None = None
    ended_at: datetime | None = None
    offered: bool = True  # whether a caseworker may offer it: what nobody is sure of is not offered


def _read(secrets: Keys, row: Row[Any]) -> Entry:
    told: dict[str, Any] = {}
    for name in SEALED:
        sealed = getattr(row, f"{name}_enc")
        where = f"directory_entries.{name}_enc.{row.id}"
        told[name] = open_(secrets.system_key, sealed, where=where).decode() if sealed else ""
    plain = {name: getattr(row, name) for name in PLAIN}
    return Entry(
        **plain,
        **told,
        places=row.places,
        places_at=row.places_at,
        id=row.id,
        organisation=row.organisation or "",
        changed_at=row.changed_at,
        ended_at=row.ended_at,
    )


def _joined() -> Any:
    return select(directory_entries, organisations.c.name.label("organisation")).outerjoin(
        organisations, organisations.c.id == directory_entries.c.organisation_id
    )


async def everything(connection: AsyncConnection, secrets: Keys) -> list[Entry]:
    """All entries that staff keep, those that have ended too, by name."""
    query = _joined().order_by(directory_entries.c.name, directory_entries.c.id)
    return [_read(secrets, row) for row in await connection.execute(query)]


async def one(connection: AsyncConnection, secrets: Keys, entry_id: UUID) -> Entry | None:
    """An entry; None for one that nobody keeps."""
    row = (await connection.execute(_joined().where(directory_entries.c.id == entry_id))).first()
    return _read(secrets, row) if row else None


async def put(
    connection: AsyncConnection, secrets: Keys, entry_id: UUID, values: dict[str, Any], by: UUID, now: datetime
) -> None:
    """Add one of this id, or change all of it. `values`: the names of PLAIN and SEALED."""
    new = entry_id
    row: dict[str, Any] = {name: values[name] for name in PLAIN if name in values}
    for name in SEALED:
        if name in values:
            where = f"directory_entries.{name}_enc.{new}"
            row[f"{name}_enc"] = seal(secrets.system_key, values[name].encode(), where=where) if values[name] else None
    row |= {"changed_at": now, "changed_by": by}
    made = pg_insert(directory_entries).values(id=new, **row)
    await connection.execute(made.on_conflict_do_update(index_elements=["id"], set_=row))


async def set_places(connection: AsyncConnection, entry_id: UUID, places: int | None, by: UUID, now: datetime) -> None:
    """How many places are free now; None: not known."""
    values = {"places": places, "places_at": now if places is not None else None, "changed_at": now, "changed_by": by}
    await connection.execute(update(directory_entries).where(directory_entries.c.id == entry_id).values(**values))


async def end(connection: AsyncConnection, entry_id: UUID, by: UUID, now: datetime, *, ended: bool) -> None:
    """It is offered no longer, or again."""
    values = {"ended_at": now if ended else None, "changed_at": now, "changed_by": by}
    await connection.execute(update(directory_entries).where(directory_entries.c.id == entry_id).values(**values))


async def organisations_here(connection: AsyncConnection) -> list[tuple[UUID, str]]:
    """Id and name of all who share this installation."""
    rows = await connection.execute(select(organisations.c.id, organisations.c.name).order_by(organisations.c.name))
    return [(row.id, row.name) for row in rows]
