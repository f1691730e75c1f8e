"""Searches that volunteers are asked about: sent, answered into the case, ended.

Law: a search is sealed under the reporter's key, a volunteer's copy under nobody's words; the words that she is asked
stand in a reminder of hers and go with it. Every volunteer who was asked is told to stop, however the search ends, also
when the reporter was erased. What comes back is an event of the case for staff; nothing of it leaves to the reporter.
People are locked in the order of their ids, as turns lock them.
"""

from __future__ import annotations

import secrets as chance
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import raised, search, turns
from bot.store.events import record
from bot.store.homes import Home
from bot.store.keys import Keys, key_of, open_json, seal, seal_json
from bot.store.tables import (
    cases,
    conversations,
    keys,
    notices,
    reminders,
    search_answers,
    search_copies,
    search_requests,
    volunteers,
)
from bot.store.volunteers import Volunteer

ASK, STOP, TOPIC = "search_request", "search_over", "search"  # flows, and the topic of their reminders
SENT, ENDED, ANSWERED = "search_sent", "search_ended", "volunteer_answer"  # events of the case
CHUNK = 200
LOOK, CODE = "look", 12  # the kind of its hash; bytes of a code


@dataclass(frozen=True, slots=True)
class Copy:
    """How it stands with one volunteer."""

    volunteer: int
    state: str
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Request:
    """A search of a case, with whom it was sent to."""

    id: UUID
    number: int
    state: str
    fields: Mapping[str, Any]
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    copies: Sequence[Copy] = field(default_factory=tuple)


async def send(
    connection: AsyncConnection,
    secrets: Keys,
    home: Home,
    case_id: UUID,
    fields: Mapping[str, Any],
    lines: Mapping[str, Any],
    chosen: Sequence[Volunteer],
    *,
    by: UUID,
    now: datetime,
    ends_at: datetime,
    photo: UUID | None = None,
    site: str = "",
) -> int | None:
    """A search, and a reminder for each volunteer that brings it to her in her hours; returns its number. `lines`: the
    slot value that she reads. `photo`: a file of the reporter's, which each may look at by a link of her own on `site`,
    and which leaves us in no other way. Nobody is asked twice about one search: None when all of these are asked just
    that already (a button that was pressed twice)."""
    people = {one.subject_id for one in chosen if one.subject_id is not None}
    await turns.lock(connection, people | {home.subject_id}, wait=True)
    numbers = {one.number for one in chosen}
    for known in await of_case(connection, home, case_id):
        if known.state == "open" and known.fields == fields and numbers <= {one.volunteer for one in known.copies}:
            return None
    request_id = uuid7()
    number = (
        await connection.execute(
            insert(search_requests)
            .values(
                id=request_id,
                subject_id=home.subject_id,
                case_id=case_id,
                fields_enc=seal_json(home.key, dict(fields), where=f"search_requests.fields_enc.{request_id}"),
                photo_id=photo,
                state="open",
                made_by=by,
                made_at=now,
                ends_at=ends_at,
            )
            .returning(search_requests.c.number)
        )
    ).scalar_one()
    for one in sorted(chosen, key=lambda v: v.number):
        assert one.subject_id is not None
        copy_id = uuid7()
        code = chance.token_urlsafe(CODE) if photo else ""
        await connection.execute(
            insert(search_copies).values(
                id=copy_id,
                subject_id=one.subject_id,
                request_id=request_id,
                volunteer_id=one.id,
                number=number,
                state="planned",
                made_at=now,
                look=secrets.secret(LOOK, code) if code else None,
            )
        )
        told = with_photo(lines, f"{site}/look/{code}") if code else lines
        slots = {"copy": str(copy_id), "lines": told, "number": str(number)}
        await _remind(connection, secrets, one.subject_id, one.conversation_id, ASK, slots, now)
    codes = {"number": number, "volunteers": [v.number for v in sorted(chosen, key=lambda v: v.number)]}
    await record(connection, home.subject_id, case_id, SENT, by, now, codes=codes)
    return int(number)


