"""What is deleted when: texts of people who only browse, danger texts without consent, handled inbox rows.

Law: deletes by class and age only (DESIGN §4); cases under legal hold are never touched here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.tables import cases, contacts, conversations, inbox, messages, outbox

BROWSE = timedelta(hours=24)
DANGER_BEFORE_CONSENT = timedelta(hours=72)
HANDLED = timedelta(hours=24)  # an inbox payload, once its turn is committed: the history has it
QUARANTINED = timedelta(days=30)  # for the operator to look at
CHUNK = 1000  # rows per statement, so that no lock is long


async def purge(database: Database, now: datetime) -> dict[str, int]:
    """Delete one chunk of everything that is due; returns how many rows of each class, call again while any."""
    held = exists(select(cases.c.id).where(cases.c.id == messages.c.case_id, cases.c.legal_hold.is_(True)))
    old = or_(
        and_(messages.c.retention == "browse", or_(messages.c.received_at < now - BROWSE, _refused())),
        and_(
            messages.c.retention == "danger_before_consent",
            or_(messages.c.received_at < now - DANGER_BEFORE_CONSENT, _refused()),
        ),
    )
    due = select(messages.c.id, messages.c.outbox_id).where(old, ~held).limit(CHUNK)
    counts = {}
    async with database.begin() as connection:
        rows = (await connection.execute(due)).all()
        ids = [row.id for row in rows]
        replies = [row.outbox_id for row in rows if row.outbox_id]
        if ids:
            await connection.execute(delete(messages).where(messages.c.id.in_(ids)))
        if replies:
            await connection.execute(
                delete(outbox).where(outbox.c.id.in_(replies), outbox.c.state.not_in(("queued", "sending")))
            )
        counts["messages"] = len(ids)
        handled = (
            select(inbox.c.id)
            .where(
                or_(
                    and_(inbox.c.state == "done", inbox.c.done_at < now - HANDLED),
                    and_(inbox.c.state == "quarantined", inbox.c.received_at < now - QUARANTINED),
                )
            )
            .limit(CHUNK)
            .scalar_subquery()
        )
        counts["inbox"] = (await connection.execute(delete(inbox).where(inbox.c.id.in_(handled)))).rowcount
        counts["sessions"] = await _idle_sessions(connection, now)
        counts["facts"] = await _facts_without_consent(connection, now)
        acks = (
            select(outbox.c.id)
            .where(outbox.c.kind == "ack", outbox.c.queued_at < now - HANDLED, outbox.c.state != "sending")
            .limit(CHUNK)
            .scalar_subquery()
        )
        counts["acks"] = (await connection.execute(delete(outbox).where(outbox.c.id.in_(acks)))).rowcount
    return counts


def _refused() -> ColumnElement[bool]:
    """A later no to consent deletes at once what was kept without one."""
    return exists(
        select(contacts.c.id).where(
            contacts.c.id == messages.c.subject_id,
            contacts.c.consent_refused_at >= messages.c.received_at,
            contacts.c.consent_store_at.is_(None),
        )
    )


async def _facts_without_consent(connection: AsyncConnection, now: datetime) -> int:
    """What she told in danger goes with the texts, when she was never asked or said no; the case itself stays."""
    due = (
        select(cases.c.id)
        .join(contacts, contacts.c.id == cases.c.subject_id)
        .where(
            cases.c.facts_enc.is_not(None),
            cases.c.legal_hold.is_(False),
            contacts.c.consent_store_at.is_(None),
            or_(cases.c.opened_at < now - DANGER_BEFORE_CONSENT, contacts.c.consent_refused_at >= cases.c.opened_at),
        )
        .limit(CHUNK)
        .scalar_subquery()
    )
    return int((await connection.execute(update(cases).where(cases.c.id.in_(due)).values(facts_enc=None))).rowcount)


async def _idle_sessions(connection: AsyncConnection, now: datetime) -> int:
    """A session holds answers too: without consent it goes when the texts go."""
    idle = (
        update(conversations)
        .where(
            conversations.c.session_enc.is_not(None),
            conversations.c.last_inbound_at < now - DANGER_BEFORE_CONSENT,
            exists(
                select(contacts.c.id).where(
                    contacts.c.id == conversations.c.subject_id, contacts.c.consent_store_at.is_(None)
                )
            ),
        )
        .values(session_enc=None)
    )
    return int((await connection.execute(idle)).rowcount)
