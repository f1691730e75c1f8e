"""What staff write about a case for each other: notes and tasks.

Law: sealed under the person's key, as everything of hers. They are added to a case and never change a turn, so no lock
is taken; a note is an event of the case and is not changed afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import search
from bot.store.events import record
from bot.store.homes import Home
from bot.store.keys import Keys, open_, seal
from bot.store.tables import case_events, tasks, users

NOTE = "note"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a case. `note` is empty for all but notes; `by` is a colleague's name, if it was one."""

    kind: str
    actor: str
    by: str | None
    at: datetime
    codes: dict[str, Any]
    note: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done for a case by a day."""

    id: UUID
    text: str
    made_at: datetime
    due_at: datetime
    to: str | None
    done_at: datetime | None
    disclosure_id: UUID | None = None  # ends with the telling alone


async def add_note(
    connection: AsyncConnection, secrets: Keys, home: Home, case_id: UUID, user_id: UUID, text: str, now: datetime
) -> None:
    """A note, for those who may view the case; they find it by its words too."""
    new = uuid7()
    note = seal(home.key, text.encode(), where=f"case_events.note_enc.{new}")
    await record(connection, home.subject_id, case_id, NOTE, user_id, now, note=note, event_id=new)
    await search.add_note(connection, secrets, home.subject_id, case_id, text)


async def timeline(connection: AsyncConnection, home: Home, case_id: UUID) -> list[Happened]:
    """Everything that happened in a case, the newest first."""
    rows = await connection.execute(
        select(case_events, users.c.name)
        .outerjoin(users, users.c.id == case_events.c.user_id)
        .where(case_events.c.case_id == case_id)
        .order_by(case_events.c.happened_at.desc(), case_events.c.id.desc())
    )
    return [
        Happened(
            row.kind,
            row.actor,
            row.name,
            row.happened_at,
            row.codes,
            open_(home.key, row.note_enc, where=f"case_events.note_enc.{row.id}").decode() if row.note_enc else "",
        )
        for row in rows
    ]


async def add_task(
    connection: AsyncConnection,
    home: Home,
    case_id: UUID,
    by: UUID,
    to: UUID,
    text: str,
    due_at: datetime,
    now: datetime,
    *,
    disclosure_id: UUID | None = None,
) -> None:
    """A task for a colleague. `disclosure_id`: it ends with the telling of that, and not before."""
    new = uuid7()
    await connection.execute(
        insert(tasks).values(
            id=new,
            subject_id=home.subject_id,
            case_id=case_id,
            text_enc=seal(home.key, text.encode(), where=f"tasks.text_enc.{new}"),
            due_at=due_at,
            assigned_to=to,
            made_by=by,
            made_at=now,
            disclosure_id=disclosure_id,
        )
    )


async def finish_task(connection: AsyncConnection, case_id: UUID, task_id: UUID, now: datetime) -> bool:
    """It is done; False when there is no such open task of this case. To tell her what was said of her ends where the
    telling is recorded (`disclosures.py`), not here."""
    done = await connection.execute(
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.case_id == case_id, tasks.c.done_at.is_(None))
        .where(tasks.c.disclosure_id.is_(None))
        .values(done_at=now)
    )
    return bool(done.rowcount)


async def tasks_of(connection: AsyncConnection, home: Home, case_id: UUID) -> Sequence[Task]:
    """The tasks of a case: open ones first, by their day."""
    rows = await connection.execute(
        select(tasks, users.c.name)
        .outerjoin(users, users.c.id == tasks.c.assigned_to)
        .where(tasks.c.case_id == case_id)
        .order_by(tasks.c.done_at.is_not(None), tasks.c.due_at, tasks.c.id)
    )
    return [
        Task(
            row.id,
            open_(home.key, row.text_enc, where=f"tasks.text_enc.{row.id}").decode(),
            row.made_at,
            row.due_at,
            row.name,
            row.done_at,
            row.disclosure_id,
        )
        for row in rows
    ]
