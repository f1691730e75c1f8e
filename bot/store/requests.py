"""The register of requests: who asked us for what, and what was answered.

Law: who asked is sealed under the system's key; which case it is about stands with the person (`disclosures.py`). An
answer is written once, and by the table itself no list of people can be released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_, seal
from bot.store.tables import requests, users


@dataclass(frozen=True, slots=True)
class Request:
    """One request, opened."""

    id: UUID
    asker: str
    wants: str
    form: str
    basis: str
    who: str
    words: str
    basis_note: str
    received_on: date
    due_on: date | None
    recorder: str | None
    outcome: str | None
    answer: str
    answerer: str | None
    answered_at: datetime | None


async def add(
    connection: AsyncConnection,
    secrets: Keys,
    *,
    organisation_id: UUID,
    user_id: UUID,
    asker: str,
    wants: str,
    form: str,
    basis: str,
    who: str,
    words: str,
    basis_note: str,
    received_on: date,
    due_on: date | None,
    now: datetime,
    new: UUID,
) -> bool:
    """Somebody asked. `new` is the id that the form had from the beginning: sent twice, it is registered once, and the
    second time this is False."""
    added = await connection.execute(
        pg_insert(requests)
        .values(
            id=new,
            organisation_id=organisation_id,
            asker=asker,
            wants=wants,
            form=form,
            basis=basis,
            who_enc=_sealed(secrets, who, "who_enc", new),
            words_enc=_sealed(secrets, words, "words_enc", new),
            basis_enc=_sealed(secrets, basis_note, "basis_enc", new) if basis_note else None,
            received_on=received_on,
            due_on=due_on,
            recorded_by=user_id,
            recorded_at=now,
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(requests.c.id)
    )
    return added.first() is not None


async def answer(
    connection: AsyncConnection,
    secrets: Keys,
    organisation_id: UUID,
    which: UUID,
    *,
    outcome: str,
    words: str,
    user_id: UUID,
    now: datetime,
) -> bool:
    """Write the answer; False when it has one, or is no request of this organisation."""
    done = await connection.execute(
        update(requests)
        .where(
            requests.c.id == which,
            requests.c.organisation_id == organisation_id,
            requests.c.outcome.is_(None),
        )
        .values(
            outcome=outcome,
            answer_enc=_sealed(secrets, words, "answer_enc", which) if words else None,
            answered_by=user_id,
            answered_at=now,
        )
    )
    return bool(done.rowcount)


async def hold(connection: AsyncConnection, organisation_id: UUID, which: UUID) -> bool:
    """Lock a request that has no answer yet, before what is said of a case: of an answer and a release at once one is
    first, and both lock in this order. False when it has one."""
    found = await connection.execute(
        select(requests.c.id)
        .where(requests.c.id == which, requests.c.organisation_id == organisation_id, requests.c.outcome.is_(None))
        .with_for_update()
    )
    return found.first() is not None


async def listed(
    connection: AsyncConnection, secrets: Keys, organisation_id: UUID, *where: ColumnElement[bool], most: int
) -> list[Request]:
    """The register: what is open first, by its day; then the newest."""
    query = (
        _query(organisation_id)
        .where(*where)
        .order_by(
            requests.c.outcome.is_not(None),
            requests.c.due_on.asc().nulls_last(),
            requests.c.received_on.desc(),
            requests.c.id.desc(),
        )
        .limit(most)
    )
    return [_opened(secrets, row) for row in await connection.execute(query)]


async def one(connection: AsyncConnection, secrets: Keys, organisation_id: UUID, which: UUID) -> Request | None:
    """A request of this organisation."""
    row = (await connection.execute(_query(organisation_id).where(requests.c.id == which))).first()
    return _opened(secrets, row) if row else None


async def years(connection: AsyncConnection, organisation_id: UUID) -> list[int]:
    """From the year in which something was asked first to the last one, the newest first: two looks into an index."""
    day = requests.c.received_on
    ends = select(func.min(day), func.max(day)).where(requests.c.organisation_id == organisation_id)
    first, last = (await connection.execute(ends)).one()
    return list(range(last.year, first.year - 1, -1)) if first else []


async def counted(
    connection: AsyncConnection, organisation_id: UUID, year: int
) -> Sequence[tuple[str, str, str | None, int]]:
    """(who asked, for what, outcome or None while open, how many) of a year."""
    rows = await connection.execute(
        select(requests.c.asker, requests.c.wants, requests.c.outcome, func.count())
        .where(
            requests.c.organisation_id == organisation_id,
            requests.c.received_on >= date(year, 1, 1),
            requests.c.received_on < date(year + 1, 1, 1),
        )
        .group_by(requests.c.asker, requests.c.wants, requests.c.outcome)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _query(organisation_id: UUID) -> Select[Any]:
    recorder, answerer = users.alias(), users.alias()
    return (
        select(requests, recorder.c.name.label("recorder"), answerer.c.name.label("answerer"))
        .select_from(
            requests.outerjoin(recorder, recorder.c.id == requests.c.recorded_by).outerjoin(
                answerer, answerer.c.id == requests.c.answered_by
            )
        )
        .where(requests.c.organisation_id == organisation_id)
    )


def _opened(secrets: Keys, row: Any) -> Request:
    def words(column: str) -> str:
        blob = row._mapping[column]
        return open_(secrets.system_key, blob, where=f"requests.{column}.{row.id}").decode() if blob else ""

    return Request(
        id=row.id,
        asker=row.asker,
        wants=row.wants,
        form=row.form,
        basis=row.basis,
        who=words("who_enc"),
        words=words("words_enc"),
        basis_note=words("basis_enc"),
        received_on=row.received_on,
        due_on=row.due_on,
        recorder=row.recorder,
        outcome=row.outcome,
        answer=words("answer_enc"),
        answerer=row.answerer,
        answered_at=row.answered_at,
    )


def _sealed(secrets: Keys, words: str, column: str, row_id: UUID) -> bytes:
    return seal(secrets.system_key, words.encode(), where=f"requests.{column}.{row_id}")
