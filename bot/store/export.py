"""All that is kept of one person, opened, as plain values: for her, or for a human who must see it.

Law: reads only, and leaves a line in the audit trail. Proofs (her words, codes) are left out: they are for her head.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.keys import Keys, open_, open_json
from bot.store.tables import audit, cases, keys, metadata

_LEFT_OUT = frozenset({"keys", "search_tokens", "inbox", "link_codes", "code_tries"})  # inbox: the history has it
_HIDDEN = frozenset({"lookup", "subject_id"})
_PROOFS = frozenset({"word", "duress", "exit", "word_tries"})  # of the profile
_WORDS = frozenset({"address_enc"})  # sealed as text, not as JSON


async def subject_of(connection: AsyncConnection, reference: str) -> UUID | None:
    """Whose case this is; None for a number that no case has."""
    return (
        await connection.execute(select(cases.c.subject_id).where(cases.c.reference == reference))
    ).scalar_one_or_none()


async def person(connection: AsyncConnection, secrets: Keys, subject_id: UUID, now: datetime) -> dict[str, Any] | None:
    """Rows by table, oldest first; None when there is nobody, or nobody any more. ValueError for a spoilt key."""
    wrapped = (
        await connection.execute(select(keys.c.wrapped).where(keys.c.subject_id == subject_id))
    ).scalar_one_or_none()
    if wrapped is None:
        return None
    key = secrets.keyring.unwrap(wrapped)
    found: dict[str, Any] = {}
    for table in metadata.sorted_tables:
        if "subject_id" not in table.c or table.name in _LEFT_OUT:
            continue
        rows = await connection.execute(
            select(table).where(table.c.subject_id == subject_id).order_by(*table.primary_key.columns)
        )
        if opened := [_opened(table, row, key) for row in rows]:
            found[table.name] = opened
    await connection.execute(
        insert(audit).values(
            id=uuid7(),
            received_at=now,
            actor="system",
            action="exported",
            object_kind="subject",
            object_id=str(subject_id),
            reason="asked",
        )
    )
    return {"exported_at": now.isoformat(), **found}


def _opened(table: Table, row: Row[Any], key: bytes) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in row._mapping.items():
        if name in _HIDDEN or value is None:
            continue
        if name.endswith("_enc"):
            values[name.removesuffix("_enc")] = _sealed(table, row, name, key)
        else:
            values[name] = _plain(value)
    return values


def _sealed(table: Table, row: Row[Any], column: str, key: bytes) -> Any:
    where = f"{table.name}.{column}.{row.id}"
    try:
        if column in _WORDS:
            return open_(key, row._mapping[column], where=where).decode()
        value = open_json(key, row._mapping[column], where=where)
    except ValueError:
        return None  # spoilt: the rest is still hers
    if column == "profile_enc" and isinstance(value, dict):
        return {name: kept for name, kept in value.items() if name not in _PROOFS}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