def with_photo(lines: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The lines that a volunteer reads, and below them where she may look at the picture."""
    return {"list": [*lines["list"], {"row": [{"text": "tracing.labels.photo.say"}, address]}]}


async def looked_at(connection: AsyncConnection, secrets: Keys, code: str, now: datetime) -> UUID | None:
    """The file that a volunteer may look at by her code: she was asked, and the search is open. Else None, for good."""
    row = (
        await connection.execute(
            select(search_requests.c.photo_id)
            .join(search_copies, search_copies.c.request_id == search_requests.c.id)
            .join(cases, cases.c.id == search_requests.c.case_id)
            .where(
                search_copies.c.look == secrets.secret(LOOK, code),
                search_copies.c.state == "told",
                search_requests.c.state == "open",
                search_requests.c.ends_at > now,
                cases.c.closed_at.is_(None),
            )
        )
    ).first()
    return row.photo_id if row else None


async def _remind(
    connection: AsyncConnection,
    secrets: Keys,
    subject_id: UUID,
    conversation_id: UUID | None,
    flow: str,
    slots: Mapping[str, Any],
    now: datetime,
) -> None:
    key = await key_of(connection, secrets, subject_id)
    if key is None or conversation_id is None:
        return
    new = uuid7()
    sealed = seal_json(key, dict(slots), where=f"reminders.slots_enc.{new}")
    await connection.execute(
        insert(reminders).values(
            id=new,
            subject_id=subject_id,
            conversation_id=conversation_id,
            flow=flow,
            slots_enc=sealed,
            topic=TOPIC,
            state="waiting",
            due_at=now,
            made_at=now,
        )
    )


async def of_case(connection: AsyncConnection, home: Home, case_id: UUID) -> list[Request]:
    """The searches of a case, the newest first."""
    rows = (
        await connection.execute(
            select(search_requests)
            .where(search_requests.c.case_id == case_id)
            .order_by(search_requests.c.made_at.desc(), search_requests.c.id.desc())
        )
    ).all()
    copies: dict[UUID, list[Copy]] = {row.id: [] for row in rows}
    found = await connection.execute(
        select(search_copies.c.request_id, search_copies.c.state, search_copies.c.told_at, volunteers.c.number)
        .join(volunteers, volunteers.c.id == search_copies.c.volunteer_id)
        .where(search_copies.c.request_id.in_(list(copies)))
        .order_by(volunteers.c.number)
    )
    for row in found:
        copies[row.request_id].append(Copy(row.number, row.state, row.told_at))
    return [_request(home, row, copies[row.id]) for row in rows]


def _request(home: Home, row: Row[Any], copies: Sequence[Copy]) -> Request:
    fields = open_json(home.key, row.fields_enc, where=f"search_requests.fields_enc.{row.id}")
    return Request(row.id, row.number, row.state, fields, row.made_at, row.ends_at, row.ended_at, tuple(copies))


async def end(
    connection: AsyncConnection,
    secrets: Keys,
    case_id: UUID,
    request_id: UUID,
    now: datetime,
    *,
    by: UUID | None = None,
    state: str = "ended",
) -> bool:
    """End an open search of this case, and tell whoever was asked to stop. False when it has ended already."""
    row = (
        await connection.execute(
            update(search_requests)
            .where(
                search_requests.c.id == request_id,
                search_requests.c.case_id == case_id,
                search_requests.c.state == "open",
            )
            .values(state=state, ended_at=now)
            .returning(search_requests.c.subject_id, search_requests.c.number)
        )
    ).first()
    if row is None:
        return False
    codes = {"number": row.number, "state": state}
    await record(connection, row.subject_id, case_id, ENDED, by, now, codes=codes)
    ids = await connection.execute(select(search_copies.c.id).where(search_copies.c.request_id == request_id))
    await stop(connection, secrets, [one.id for one in ids], now)
    return True


async def stop(connection: AsyncConnection, secrets: Keys, copy_ids: Collection[UUID], now: datetime) -> int:
    """These copies are over: what was not said yet is called off, and who was asked is told to stop and to delete."""
    people = await connection.execute(select(search_copies.c.subject_id).where(search_copies.c.id.in_(list(copy_ids))))
    await turns.lock(connection, {row.subject_id for row in people}, wait=True)
    rows = (
        await connection.execute(
            select(search_copies).where(search_copies.c.id.in_(list(copy_ids)), search_copies.c.state != "over")
        )
    ).all()
    for row in rows:
        conversation_id = await _call_off(connection, secrets, row)
        if row.state == "told" and conversation_id is not None:
            slots = {"number": str(row.number)}
            await _remind(connection, secrets, row.subject_id, conversation_id, STOP, slots, now)
        await connection.execute(
            update(search_copies).where(search_copies.c.id == row.id).values(state="over", over_at=now)
        )
    return len(rows)


async def _call_off(connection: AsyncConnection, secrets: Keys, copy: Row[Any]) -> UUID | None:
    """The reminder that brings this copy: called off while it waits, emptied once said. Returns where it went."""
    key = await key_of(connection, secrets, copy.subject_id)
    found: UUID | None = None
    if key is None:
        return None
    rows = await connection.execute(
        select(reminders).where(
            reminders.c.subject_id == copy.subject_id, reminders.c.topic == TOPIC, reminders.c.flow == ASK
        )
    )
    for row in rows:
        where = f"reminders.slots_enc.{row.id}"
        if row.slots_enc is None or open_json(key, row.slots_enc, where=where).get("copy") != str(copy.id):
            continue
        found = row.conversation_id
        state = "cancelled" if row.state == "waiting" else row.state
        emptied = seal_json(key, {"copy": str(copy.id), "number": str(copy.number)}, where=where)
        await connection.execute(
            update(reminders).where(reminders.c.id == row.id).values(state=state, slots_enc=emptied)
        )
    return found


async def standing_of(connection: AsyncConnection, volunteer_id: UUID) -> list[UUID]:
    """The copies of a volunteer that are not over."""
    rows = await connection.execute(
        select(search_copies.c.id).where(search_copies.c.volunteer_id == volunteer_id, search_copies.c.state != "over")
    )
    return [row.id for row in rows]


async def due(connection: AsyncConnection, now: datetime) -> list[tuple[UUID, UUID, str]]:
    """Open searches that have run out, or whose case was closed: (case, search, how it ends)."""
    closed = exists(select(cases.c.id).where(cases.c.id == search_requests.c.case_id, cases.c.closed_at.is_not(None)))
    rows = await connection.execute(
        select(search_requests.c.id, search_requests.c.case_id, (search_requests.c.ends_at <= now).label("out"))
        .where(search_requests.c.state == "open", (search_requests.c.ends_at <= now) | closed)
        .order_by(search_requests.c.id)
        .limit(CHUNK)
    )
    return [(row.case_id, row.id, "expired" if row.out else "ended") for row in rows]


async def orphans(connection: AsyncConnection) -> list[UUID]:
    """Copies of searches that are gone with their reporter: whoever has one must be told to stop."""
    rows = await connection.execute(
        select(search_copies.c.id)
        .where(search_copies.c.request_id.is_(None), search_copies.c.state != "over")
        .limit(CHUNK)
    )
    return [row.id for row in rows]


async def bring(connection: AsyncConnection, secrets: Keys, now: datetime) -> int:
    """Lay answers into their cases: an event with the volunteer's number, found by its words, and a line of the list
    for whoever looks after the case. An answer whose search is gone goes with it. Returns how many were laid."""
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
        taken = await connection.execute(delete(search_answers).where(search_answers.c.id == row.id))
        if taken.rowcount and row.case_id is not None:  # of two workers one takes it
            laid += await _lay(connection, secrets, row, now)
    return laid


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
    await raised.add_notice(
        connection,
        {
            "id": uuid7(),
            "subject_id": subject_id,
            "conversation_id": place.conversation_id,
            "case_id": case_id,
            "audience": "queue",
            "kind": ANSWERED,
            "severity": place.severity,
            "raised_at": now,
        },
    )
