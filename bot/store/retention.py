"""What is deleted when: texts of people who only browse, what stood around a letter of the box, danger texts without
consent, handled inbox rows, what the shelf needs no more.

Law: deletes by class and age only (DESIGN §4); cases under legal hold are never touched here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import search, volunteers, withdrawn
from bot.store.bulk import update_rows
from bot.store.database import Database
from bot.store.keys import Keys, open_json, seal_json
from bot.store.tables import (
    box_letters,
    broadcast_recipients,
    broadcasts,
    cases,
    certificate_links,
    code_tries,
    contacts,
    conversations,
    family_codes,
    heard_lines,
    inbox,
    intake_drafts,
    keys,
    line_labels,
    link_codes,
    messages,
    outbox,
    reminders,
    search_copies,
    search_requests,
)

BROWSE = timedelta(hours=24)
DANGER_BEFORE_CONSENT = timedelta(hours=72)
CASE_CLOSED = timedelta(days=30)  # what a human was to read, after its case is closed, without consent
HANDLED = timedelta(hours=24)  # an inbox payload, once its turn is committed: the history has it
QUARANTINED = timedelta(days=30)  # for the operator to look at
TRIES = timedelta(days=2)  # longer than any limit on typed codes looks back
REMINDED = timedelta(days=30)  # a reminder that was said or called off
OVERDUE = timedelta(days=14)  # a reminder for which no fitting moment came is called off: it would only puzzle
TYPED = timedelta(days=7)  # what a colleague began to type up and made no case of
TIP = "tip"
CODES = frozenset({"age", "also", "child", "code", "code_id", "linked_to", "parent_away"})  # facts that are no words
VOLUNTEER_ENDED = timedelta(days=90)  # name and number of who was a volunteer
SEARCH_ENDED = timedelta(days=30)  # what volunteers were asked, and that they were
ENDED = timedelta(days=365)  # a family code with its uses after its end, an answered letter of the box after it came
BROADCAST_ENDED = timedelta(days=30)  # who was told what; the counts stay with the broadcast
LINES = timedelta(days=90)  # what nobody understood, and its label: exported by then, or not worth it
CHUNK = 1000  # rows per statement, so that no lock is long
_ON_ITS_WAY = ("queued", "sending", "lane")
# She was told by a template that there is something to read, and may write days later.
_WAITS_FOR_HER = and_(outbox.c.state == "held", outbox.c.broadcast_id.is_not(None))


async def purge(database: Database, secrets: Keys, now: datetime) -> dict[str, int]:
    """Delete one chunk of everything that is due; returns how many rows of each class, call again while any."""
    counts = {}
    async with database.begin() as connection:
        people = await withdrawn.refusing(connection, CHUNK)
        due = await _old_texts(connection, now, people)
        ids = list(due)
        replies = [outbox_id for outbox_id in due.values() if outbox_id]
        if ids:
            await connection.execute(delete(messages).where(messages.c.id.in_(ids)))
        if replies:
            await connection.execute(
                delete(outbox).where(outbox.c.id.in_(replies), outbox.c.state.not_in(_ON_ITS_WAY), ~_WAITS_FOR_HER)
            )
        counts["messages"] = len(ids)
        counts["sessions"] = await _idle_sessions(connection, now)
        counts["facts"] = await _facts_without_consent(connection, secrets, now)
        counts["withdrawn"] = await withdrawn.purge(connection, people, CHUNK)
        if not counts["messages"] and not counts["withdrawn"]:
            await withdrawn.carried_out(connection, people, now)
        for name, (table, outdated) in _outdated(now).items():
            counts[name] = await _delete(connection, table, outdated)
        counts["overdue"] = await _call_off(connection, now)
        counts["volunteers"] = await volunteers.purge(connection, now - VOLUNTEER_ENDED, CHUNK)
    return counts


async def _old_texts(
    connection: AsyncConnection, now: datetime, people: Mapping[UUID, datetime]
) -> dict[UUID, UUID | None]:
    """One chunk of the texts that go, each with its row of the outbox. One question for each reason, so that each is
    answered by an index: asked together, all of the history would be read."""
    held = exists(select(cases.c.id).where(cases.c.id == messages.c.case_id, cases.c.legal_hold.is_(True)))
    at, kind = messages.c.received_at, messages.c.retention
    texts = select(messages.c.id, messages.c.outbox_id).where(~held)
    queries = [
        texts.where(kind.in_(("box", "browse")), at < now - BROWSE),
        texts.where(kind == "danger_before_consent", at < now - DANGER_BEFORE_CONSENT),
        texts.where(kind == "case", at < now - BROWSE, ~_is_needed(now)),
    ]
    if people:
        no = withdrawn.noes(people)  # a later no deletes at once what was kept without consent, or with one taken back
        theirs = texts.join(no, and_(no.c.id == messages.c.subject_id, no.c.at >= at))
        queries += [
            theirs.where(kind.in_(("browse", "danger_before_consent"))),
            theirs.where(kind.in_(("person", "case")), ~_critical()),
        ]
    found: dict[UUID, UUID | None] = {}
    for query in queries:
        if len(found) < CHUNK:
            rows = await connection.execute(query.limit(CHUNK - len(found)))
            found |= {row.id: row.outbox_id for row in rows}
    return found


def _outdated(now: datetime) -> dict[str, tuple[Table, ColumnElement[bool]]]:
    """What goes by its age alone."""
    handled = and_(inbox.c.state == "done", inbox.c.done_at < now - HANDLED)
    spoilt = and_(inbox.c.state == "quarantined", inbox.c.received_at < now - QUARANTINED)
    acks = and_(
        outbox.c.kind.in_(("ack", "template", "wipe")),
        outbox.c.queued_at < now - HANDLED,
        outbox.c.state.not_in(("sending", "lane")),
    )
    said = and_(reminders.c.state == "done", reminders.c.due_at < now - REMINDED)
    called_off = and_(reminders.c.state == "cancelled", reminders.c.made_at < now - REMINDED)
    ended = or_(family_codes.c.revoked_at < now - ENDED, family_codes.c.expires_at < now - ENDED)
    answered = and_(box_letters.c.state.in_(("answered", "closed")), box_letters.c.received_at < now - ENDED)
    over = select(broadcasts.c.id).where(broadcasts.c.ended_at < now - BROADCAST_ENDED)
    told = broadcast_recipients.c.broadcast_id.in_(over)
    return {
        "family_codes": (family_codes, ended),  # the uses go with their code
        "box_letters": (box_letters, answered),
        "inbox": (inbox, or_(handled, spoilt)),
        "acks": (outbox, acks),
        "code_tries": (code_tries, code_tries.c.tried_at < now - TRIES),
        "certificate_links": (certificate_links, certificate_links.c.expires_at < now),
        "link_codes": (link_codes, link_codes.c.expires_at < now),
        "intake_drafts": (intake_drafts, intake_drafts.c.changed_at < now - TYPED),
        "reminders": (reminders, or_(said, called_off)),
        "broadcast_recipients": (broadcast_recipients, told),
        "broadcast_rows": (outbox, outbox.c.broadcast_id.in_(over)),
        "heard_lines": (heard_lines, heard_lines.c.day < (now - LINES).date()),
        "line_labels": (line_labels, line_labels.c.labelled_at < now - LINES),
        "search_copies": (search_copies, search_copies.c.over_at < now - SEARCH_ENDED),
        "searches": (search_requests, search_requests.c.ended_at < now - SEARCH_ENDED),
    }


async def _delete(connection: AsyncConnection, table: Table, outdated: ColumnElement[bool]) -> int:
    due = select(table.c.id).where(outdated).limit(CHUNK).scalar_subquery()
    return int((await connection.execute(delete(table).where(table.c.id.in_(due)))).rowcount)


async def _call_off(connection: AsyncConnection, now: datetime) -> int:
    overdue = (
        select(reminders.c.id)
        .where(reminders.c.state == "waiting", reminders.c.due_at < now - OVERDUE)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    gone = update(reminders).where(reminders.c.id.in_(overdue)).values(state="cancelled")
    return int((await connection.execute(gone)).rowcount)


def _critical() -> ColumnElement[bool]:
    """A life may hang on what was written: a human decides first."""
    return exists(
        select(cases.c.id).where(
            cases.c.subject_id == messages.c.subject_id, cases.c.severity == "critical", cases.c.closed_at.is_(None)
        )
    )


def _is_needed(now: datetime) -> ColumnElement[bool]:
    """A human reads it, or has read it lately: its case (any of hers, for a text of none) is open or was closed a
    short while ago, or the conversation waits for a human."""
    own = or_(
        cases.c.id == messages.c.case_id,
        and_(messages.c.case_id.is_(None), cases.c.subject_id == messages.c.subject_id),
    )
    stands = select(cases.c.id).where(own, or_(cases.c.closed_at.is_(None), cases.c.closed_at > now - CASE_CLOSED))
    human = select(conversations.c.id).where(
        conversations.c.id == messages.c.conversation_id, conversations.c.owner.in_(("waiting", "human"))
    )
    return or_(exists(stands), exists(human))


async def _facts_without_consent(connection: AsyncConnection, secrets: Keys, now: datetime) -> int:
    """What she told in danger goes with the texts, when she was never asked or said no; the case itself stays, and so
    do the codes by which the bot goes on rightly: that she is a child, that she thinks of ending her life. An open tip
    speaks of others and waits for whoever looks."""
    rows = await connection.execute(
        select(cases.c.id, cases.c.facts_enc, keys.c.wrapped)
        .join(contacts, contacts.c.id == cases.c.subject_id)
        .join(keys, keys.c.subject_id == cases.c.subject_id)
        .where(
            cases.c.facts_enc.is_not(None),
            cases.c.cleared_at.is_(None),
            cases.c.legal_hold.is_(False),
            or_(cases.c.kind != TIP, cases.c.closed_at.is_not(None)),
            contacts.c.consent_store_at.is_(None),
            or_(cases.c.opened_at < now - DANGER_BEFORE_CONSENT, contacts.c.consent_refused_at >= cases.c.opened_at),
        )
        .limit(CHUNK)
        .with_for_update(of=cases, skip_locked=True)
    )
    cleared = [
        {"id": row.id, "facts_enc": _codes_alone(secrets, row.id, row.wrapped, row.facts_enc), "cleared_at": now}
        for row in rows
    ]
    await update_rows(connection, cases, cleared)
    if cleared:  # a name that is gone finds nothing any more
        await search.forget(connection, [row["id"] for row in cleared])
    return len(cleared)


def _codes_alone(secrets: Keys, case_id: UUID, wrapped: bytes, sealed: bytes) -> bytes | None:
    """The facts without her words; nothing for what holds no code, or cannot be opened."""
    where = f"cases.facts_enc.{case_id}"
    try:
        key = secrets.keyring.unwrap(wrapped)
        kept = {name: value for name, value in open_json(key, sealed, where=where).items() if name in CODES}
    except ValueError:
        return None
    return seal_json(key, kept, where=where) if kept else None


async def _idle_sessions(connection: AsyncConnection, now: datetime) -> int:
    """A session holds answers too: without consent it goes when the texts go, after a day, with danger after three."""
    danger = exists(
        select(messages.c.id).where(
            messages.c.conversation_id == conversations.c.id, messages.c.retention == "danger_before_consent"
        )
    )
    idle = (
        update(conversations)
        .where(
            conversations.c.session_enc.is_not(None),
            or_(
                conversations.c.last_inbound_at < now - DANGER_BEFORE_CONSENT,
                and_(conversations.c.last_inbound_at < now - BROWSE, ~danger),
            ),
            exists(
                select(contacts.c.id).where(
                    contacts.c.id == conversations.c.subject_id, contacts.c.consent_store_at.is_(None)
                )
            ),
        )
        .values(session_enc=None)
    )
    return int((await connection.execute(idle)).rowcount)
