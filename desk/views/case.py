"""One case, or one conversation of which no case was made: what stands around the messages.

Law: who may see it was decided at the door; here it is read, by ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import notes, turns
from bot.store.homes import Home
from bot.store.keys import Keys, open_, open_json
from bot.store.notes import Happened, Task
from bot.store.rows import Conversation, Person
from bot.store.tables import (
    addresses,
    case_events,
    cases,
    contacts,
    conversations,
    keys,
    messages,
    outbox,
    tasks,
    users,
)
from desk.views import evidence
from desk.views.queue import masked
from desk.views.scope import Place, Scope
from desk.views.talk import LINES


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the top. `where` is what an act is done to; None for a case without a conversation."""

    place: Place
    where: Home | None
    key: bytes
    kind: str
    severity: str
    stage: str
    opened_at: datetime | None
    due: datetime | None
    closed_at: datetime | None
    outcome: str | None
    facts: dict[str, Any]
    owner: str
    owner_user_id: UUID | None
    keeper: str | None
    channel: str | None
    number: str
    country: str | None
    language: str | None
    last_inbound_at: datetime | None
    simulated: bool


async def head(connection: AsyncConnection, secrets: Keys, place: Place) -> Head:
    """The top of a page."""
    row = (
        await connection.execute(
            select(
                cases.c.id.label("case_id"),
                cases.c.kind,
                cases.c.severity,
                cases.c.stage,
                cases.c.opened_at,
                cases.c.answer_due_at,
                cases.c.answered_at,
                cases.c.closed_at,
                cases.c.outcome,
                cases.c.facts_enc,
                conversations.c.owner,
                conversations.c.owner_user_id,
                conversations.c.last_inbound_at,
                users.c.name.label("keeper"),
                addresses.c.id.label("address_id"),
                addresses.c.channel,
                addresses.c.address_enc,
                func.coalesce(cases.c.country, contacts.c.country, addresses.c.country_hint).label("country"),
                func.coalesce(contacts.c.language, contacts.c.language_guess).label("language"),
                contacts.c.simulated,
                keys.c.wrapped,
            )
            .select_from(
                contacts.join(keys, keys.c.subject_id == contacts.c.id)
                .outerjoin(cases, cases.c.id == place.case_id)
                .outerjoin(conversations, conversations.c.id == place.conversation_id)
                .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
                .outerjoin(users, users.c.id == func.coalesce(conversations.c.owner_user_id, cases.c.assigned_to))
            )
            .where(contacts.c.id == place.subject_id)
        )
    ).one()
    key = secrets.keyring.unwrap(row.wrapped)
    sealed, number = row.facts_enc, ""
    if row.address_enc is not None:
        address = open_(key, row.address_enc, where=f"addresses.address_enc.{row.address_id}").decode()
        number = masked(row.channel, address)
    return Head(
        place=place,
        where=Home(place.subject_id, place.conversation_id, key) if place.conversation_id else None,
        key=key,
        kind=row.kind or "talk_to_human",
        severity=row.severity or "medium",
        stage=row.stage or "",
        opened_at=row.opened_at,
        due=row.answer_due_at if row.answered_at is None and row.closed_at is None else None,
        closed_at=row.closed_at,
        outcome=row.outcome,
        facts=open_json(key, sealed, where=f"cases.facts_enc.{row.case_id}") if sealed else {},
        owner=row.owner or "human",
        owner_user_id=row.owner_user_id,
        keeper=row.keeper,
        channel=row.channel,
        number=number,
        country=row.country,
        language=row.language,
        last_inbound_at=row.last_inbound_at,
        simulated=row.simulated,
    )


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside the conversation: who she is, what happened, what is to be done, her other cases."""

    person: Person
    conversation: Conversation | None
    happened: Sequence[Happened]
    tasks: Sequence[Task]
    others: Sequence[tuple[str, str, str, datetime | None]]  # reference, kind, severity, closed_at: those to be found


async def around(connection: AsyncConnection, secrets: Keys, shown: Head, scope: Scope) -> Around:
    """Read for a page. Her other cases are those that the reader may find."""
    place = shown.place
    subject = (await turns.load(connection, secrets, [place.subject_id]))[place.subject_id]
    home = Home(place.subject_id, place.conversation_id or place.subject_id, subject.key)
    rows = await connection.execute(
        select(cases.c.reference, cases.c.kind, cases.c.severity, cases.c.closed_at)
        .select_from(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id))
        .where(cases.c.subject_id == place.subject_id, cases.c.id.is_distinct_from(place.case_id), scope.where("find"))
        .order_by(cases.c.opened_at.desc())
    )
    return Around(
        person=subject.person,
        conversation=subject.conversations.get(place.conversation_id) if place.conversation_id else None,
        happened=await notes.timeline(connection, home, place.case_id) if place.case_id else (),
        tasks=await notes.tasks_of(connection, home, place.case_id) if place.case_id else (),
        others=[(row.reference, row.kind, row.severity, row.closed_at) for row in rows],
    )


async def number(connection: AsyncConnection, secrets: Keys, place: Place) -> str:
    """The whole number or address of a conversation: only after a reason was given."""
    row = (
        await connection.execute(
            select(addresses.c.id, addresses.c.address_enc, keys.c.wrapped)
            .join(conversations, conversations.c.address_id == addresses.c.id)
            .join(keys, keys.c.subject_id == conversations.c.subject_id)
            .where(conversations.c.id == place.conversation_id)
        )
    ).first()
    if row is None:
        return ""
    key = secrets.keyring.unwrap(row.wrapped)
    return open_(key, row.address_enc, where=f"addresses.address_enc.{row.id}").decode()


async def colleagues(
    connection: AsyncConnection, organisation_id: UUID, roles: Collection[str]
) -> list[tuple[UUID, str]]:
    """Id and name of those to whom a case can be given: active, of the same organisation, of these roles."""
    rows = await connection.execute(
        select(users.c.id, users.c.name)
        .where(users.c.organisation_id == organisation_id, users.c.active, users.c.role.in_(sorted(roles)))
        .order_by(users.c.name, users.c.id)
    )
    return [(row.id, row.name) for row in rows]


async def fingerprint(connection: AsyncConnection, place: Place) -> str:
    """Changes with the newest messages, their delivery, the owner and what happened in the case."""
    said = (
        await connection.execute(
            select(messages.c.id, outbox.c.state, outbox.c.reason)
            .outerjoin(outbox, outbox.c.id == messages.c.outbox_id)
            .where(messages.c.conversation_id == place.conversation_id, messages.c.retention != "box")
            .order_by(messages.c.received_at.desc(), messages.c.id.desc())
            .limit(LINES)
        )
    ).all()
    happened = (
        select(func.count().label("events"), func.max(case_events.c.happened_at).label("last_event"))
        .where(case_events.c.case_id == place.case_id)
        .subquery("happened")
    )
    to_do = (
        select(func.count().label("tasks"), func.count(tasks.c.done_at).label("done"))
        .where(tasks.c.case_id == place.case_id)
        .subquery("to_do")
    )
    here = conversations.c.id == place.conversation_id
    around = happened.join(to_do, true()).outerjoin(conversations, here).outerjoin(cases, cases.c.id == place.case_id)
    stands = (
        await connection.execute(
            select(
                happened,
                to_do,
                conversations.c.owner,
                conversations.c.owner_epoch,
                cases.c.severity,
                cases.c.stage,
                cases.c.assigned_to,
                cases.c.closed_at,
            ).select_from(around)
        )
    ).one()
    sent_to_us = await evidence.fingerprint(connection, place)
    seen = repr(([tuple(r) for r in said], tuple(stands), sent_to_us))
    return hashlib.sha256(seen.encode()).hexdigest()[:16]
