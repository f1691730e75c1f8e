"""Writes what the turns of a batch left: the difference of each person, and the new rows.

Law: set-based; a fixed number of statements however many people there are, no ORM, no savepoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Uuid, and_, bindparam, case, func, or_, update
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import filing, raised, search
from bot.store.bulk import insert_rows, update_rows
from bot.store.keys import Keys, seal_json
from bot.store.rows import Case, Conversation
from bot.store.subject import Subject
from bot.store.tables import (
    case_events,
    case_people,
    cases,
    contacts,
    conversations,
    heard_lines,
    media,
    messages,
    notices,
    outbox,
)
from bot.store.together import Statement, many, tell
from bot.store.turns import CASE_FIELDS, CONVERSATION_FIELDS, PERSON_FIELDS

STALE = timedelta(hours=1)  # a question or promise of the bot that was not sent for so long is not sent any more
_IDS = many("ids", Uuid)
_NOW, _SINCE = (bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "since"))
_TOLD = outbox.c.broadcast_id.is_not(None)
_STALE = and_(outbox.c.origin == "bot", outbox.c.queued_at < _SINCE)
# What was told to many goes into the lane, for the window is open now: there it stands before no answer, and leaves
# after all that is asked there: it runs, she wants it, silence, no human, no grave case.
_LOOK_AGAIN = Statement(
    update(outbox)
    .where(
        outbox.c.conversation_id == func.any(_IDS),
        or_(
            and_(~_TOLD, outbox.c.state == func.any(array(["held", "queued"]))),
            and_(_TOLD, outbox.c.state == func.any(array(["held", "lane"])), outbox.c.reason == "window"),
        ),
    )
    .values(
        state=case((_TOLD, "lane"), (_STALE, "withdrawn"), else_="queued"),
        # The doubt whether a row arrived already stays with it: it is what bounds how often it is sent.
        reason=case((_TOLD, None), (_STALE, "stale"), (outbox.c.state == "queued", outbox.c.reason)),
        not_before=case((and_(~_TOLD, _STALE), outbox.c.not_before), else_=_NOW),
    )
)
_KEEP_AS_ALLOWED = Statement(
    update(messages)
    .where(
        messages.c.conversation_id == func.any(_IDS),
        messages.c.retention == func.any(array(["browse", "danger_before_consent", "case"])),
    )
    .values(retention="person")
)


async def save(connection: AsyncConnection, secrets: Keys, subjects: Iterable[Subject], now: datetime) -> None:
    """Write the difference for the whole batch."""
    batch = list(subjects)
    await _people(connection, batch, now.date())
    await _cases(connection, secrets, batch)
    await filing.save(connection, secrets, [(s.key, s.drawers) for s in batch])
    await insert_rows(connection, case_events, [row for s in batch for row in s.events])
    await _notices(connection, batch, now)
    if requeue := [c for s in batch for c in s.requeue]:  # before the new rows, so that what was held leaves first
        # The person has written: what a human said leaves now; what the bot said hours ago is not true any more.
        await tell(connection, _LOOK_AGAIN(ids=requeue, now=now, since=now - STALE))
    await insert_rows(connection, outbox, [row for s in batch for row in s.outbox])
    await insert_rows(connection, messages, [row for s in batch for row in s.messages])
    await insert_rows(connection, media, [row for s in batch for row in s.media])
    await insert_rows(connection, heard_lines, [row for s in batch for row in s.lines])
    if consented := [c for s in batch if s.has_just_consented() for c in s.conversations]:
        # What was kept for a day or three until she was asked is kept as she allowed.
        await tell(connection, _KEEP_AS_ALLOWED(ids=consented))


async def _people(connection: AsyncConnection, batch: Sequence[Subject], today: date) -> None:
    await update_rows(connection, contacts, [_person_values(s, today) for s in batch if s.changed_person()])
    await update_rows(connection, contacts, [_profile_values(s) for s in batch if s.changed_profile()])
    changed = [_conversation_values(s, c) for s in batch for c in s.changed_conversations()]
    await update_rows(connection, conversations, changed)


async def _cases(connection: AsyncConnection, secrets: Keys, batch: Sequence[Subject]) -> None:
    pairs = [(s, *s.changed_cases()) for s in batch]
    # The older one first: a draft names it.
    new_rows = [_case_values(s, c, new=True) for s, new, _ in pairs for c in reversed(new)]
    await insert_rows(connection, cases, new_rows)
    await insert_rows(connection, case_people, [_worker(s, c) for s, new, _ in pairs for c in new])
    await update_rows(connection, cases, [_case_values(s, c, new=False) for s, _, changed in pairs for c in changed])
    await search.replace(connection, [row for s in batch for row in _tokens(secrets, s)])


async def _notices(connection: AsyncConnection, batch: Sequence[Subject], now: datetime) -> None:
    if lowered := [c for s in batch for c in s.lowered]:
        await raised.lower(connection, lowered, now)
    await insert_rows(connection, notices, [row for s in batch for row in s.notices])
    for subject in batch:
        for conversation_id, at in subject.put_off.items():
            await raised.put_off(connection, conversation_id, at)


# --- rows


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
        earlier = before.get(row.id, {})
        if row.facts != earlier and (now := search.of_facts(secrets, row.facts)) != search.of_facts(secrets, earlier):
            yield row.id, subject.id, now


def _worker(subject: Subject, row: Case) -> dict[str, Any]:
    return {"case_id": row.id, "contact_id": subject.id, "subject_id": subject.id, "role": "reporter"}
