"""What was said of people to others, read and opened: by case, and by request.

Law: sealed under the person's key; of somebody who was erased there is nothing to read. The steps are `disclosures.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_
from bot.store.tables import disclosures, keys, tasks, users


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One row, opened. Names of colleagues beside their ids."""

    id: UUID
    kind: str
    request_id: UUID | None
    reason: str | None
    state: str
    whom: str
    words: str
    proposed_by: UUID | None
    proposer: str | None
    proposed_at: datetime
    expires_at: datetime | None
    decided_by: UUID | None
    decider: str | None
    decided_at: datetime | None
    consent_how: str | None
    consent_on: date | None
    made_at: datetime | None
    made: str
    told_at: datetime | None
    told_how: str | None
    told: str
    to_tell: bool

    def lapsed(self, now: datetime) -> bool:
        """Nobody agreed in time."""
        return self.state == "proposed" and self.expires_at is not None and self.expires_at <= now


async def of_case(connection: AsyncConnection, key: bytes, case_id: UUID) -> list[Disclosure]:
    """Emergency contacts and requests of a case, the newest first."""
    found = await _found(connection, disclosures.c.case_id == case_id)
    return [_opened(row, key) for row in found]


async def of_request(connection: AsyncConnection, secrets: Keys, request_id: UUID) -> list[tuple[UUID, Disclosure]]:
    """(case, what was said) of a request: those whose person was not erased."""
    found = await _found(connection, disclosures.c.request_id == request_id)
    wrapped = {
        row.subject_id: row.wrapped
        for row in await connection.execute(
            select(keys.c.subject_id, keys.c.wrapped).where(keys.c.subject_id.in_({row.subject_id for row in found}))
        )
    }
    return [
        (row.case_id, _opened(row, secrets.keyring.unwrap(wrapped[row.subject_id])))
        for row in found
        if row.subject_id in wrapped
    ]


async def _found(connection: AsyncConnection, *where: ColumnElement[bool]) -> Sequence[Any]:
    proposer, decider = users.alias(), users.alias()
    waits = select(tasks.c.id).where(tasks.c.disclosure_id == disclosures.c.id, tasks.c.done_at.is_(None)).exists()
    query = (
        select(
            disclosures,
            proposer.c.name.label("proposer"),
            decider.c.name.label("decider"),
            waits.label("to_tell"),
        )
        .select_from(
            disclosures.outerjoin(proposer, proposer.c.id == disclosures.c.proposed_by).outerjoin(
                decider, decider.c.id == disclosures.c.decided_by
            )
        )
        .where(*where)
        .order_by(disclosures.c.proposed_at.desc(), disclosures.c.id.desc())
    )
    return (await connection.execute(query)).all()


def _opened(row: Any, key: bytes) -> Disclosure:
    def words(column: str) -> str:
        blob = row._mapping[column]
        return open_(key, blob, where=f"disclosures.{column}.{row.id}").decode() if blob else ""

    return Disclosure(
        id=row.id,
        kind=row.kind,
        request_id=row.request_id,
        reason=row.reason,
        state=row.state,
        whom=words("whom_enc"),
        words=words("words_enc"),
        proposed_by=row.proposed_by,
        proposer=row.proposer,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by,
        decider=row.decider,
        decided_at=row.decided_at,
        consent_how=row.consent_how,
        consent_on=row.consent_on,
        made_at=row.made_at,
        made=words("made_enc"),
        told_at=row.told_at,
        told_how=row.told_how,
        told=words("told_enc"),
        to_tell=row.to_tell,
    )
