"""What goes, besides her texts, when a person takes back her consent: what was shared of her, codes, links, reminders.

Law: the same condition as for her texts (`retention.py`): it was made before her no, she has not said yes again, and
neither an open critical case nor a legal hold needs a human first. What of the profile goes is the handler's.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import cases, certificate_links, contacts, family_codes, link_codes, referrals, reminders

_GOES = (family_codes, link_codes, certificate_links, reminders)  # uses of a code go with it


async def purge(connection: AsyncConnection, chunk: int) -> int:
    """One chunk of each; returns how many rows."""
    gone = 0
    for table in _GOES:
        due = select(table.c.id).where(_refused(table), ~_must_stay(table)).limit(chunk).scalar_subquery()
        gone += (await connection.execute(delete(table).where(table.c.id.in_(due)))).rowcount
    told = (
        select(referrals.c.id)
        .where(referrals.c.facts_enc.is_not(None), _refused(referrals), ~_must_stay(referrals))
        .limit(chunk)
        .scalar_subquery()
    )
    gone += (
        await connection.execute(update(referrals).where(referrals.c.id.in_(told)).values(facts_enc=None))
    ).rowcount
    return gone


def _refused(table: Table) -> ColumnElement[bool]:
    return exists(
        select(contacts.c.id).where(
            contacts.c.id == table.c.subject_id,
            contacts.c.consent_refused_at >= table.c.made_at,
            contacts.c.consent_store_at.is_(None),
        )
    )


def _must_stay(table: Table) -> ColumnElement[bool]:
    critical = (cases.c.severity == "critical") & cases.c.closed_at.is_(None)
    return exists(
        select(cases.c.id).where(cases.c.subject_id == table.c.subject_id, critical | cases.c.legal_hold.is_(True))
    )
