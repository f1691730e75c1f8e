"""A batch of turns: lock the subjects, load all that their turns may read, and write what the turns left behind.

Law: set-based; a fixed number of statements however many subjects there are, no ORM, no savepoint. Subjects are locked
in the order of their ids, so that batches never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import filing, search
from bot.store.bulk import insert_rows, update_rows
from bot.store.drawers import Drawers
from bot.store.keys import Keys, open_json, seal_json
from bot.store.rows import Case, Conversation, Person
from bot.store.tables import (
    addresses,
    case_events,
    case_people,
    cases,
    contacts,
    conversations,
    heard_lines,
    keys,
    media,
    messages,
    notices,
    outbox,
    subscriptions,
)

PERSON_FIELDS = (
    "language",
    "language_guess",
    "country",
    "timezone",
    "consent_store_at",
    "consent_contact_at",
    "consent_refused_at",
    "opted_out_at",
    "safe_from",
    "safe_until",
    "erase_at",
    "seized_at",
    "link_code_id",
)
CONVERSATION_FIELDS = (
    "owner",
    "owner_epoch",
    "owner_user_id",
    "last_inbound_at",
    "agreed_until",
    "blocked_at",
    "rang_at",
    "nudged_at",
    "reply_due_at",
    "late_at",
    "told_late_at",
    "earlier_user_id",
)
CASE_FIELDS = (
    "severity",
    "stage",
    "country",
    "answer_due_at",
    "answered_at",
    "closed_at",
    "linked_case_id",
    "organisation_id",
    "draft",
    "assigned_to",
    "outcome",
)
REFERENCE_DIGITS = 6
SECOND = "second"  # audience of a notice that calls supervisors alone (knowledge/targets.yml)
REOPENS = timedelta(days=90)  # so long a reply opens again what a human closed
STALE = timedelta(hours=1)  # a question or promise of the bot that was not sent for so long is not sent any more


@dataclass(slots=True)
class Subject:
    """All of one person that a turn may read, and what it leaves to be written."""

    id: UUID
    key: bytes
    person: Person
    conversations: dict[UUID, Conversation]
    cases: list[Case]  # open ones, newest first
    messages: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    requeue: set[UUID] = field(default_factory=set)  # conversations whose unsent rows get another look
    open_notices: set[tuple[UUID, str]] = field(default_factory=set)  # (conversation, audience) that nobody took yet
    closed: list[Case] = field(default_factory=list)  # those that were closed lately, the last one first
    media: list[dict[str, Any]] = field(default_factory=list)  # files to be fetched
    lines: list[dict[str, Any]] = field(default_factory=list)  # not understood, of nobody (bot/store/fallen.py)
    put_off: dict[UUID, datetime] = field(default_factory=dict)  # conversation -> when its open lines are due
    lowered: set[UUID] = field(default_factory=set)  # conversations whose open pages become lines of the list
    drawers: Drawers = field(default_factory=Drawers)  # records of the shelf that a turn looked at or added
    _before: tuple[Person, dict[UUID, Conversation], dict[UUID, Case]] | None = None

    def remember(self) -> None:
        """Note how things stand now, so that `save` writes only what changes from here on."""
        self._before = (
            deepcopy(self.person),
            {k: _copy_conversation(v) for k, v in self.conversations.items()},
            {c.id: _copy_case(c) for c in (*self.cases, *self.closed)},
        )

    def changed_person(self) -> bool:
        """Whether `person` differs from what was loaded."""
        return self._before is None or self._before[0] != self.person

    def changed_profile(self) -> bool:
        """Whether her profile differs: it is sealed anew only then."""
        return (self._before[0].profile if self._before else {}) != self.person.profile

    def has_just_consented(self) -> bool:
        """Whether this batch holds the person's first yes to keeping what she writes."""
        earlier = self._before[0].consent_store_at if self._before else None
        return earlier is None and self.person.consent_store_at is not None

    def changed_conversations(self) -> list[Conversation]:
        """Conversations that differ."""
        before = self._before[1] if self._before else {}
        return [c for c in self.conversations.values() if before.get(c.id) != c]

    def earlier_facts(self) -> dict[UUID, dict[str, Any]]:
        """The facts of her cases as they were loaded."""
        return {c.id: c.facts for c in self._before[2].values()} if self._before else {}

    def changed_cases(self) -> tuple[list[Case], list[Case]]:
        """(new ones, changed ones)."""
        before = self._before[2] if self._before else {}
        return (
            [c for c in self.cases if c.id not in before],
            [c for c in (*self.cases, *self.closed) if c.id in before and before[c.id] != c],
        )


