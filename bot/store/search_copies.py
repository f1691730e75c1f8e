"""What each volunteer has of a search: a copy that a reminder brings to her in her hours, until it is called off.

Law: a copy is under nobody's words; the words that she is asked stand in a reminder of hers and go with it. Every
volunteer who was asked is told to stop and to delete, also when the reporter was erased.
"""

from __future__ import annotations

import secrets as chance
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import turns
from bot.store.keys import Keys, key_of, open_json, seal_json
from bot.store.tables import cases, reminders, search_copies, search_requests
from bot.store.volunteers import Volunteer

CHUNK = 200  # searches, copies or answers in one look of a job
ASK, STOP, TOPIC = "search_request", "search_over", "search"  # flows, and the topic of their reminders
LOOK, CODE = "look", 12  # the kind of its hash; bytes of a code


async def send_copy(
    connection: AsyncConnection,
    secrets: Keys,
    request_id: UUID,
    number: int,
    one: Volunteer,
    lines: Mapping[str, Any],
    now: datetime,
    *,
    site: str | None,
) -> None:
    """A copy for this volunteer. `site`: ours, where she may look at the picture of this search by a code of her own;
    None = it has none."""
    assert one.subject_id is not None
    copy_id = uuid7()
    code = chance.token_urlsafe(CODE) if site is not None else ""
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


async def orphans(connection: AsyncConnection) -> list[UUID]:
    """Copies of searches that are gone with their reporter: whoever has one must be told to stop."""
    rows = await connection.execute(
        select(search_copies.c.id)
        .where(search_copies.c.request_id.is_(None), search_copies.c.state != "over")
        .limit(CHUNK)
    )
    return [row.id for row in rows]
