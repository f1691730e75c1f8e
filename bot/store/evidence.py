"""What colleagues write beside a file or a place that a person sent: what it shows, what it proves, what is said in it.

Law: sealed under the person's key; a row is of one file, and of two who write at once the later one's words stand, with
who it was. The words are found as those of notes are. It goes with the message, and with her.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import search
from bot.store.evidence_tables import ABOUT
from bot.store.keys import Keys, key_of, open_, seal
from bot.store.tables import evidence, messages

__all__ = ["ABOUT", "WORDS", "Of", "opened", "sweep", "write"]

WORDS = ("label", "proves", "transcript")


@dataclass(frozen=True, slots=True)
class Of:
    """Which file or place: `id` of it, in which message and conversation, and of which case it is looked at."""

    id: UUID
    subject_id: UUID
    conversation_id: UUID
    message_id: UUID
    case_id: UUID | None
    key: bytes  # the subject's


async def write(
    connection: AsyncConnection, secrets: Keys, of: Of, user_id: UUID, now: datetime, **told: str | bool | None
) -> None:
    """Write some of label, proves, transcript (empty takes it away), about (a code) and important."""
    values: dict[str, Any] = {"changed_by": user_id, "changed_at": now}
    for name, value in told.items():
        if name in WORDS:
            sealed = seal(of.key, str(value).encode(), where=f"evidence.{name}_enc.{of.id}") if value else None
            values[f"{name}_enc"] = sealed
        else:
            values[name] = value
    row = {
        "id": of.id,
        "subject_id": of.subject_id,
        "conversation_id": of.conversation_id,
        "message_id": of.message_id,
        **({"case_id": of.case_id} if of.case_id else {}),
    }
    await connection.execute(
        insert(evidence)
        .values(**row, **values)
        .on_conflict_do_update(
            index_elements=["id"], set_={**values, **({"case_id": of.case_id} if of.case_id else {})}
        )
    )
    if of.case_id is not None:
        await _index(connection, secrets, of.subject_id, of.key, of.case_id)


async def _index(connection: AsyncConnection, secrets: Keys, subject_id: UUID, key: bytes, case_id: UUID) -> None:
    """What is found in a case by words beside its files: of all of them, since one word may stand beside several."""
    rows = await connection.execute(select(evidence).where(evidence.c.case_id == case_id))
    words = "\n".join(text for row in rows for text in opened(key, dict(row._mapping)).values())
    await search.replace_evidence(connection, secrets, subject_id, case_id, words)


async def sweep(connection: AsyncConnection, secrets: Keys, limit: int) -> int:
    """Take away what stands beside messages that are gone, and what it was found by; returns how much."""
    theirs = select(func.count()).where(messages.c.id == evidence.c.message_id).scalar_subquery()
    bare = select(evidence.c.id).where(theirs == 0)  # one by one: else all of the history would be read
    gone = await connection.execute(
        delete(evidence)
        .where(evidence.c.id.in_(bare.limit(limit).scalar_subquery()))
        .returning(evidence.c.case_id, evidence.c.subject_id)
    )
    rows = gone.all()
    for case_id, subject_id in {(row.case_id, row.subject_id) for row in rows if row.case_id is not None}:
        try:
            key = await key_of(connection, secrets, subject_id) or b""
        except ValueError:
            key = b""  # a spoilt key: nothing of hers can be read, and nothing is to be found
        await _index(connection, secrets, subject_id, key, case_id)
    return len(rows)


def opened(key: bytes, row: Mapping[str, Any]) -> dict[str, str]:
    """The words of a row, by name; what cannot be opened is not there."""
    found = {}
    for name in WORDS:
        if (sealed := row[f"{name}_enc"]) is None:
            continue
        try:
            found[name] = open_(key, sealed, where=f"evidence.{name}_enc.{row['id']}").decode("utf-8", "replace")
        except ValueError:
            continue
    return found
