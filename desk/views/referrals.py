"""Referrals: those of a case, and those that were sent to an organisation of this desk.

Law: reads only. Of a case, the door decided who may see them. Those sent to an organisation are told to its own people
alone, and no more than the person agreed to: a name to use, a language, the need; never the case before it is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_json
from bot.store.tables import cases, contacts, directory_entries, keys, organisations, referrals
from desk.views.scope import Place

OUTWARD = ("sent", "accepted", "rejected", "completed")  # states that a receiver sees
GOING = ("offered", "asked", "sent", "accepted")  # states in which something can still be done
MOST = 200


@dataclass(frozen=True, slots=True)
class Referred:
    """`receiver` is a text id of knowledge/, `name` what the directory calls the service."""

    id: UUID
    service: str
    state: str
    receiver: str
    name: str
    facts: Mapping[str, Any]
    case_id: UUID | None
    reference: str | None
    organisation_id: UUID | None
    organisation: str
    made_at: datetime
    agreed_at: datetime | None
    sent_at: datetime | None
    decided_at: datetime | None
    language: str | None

    @property
    def since(self) -> datetime:
        """When it came to stand as it does."""
        return self.decided_at or self.sent_at or self.agreed_at or self.made_at


def _joined() -> Any:
    return (
        select(
            referrals,
            keys.c.wrapped,
            cases.c.reference,
            contacts.c.language,
            directory_entries.c.name.label("entry"),
            organisations.c.name.label("organisation"),
        )
        .join(keys, keys.c.subject_id == referrals.c.subject_id)
        .join(contacts, contacts.c.id == referrals.c.subject_id)
        .outerjoin(cases, cases.c.id == referrals.c.case_id)
        .outerjoin(directory_entries, directory_entries.c.id == referrals.c.entry_id)
        .outerjoin(organisations, organisations.c.id == referrals.c.organisation_id)
    )


def _read(secrets: Keys, row: Row[Any]) -> Referred:
    key, where = secrets.keyring.unwrap(row.wrapped), f"referrals.facts_enc.{row.id}"
    return Referred(
        id=row.id,
        service=row.service,
        state=row.state,
        receiver=row.receiver,
        name=row.entry or "",
        facts=open_json(key, row.facts_enc, where=where) if row.facts_enc else {},
        case_id=row.case_id,
        reference=row.reference,
        organisation_id=row.organisation_id,
        organisation=row.organisation or "",
        made_at=row.made_at,
        agreed_at=row.agreed_at,
        sent_at=row.sent_at,
        decided_at=row.decided_at,
        language=row.language,
    )


async def of_case(connection: AsyncConnection, secrets: Keys, place: Place) -> list[Referred]:
    """The referrals of a case, the newest first. Where it was handed over, of before only what still goes on: who has
    the case now is the one who can end it."""
    query = _joined().where(referrals.c.case_id == place.case_id).order_by(referrals.c.made_at.desc(), referrals.c.id)
    found = [_read(secrets, row) for row in await connection.execute(query)]
    return [one for one in found if place.shows("notes", one.made_at) or one.state in GOING]


async def to(connection: AsyncConnection, secrets: Keys, organisation_id: UUID) -> list[Referred]:
    """What was sent to an organisation: what waits for an answer first."""
    query = (
        _joined()
        .where(referrals.c.organisation_id == organisation_id, referrals.c.state.in_(OUTWARD))
        .order_by(referrals.c.state != "sent", referrals.c.sent_at.desc().nulls_last(), referrals.c.id)
        .limit(MOST)
    )
    return [_read(secrets, row) for row in await connection.execute(query)]
