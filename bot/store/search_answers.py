"""What volunteers wrote about a search, laid into its case.

Law: it is an event of the case for staff, under the reporter's key, and gone from the volunteer's; nothing of it leaves
to the reporter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.observe import logs
from bot.store import raised, search, turns
from bot.store.events import record
from bot.store.keys import Keys, open_json, seal
from bot.store.search_copies import CHUNK
from bot.store.tables import (
    cases,
    conversations,
    keys,
    notices,
    search_answers,
    search_copies,
    search_requests,
    volunteers,
)

log = logs.get(__name__)
ANSWERED = "volunteer_answer"  # an event of the case, and a line of the list


async def bring(connection: AsyncConnection, secrets: Keys, now: datetime) -> int:
    """Lay answers into their cases: an event with the volunteer's number, found by its words, and a line of the list
    for whoever looks after the case. An answer whose search is gone goes with it.
    One that cannot be opened waits (SAATHI_SECRET_KEY may lack an older secret) and holds up no other.
    Returns how many were laid."""
    rows = (
        await connection.execute(
            select(
                search_answers,
                search_copies.c.request_id,
                search_requests.c.case_id,
                search_requests.c.subject_id.label("reporter"),
                search_requests.c.number,
                volunteers.c.number.label("volunteer"),
            )
            .join(search_copies, search_copies.c.id == search_answers.c.copy_id)
            .join(volunteers, volunteers.c.id == search_copies.c.volunteer_id)
            .outerjoin(search_requests, search_requests.c.id == search_copies.c.request_id)
            .order_by(search_answers.c.said_at, search_answers.c.id)
            .limit(CHUNK)
        )
    ).all()
    if not rows:
        return 0
    await turns.lock(connection, {row.reporter for row in rows if row.reporter is not None}, wait=True)
    laid = 0
    for row in rows:
        try:
            async with connection.begin_nested():
                laid += await _take(connection, secrets, row, now)
        except ValueError as error:
            log.error("search_answer_unreadable", id=row.id, kind=type(error).__name__)
    return laid


async def _take(connection: AsyncConnection, secrets: Keys, row: Row[Any], now: datetime) -> bool:
    taken = await connection.execute(delete(search_answers).where(search_answers.c.id == row.id))
    if not taken.rowcount or row.case_id is None:  # of two workers one takes it
        return False
    return await _lay(connection, secrets, row, now)


async def _lay(connection: AsyncConnection, secrets: Keys, row: Row[Any], now: datetime) -> bool:
    wrapped = {
        one.subject_id: one.wrapped
        for one in await connection.execute(
            select(keys.c.subject_id, keys.c.wrapped).where(keys.c.subject_id.in_([row.subject_id, row.reporter]))
        )
    }
    if len(wrapped) < 2:  # one of them was erased meanwhile
        return False
    hers, theirs = (secrets.keyring.unwrap(wrapped[one]) for one in (row.subject_id, row.reporter))
    where = f"search_answers.words_enc.{row.id}"
    words = str(open_json(hers, row.words_enc, where=where)) if row.words_enc else ""
    event_id = uuid7()
    note = seal(theirs, words.encode(), where=f"case_events.note_enc.{event_id}") if words else None
    codes = {"volunteer": row.volunteer, "number": row.number, "files": row.files}
    at = row.said_at
    await record(connection, row.reporter, row.case_id, ANSWERED, None, at, codes=codes, note=note, event_id=event_id)
    if words:
        await search.add_note(connection, secrets, row.reporter, row.case_id, words)
    await _tell_staff(connection, row.reporter, row.case_id, now)
    return True


async def _tell_staff(connection: AsyncConnection, subject_id: UUID, case_id: UUID, now: datetime) -> None:
    """One open line of the list at a time: staff look, the reporter hears nothing."""
    place = (
        await connection.execute(
            select(cases.c.conversation_id, cases.c.severity)
            .join(conversations, conversations.c.id == cases.c.conversation_id)
            .where(cases.c.id == case_id, cases.c.closed_at.is_(None))
        )
    ).first()
    if place is None:
        return
    already = exists().where(notices.c.case_id == case_id, notices.c.kind == ANSWERED, notices.c.taken_at.is_(None))
    if (await connection.execute(select(already))).scalar():
        return
    await raised.raise_notice(
        connection,
        ANSWERED,
        place.severity,
        subject_id=subject_id,
        conversation_id=place.conversation_id,
        now=now,
        case_id=case_id,
    )
