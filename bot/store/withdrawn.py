"""What goes, besides her texts, when a person takes back her consent: what was shared of her, codes, links, reminders.

Law: the same condition as for her texts (`retention.py`): it was made before her no, she has not said yes again, and
neither an open critical case nor a legal hold needs a human first. What of the profile goes is the handler's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Table,
    Uuid,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import (
    cases,
    certificate_links,
    contacts,
    family_codes,
    link_codes,
    referrals,
    reminders,
    subscriptions,
)

SETTLED = timedelta(hours=1)
_NOT_DONE = and_(
    contacts.c.consent_refused_at.is_not(None),
    contacts.c.consent_store_at.is_(None),
    or_(contacts.c.refused_done_at.is_(None), contacts.c.refused_done_at < contacts.c.consent_refused_at),
)
_GOES = (family_codes, link_codes, certificate_links, reminders, subscriptions)  # uses of a code go with it


async def refusing(connection: AsyncConnection, limit: int) -> dict[UUID, datetime]:
    """Whose no was not carried out to the end yet, with its moment: the latest first, so that who waits for a human
    stands in nobody's way. Locked: nobody says yes meanwhile; whose turn runs is left for the next look."""
    rows = await connection.execute(
        select(contacts.c.id, contacts.c.consent_refused_at)
        .where(_NOT_DONE)
        .order_by(contacts.c.consent_refused_at.desc())
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return {row.id: row.consent_refused_at for row in rows}


async def carried_out(connection: AsyncConnection, people: Mapping[UUID, datetime], now: datetime) -> None:
    """Nothing of theirs is left to go: they are looked at again after their next no. Not while a case may stand in the
    way, nor within the hour in which a turn may still write what came before the no."""
    done = [who for who, at in people.items() if at < now - SETTLED]
    if done:
        critical = (cases.c.severity == "critical") & cases.c.closed_at.is_(None)
        stays = exists(
            select(cases.c.id).where(cases.c.subject_id == contacts.c.id, critical | cases.c.legal_hold.is_(True))
        )
        await connection.execute(
            update(contacts)
            .where(contacts.c.id.in_(done), contacts.c.consent_refused_at < now - SETTLED, ~stays)
            .values(refused_done_at=contacts.c.consent_refused_at)
        )


async def purge(connection: AsyncConnection, people: Mapping[UUID, datetime], chunk: int) -> int:
    """One chunk of each, of these people; returns how many rows."""
    gone = 0
    if not people:
        return gone
    for table in _GOES:
        due = _due(table, people).limit(chunk).scalar_subquery()
        gone += (await connection.execute(delete(table).where(table.c.id.in_(due)))).rowcount
    told = _due(referrals, people).where(referrals.c.facts_enc.is_not(None)).limit(chunk).scalar_subquery()
    gone += (
        await connection.execute(update(referrals).where(referrals.c.id.in_(told)).values(facts_enc=None))
    ).rowcount
    return gone


def noes(people: Mapping[UUID, datetime]) -> Any:
    """Who said no and when, as a table to be joined: `id`, `at`."""
    return (
        func.unnest(literal(list(people), ARRAY(Uuid)), literal(list(people.values()), ARRAY(DateTime(timezone=True))))
        .table_valued("id", "at")
        .render_derived(name="no")
    )


def _due(table: Table, people: Mapping[UUID, datetime]) -> Select[Any]:
    no = noes(people)
    made_before = and_(no.c.id == table.c.subject_id, no.c.at >= table.c.made_at)
    return select(table.c.id).join(no, made_before).where(~_must_stay(table))


def _must_stay(table: Table) -> ColumnElement[bool]:
    critical = (cases.c.severity == "critical") & cases.c.closed_at.is_(None)
    return exists(
        select(cases.c.id).where(cases.c.subject_id == table.c.subject_id, critical | cases.c.legal_hold.is_(True))
    )
