"""Searches of a case that volunteers are asked about: sent, shown, ended.

Law: a search is sealed under the reporter's key. Nobody is asked twice about one, and everybody who was asked is told
to stop, however it ends (`search_copies.py`). People are locked in the order of their ids, as turns lock them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import turns
from bot.store.events import record
from bot.store.homes import Home
from bot.store.keys import Keys, open_json, seal_json
from bot.store.search_copies import CHUNK, send_copy, stop
from bot.store.tables import cases, search_copies, search_requests, volunteers
from bot.store.volunteers import Volunteer

SENT, ENDED = "search_sent", "search_ended"  # events of the case


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
    ordered = sorted(chosen, key=lambda v: v.number)
    for one in ordered:
        await send_copy(connection, secrets, request_id, number, one, lines, now, site=site if photo else None)
    codes = {"number": number, "volunteers": [v.number for v in ordered]}
    await record(connection, home.subject_id, case_id, SENT, by, now, codes=codes)
    return int(number)


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
