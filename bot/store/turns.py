"""People of a batch of turns: locked in the order of their ids, and all read that their turns may look at.

Law: set-based; a fixed number of statements however many people there are, no ORM, no savepoint; each statement is made
once, and those that read go together. Locked in the order of their ids, so that batches never wait for each other in a
circle. `saving.py` writes what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Uuid, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_json
from bot.store.rows import Case, Conversation, Person
from bot.store.subject import Subject
from bot.store.tables import addresses, cases, contacts, conversations, keys, notices
from bot.store.together import Bound, Rows, Statement, ask, many

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
REOPENS = timedelta(days=90)  # so long a reply opens again what a human closed

_IDS = many("ids", Uuid)
_LOCK = select(contacts.c.id).where(contacts.c.id == func.any(_IDS)).order_by(contacts.c.id)
_LOCK_FREE, _LOCK_ALL = (
    Statement(_LOCK.with_for_update(skip_locked=skips, key_share=False)) for skips in (True, False)
)
_PEOPLE = Statement(
    select(
        contacts.c.id,
        keys.c.wrapped,
        contacts.c.profile_enc,
        contacts.c.simulated,
        *(contacts.c[f] for f in PERSON_FIELDS),
    )
    .join(keys, keys.c.subject_id == contacts.c.subject_id)
    .where(contacts.c.id == func.any(_IDS))
)
_CONVERSATIONS = Statement(
    select(
        conversations.c.subject_id,
        conversations.c.session_enc,
        conversations.c.id,
        addresses.c.channel,
        addresses.c.account,
        addresses.c.country_hint,
        *(conversations.c[f] for f in CONVERSATION_FIELDS),
    )
    .join(addresses, addresses.c.id == conversations.c.address_id)
    .where(conversations.c.subject_id == func.any(_IDS))
)
_CASES = Statement(
    select(
        cases.c.subject_id,
        cases.c.facts_enc,
        cases.c.id,
        cases.c.reference,
        cases.c.kind,
        cases.c.conversation_id,
        cases.c.opened_at,
        *(cases.c[f] for f in CASE_FIELDS),
    )
    .where(
        cases.c.subject_id == func.any(_IDS),
        or_(cases.c.closed_at.is_(None), cases.c.closed_at > func.now() - REOPENS),
    )
    .order_by(cases.c.closed_at.desc(), cases.c.opened_at.desc(), cases.c.id.desc())
)
_NOTICES = Statement(
    select(notices.c.subject_id, notices.c.conversation_id, notices.c.audience)
    .where(notices.c.subject_id == func.any(_IDS), notices.c.taken_at.is_(None))
    .distinct()
)


async def lock(connection: AsyncConnection, subject_ids: Iterable[UUID], *, wait: bool = False) -> list[UUID]:
    """Lock these subjects in id order; those that somebody else holds are left out, unless `wait`."""
    (rows,) = await ask(connection, (_LOCK_ALL if wait else _LOCK_FREE)(ids=sorted(subject_ids)))
    return [row.id for row in rows]


async def load(connection: AsyncConnection, secrets: Keys, subject_ids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Read people, conversations and cases of locked subjects: open ones, and those that were closed lately."""
    return read(secrets, await ask(connection, *questions(subject_ids)))


def questions(subject_ids: Sequence[UUID]) -> list[Bound]:
    """What `read` reads the answers of."""
    return [statement(ids=subject_ids) for statement in (_PEOPLE, _CONVERSATIONS, _CASES, _NOTICES)]


def read(secrets: Keys, answers: Sequence[Rows]) -> dict[UUID, Subject]:
    """The people of whom these rows are."""
    people, talks, opened, open_notices = answers
    subjects = {}
    for person_id, wrapped, profile, simulated, *values in people:
        key = secrets.keyring.unwrap(wrapped)
        person = Person(person_id, simulated=simulated, **dict(zip(PERSON_FIELDS, values, strict=True)))
        if profile:
            person.profile = open_json(key, profile, where=f"contacts.profile_enc.{person_id}")
        subjects[person_id] = Subject(person_id, key, person, {}, [])
    _read_conversations(subjects, talks)
    _read_cases(subjects, opened)
    for subject_id, conversation_id, audience in open_notices:
        subjects[subject_id].open_notices.add((conversation_id, audience))
    for subject in subjects.values():
        subject.remember()
    return subjects


def _read_conversations(subjects: Mapping[UUID, Subject], rows: Rows) -> None:
    for subject_id, sealed, conversation_id, channel, account, hint, *values in rows:
        subject = subjects[subject_id]
        where = f"conversations.session_enc.{conversation_id}"
        subject.conversations[conversation_id] = Conversation(
            conversation_id,
            channel,
            account,
            hint,
            **dict(zip(CONVERSATION_FIELDS, values, strict=True)),
            session=open_json(subject.key, sealed, where=where) if sealed else {},
        )


def _read_cases(subjects: Mapping[UUID, Subject], rows: Rows) -> None:
    for subject_id, sealed, case_id, reference, kind, conversation_id, opened_at, *values in rows:
        subject = subjects[subject_id]
        case = Case(
            id=case_id,
            reference=reference,
            kind=kind,
            conversation_id=conversation_id,
            opened_at=opened_at,
            **dict(zip(CASE_FIELDS, values, strict=True)),
            facts=open_json(subject.key, sealed, where=f"cases.facts_enc.{case_id}") if sealed else {},
        )
        (subject.cases if case.closed_at is None else subject.closed).append(case)