def _copy_conversation(row: Conversation) -> Conversation:
    twin = copy(row)
    twin.session = dict(row.session)
    return twin


def _copy_case(row: Case) -> Case:
    twin = copy(row)
    twin.facts = dict(row.facts)
    return twin


# --- loading


async def lock(connection: AsyncConnection, subject_ids: Iterable[UUID], *, wait: bool = False) -> list[UUID]:
    """Lock these subjects in id order; those that somebody else holds are left out, unless `wait`."""
    rows = await connection.execute(
        select(contacts.c.id)
        .where(contacts.c.id == func.any(bindparam("ids", sorted(subject_ids), ARRAY(Uuid))))
        .order_by(contacts.c.id)
        .with_for_update(skip_locked=not wait, key_share=False)
    )
    return [row.id for row in rows]


async def load(connection: AsyncConnection, secrets: Keys, subject_ids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Read people, conversations and cases of locked subjects: open ones, and those that were closed lately."""
    ids = bindparam("ids", list(subject_ids), ARRAY(Uuid))
    people = (
        await connection.execute(
            select(
                contacts.c.id,
                contacts.c.simulated,
                contacts.c.profile_enc,
                *[contacts.c[f] for f in PERSON_FIELDS],
                keys.c.wrapped,
            )
            .join(keys, keys.c.subject_id == contacts.c.subject_id)
            .where(contacts.c.id == func.any(ids))
        )
    ).mappings()
    subjects = {}
    for row in people:
        key = secrets.keyring.unwrap(row["wrapped"])
        person = Person(row["id"], simulated=row["simulated"], **{f: row[f] for f in PERSON_FIELDS})
        if row["profile_enc"]:
            person.profile = open_json(key, row["profile_enc"], where=f"contacts.profile_enc.{person.id}")
        subjects[row["id"]] = Subject(row["id"], key, person, {}, [])
    await _load_conversations(connection, subjects, ids)
    await _load_cases(connection, subjects, ids)
    await _load_notices(connection, subjects, ids)
    for subject in subjects.values():
        subject.remember()
    return subjects


async def _load_conversations(
    connection: AsyncConnection, subjects: Mapping[UUID, Subject], ids: ColumnElement[Any]
) -> None:
    rows = await connection.execute(
        select(conversations, addresses.c.channel, addresses.c.account, addresses.c.country_hint)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .where(conversations.c.subject_id == func.any(ids))
    )
    for row in rows:
        subject = subjects[row.subject_id]
        sealed = row.session_enc
        session = open_json(subject.key, sealed, where=f"conversations.session_enc.{row.id}") if sealed else {}
        subject.conversations[row.id] = Conversation(
            row.id,
            row.channel,
            row.account,
            row.country_hint,
            **{name: getattr(row, name) for name in CONVERSATION_FIELDS},
            session=session,
        )


async def _load_notices(connection: AsyncConnection, subjects: Mapping[UUID, Subject], ids: ColumnElement[Any]) -> None:
    rows = await connection.execute(
        select(notices.c.subject_id, notices.c.conversation_id, notices.c.audience)
        .where(notices.c.subject_id == func.any(ids), notices.c.taken_at.is_(None))
        .distinct()
    )
    for row in rows:
        subjects[row.subject_id].open_notices.add((row.conversation_id, row.audience))


async def _load_cases(connection: AsyncConnection, subjects: Mapping[UUID, Subject], ids: ColumnElement[Any]) -> None:
    rows = await connection.execute(
        select(cases)
        .where(
            cases.c.subject_id == func.any(ids),
            or_(cases.c.closed_at.is_(None), cases.c.closed_at > func.now() - REOPENS),
        )
        .order_by(cases.c.closed_at.desc(), cases.c.opened_at.desc(), cases.c.id.desc())
    )
    for row in rows:
        subject = subjects[row.subject_id]
        among = subject.cases if row.closed_at is None else subject.closed
        facts = open_json(subject.key, row.facts_enc, where=f"cases.facts_enc.{row.id}") if row.facts_enc else {}
        among.append(
            Case(
                id=row.id,
                reference=row.reference,
                kind=row.kind,
                severity=row.severity,
                stage=row.stage,
                opened_at=row.opened_at,
                conversation_id=row.conversation_id,
                organisation_id=row.organisation_id,
                country=row.country,
                answer_due_at=row.answer_due_at,
                answered_at=row.answered_at,
                closed_at=row.closed_at,
                linked_case_id=row.linked_case_id,
                draft=row.draft,
                assigned_to=row.assigned_to,
                outcome=row.outcome,
                facts=facts,
            )
        )


async def unused_references(connection: AsyncConnection, candidates: Sequence[str]) -> list[str]:
    """Of the drawn references, those that no case has (two batches may still draw the same: then one is rerun)."""
    taken = await connection.execute(select(cases.c.reference).where(cases.c.reference.in_(candidates)))
    used = {row.reference for row in taken}
    return [c for c in dict.fromkeys(candidates) if c not in used]


# --- writing


async def save(connection: AsyncConnection, secrets: Keys, subjects: Iterable[Subject], now: datetime) -> None:
    """Write the difference for the whole batch."""
    today = now.date()
    batch = list(subjects)
    await update_rows(connection, contacts, [_person_values(s, today) for s in batch if s.changed_person()])
    await update_rows(connection, contacts, [_profile_values(s) for s in batch if s.changed_profile()])
    await update_rows(
        connection, conversations, [_conversation_values(s, c) for s in batch for c in s.changed_conversations()]
    )
    pairs = [(s, *s.changed_cases()) for s in batch]
    await insert_rows(
        connection, cases, [_case_values(s, c, new=True) for s, new, _ in pairs for c in reversed(new)]
    )  # a draft names an older one
    await insert_rows(connection, case_people, [_worker(s, c) for s, new, _ in pairs for c in new])
    await update_rows(connection, cases, [_case_values(s, c, new=False) for s, _, changed in pairs for c in changed])
    await search.replace(connection, [row for s in batch for row in _tokens(secrets, s)])
    await filing.save(connection, secrets, [(s.key, s.drawers) for s in batch])
    await insert_rows(connection, case_events, [row for s in batch for row in s.events])
    if lowered := [c for s in batch for c in s.lowered]:
        await _lower(connection, lowered, now)
    await insert_rows(connection, notices, [row for s in batch for row in s.notices])
    for subject in batch:
        for conversation_id, at in subject.put_off.items():
            await _put_off(connection, conversation_id, at)
    requeue = [c for s in batch for c in s.requeue]
    if requeue:  # before the new rows, so that what was held leaves first
        await _look_again(connection, requeue, now)
    await insert_rows(connection, outbox, [row for s in batch for row in s.outbox])
    await insert_rows(connection, messages, [row for s in batch for row in s.messages])
    await insert_rows(connection, media, [row for s in batch for row in s.media])
    await insert_rows(connection, heard_lines, [row for s in batch for row in s.lines])
    consented = [c for s in batch if s.has_just_consented() for c in s.conversations]
    if consented:  # what was kept for a day or three until she was asked is kept as she allowed
        await connection.execute(
            update(messages)
            .where(
                messages.c.conversation_id.in_(consented),
                messages.c.retention.in_(("browse", "danger_before_consent", "case")),
            )
            .values(retention="person")
        )


async def _look_again(connection: AsyncConnection, conversation_ids: Sequence[UUID], now: datetime) -> None:
    """The person has written: what a human said leaves now; what the bot said hours ago is not true any more."""
    unsent = and_(outbox.c.conversation_id.in_(conversation_ids), outbox.c.state.in_(("held", "queued")))
    told = outbox.c.broadcast_id.is_not(None)
    wants_it = exists(
        select(subscriptions.c.id).where(
            subscriptions.c.subject_id == outbox.c.subject_id, subscriptions.c.ended_at.is_(None)
        )
    )
    stale = and_(outbox.c.origin == "bot", outbox.c.queued_at < now - STALE, ~told)
    await connection.execute(
        update(outbox).where(unsent, or_(stale, and_(told, ~wants_it))).values(state="withdrawn", reason="stale")
    )
    await connection.execute(
        update(outbox)
        .where(unsent)
        # The doubt whether a row arrived already stays with it: it is what bounds how often it is sent. What a
        # broadcast has for her is an answer now, and stands in no lane.
        .values(
            state="queued",
            reason=case((outbox.c.state == "queued", outbox.c.reason)),
            not_before=now,
            broadcast_id=None,
        )
    )


async def _put_off(connection: AsyncConnection, conversation_id: UUID, at: datetime) -> None:
    """She chose to wait until then: nobody is called for it before. What rings, or is critical, is not put off."""
    await connection.execute(
        update(notices)
        .where(
            notices.c.conversation_id == conversation_id,
            notices.c.taken_at.is_(None),
            notices.c.audience == "queue",
            notices.c.severity != "critical",
            notices.c.due_at < at,
        )
        .values(due_at=at, called=0, called_at=None)
    )


async def _lower(connection: AsyncConnection, conversation_ids: Sequence[UUID], now: datetime) -> None:
    """She says that she is fine: what rings becomes a line of the list, and stays there until a human took it."""
    await connection.execute(
        update(notices)
        .where(
            notices.c.conversation_id.in_(conversation_ids), notices.c.taken_at.is_(None), notices.c.audience == "page"
        )
        .values(audience="queue", lowered_at=now, called=0, called_at=None)
    )


async def take_notices(connection: AsyncConnection, conversation_id: UUID, now: datetime, user_id: UUID | None) -> None:
    """Somebody deals with this conversation: its open notices are taken. Not those that call a second colleague
    (`disclosures.py`): who has the conversation is the first; nor those of who read it in an emergency, which only a
    look at that ends (`glass.py`)."""
    await connection.execute(
        update(notices)
        .where(
            notices.c.conversation_id == conversation_id,
            notices.c.taken_at.is_(None),
            notices.c.audience.not_in((SECOND, "glass")),
        )
        .values(taken_at=now, taken_by=user_id)
    )


async def add_notice(connection: AsyncConnection, row: dict[str, Any]) -> None:
    """One notice outside a batch."""
    await connection.execute(insert(notices).values(row))


def _person_values(subject: Subject, today: date) -> dict[str, Any]:
    person = subject.person
    return {"id": person.id, **{f: getattr(person, f) for f in PERSON_FIELDS}, "last_seen_on": today}


def _profile_values(subject: Subject) -> dict[str, Any]:
    person = subject.person
    sealed = seal_json(subject.key, person.profile, where=f"contacts.profile_enc.{person.id}")
    return {"id": person.id, "profile_enc": sealed if person.profile else None}


def _conversation_values(subject: Subject, row: Conversation) -> dict[str, Any]:
    sealed = seal_json(subject.key, row.session, where=f"conversations.session_enc.{row.id}")
    return {"id": row.id, **{f: getattr(row, f) for f in CONVERSATION_FIELDS}, "session_enc": sealed}


def _case_values(subject: Subject, row: Case, *, new: bool) -> dict[str, Any]:
    values = {
        "id": row.id,
        **{f: getattr(row, f) for f in CASE_FIELDS},
        "facts_enc": seal_json(subject.key, row.facts, where=f"cases.facts_enc.{row.id}"),
        "cleared_at": None,  # new facts may hold words again
        "care": row.care,
    }
    if new:
        values |= {
            "subject_id": subject.id,
            "reference": row.reference,
            "kind": row.kind,
            "conversation_id": row.conversation_id,
            "opened_at": row.opened_at,
        }
    return values


def _tokens(secrets: Keys, subject: Subject) -> Iterator[tuple[UUID, UUID, set[search.Token]]]:
    """Of the cases whose facts are found by other words than before: most turns have none."""
    before = subject.earlier_facts()
    for row in (*subject.cases, *subject.closed):
        now = search.of_facts(secrets, row.facts)
        if now != search.of_facts(secrets, before.get(row.id, {})):
            yield row.id, subject.id, now


def _worker(subject: Subject, row: Case) -> dict[str, Any]:
    return {"case_id": row.id, "contact_id": subject.id, "subject_id": subject.id, "role": "reporter"}
