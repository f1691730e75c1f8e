"""What is said of a person to others: in an emergency without her consent, by two colleagues; or to a request.

Law: nobody is contacted from here. Each step is one statement that holds only in the state before it, under the lock
of the person, so that two who agree at once agree once, and never the one who proposed. What is said is sealed under
her key. Whoever is spoken of is told, when it is safe: a task that ends with the telling alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import turns
from bot.store.inbox import Home
from bot.store.keys import Keys, open_, seal
from bot.store.tables import case_events, disclosures, keys, notices, tasks, users

NOTICE = "emergency_contact"


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


async def propose(
    connection: AsyncConnection,
    home: Home,
    case_id: UUID,
    *,
    user_id: UUID,
    reason: str,
    whom: str,
    words: str,
    now: datetime,
    lasts: timedelta,
    rings: bool,
) -> UUID | None:
    """One colleague wants to ask help without her consent; None while another proposal waits, or when she is gone.
    `rings`: supervisors are called (there is a conversation that a notice can name)."""
    if not await _locked(connection, home.subject_id):
        return None
    waits = select(disclosures.c.id).where(
        disclosures.c.case_id == case_id, disclosures.c.state == "proposed", disclosures.c.expires_at > now
    )
    if (await connection.execute(waits)).first() is not None:
        return None
    new = uuid7()
    await connection.execute(
        insert(disclosures).values(
            id=new,
            subject_id=home.subject_id,
            case_id=case_id,
            kind="emergency",
            reason=reason,
            state="proposed",
            whom_enc=_sealed(home.key, whom, "whom_enc", new),
            words_enc=_sealed(home.key, words, "words_enc", new),
            proposed_by=user_id,
            proposed_at=now,
            expires_at=now + lasts,
        )
    )
    await _record(connection, home.subject_id, case_id, "contact_proposed", user_id, now, reason=reason)
    await _take(connection, home.subject_id, now, None)
    if rings:
        await turns.add_notice(
            connection,
            {
                "id": uuid7(),
                "subject_id": home.subject_id,
                "conversation_id": home.conversation_id,
                "case_id": case_id,
                "audience": turns.SECOND,
                "kind": NOTICE,
                "severity": "critical",
                "raised_at": now,
                "due_at": now,
            },
        )
    return new


async def decide(
    connection: AsyncConnection,
    home: Home,
    case_id: UUID,
    which: UUID,
    *,
    user_id: UUID,
    agrees: bool,
    now: datetime,
) -> bool:
    """The second colleague agrees or refuses. False for the one who proposed, for what lapsed or was decided."""
    if not await _locked(connection, home.subject_id):
        return False
    done = await connection.execute(
        update(disclosures)
        .where(
            *_row(which, case_id),
            disclosures.c.kind == "emergency",
            disclosures.c.state == "proposed",
            disclosures.c.expires_at > now,
            disclosures.c.proposed_by.is_distinct_from(user_id),
        )
        .values(state="agreed" if agrees else "refused", decided_by=user_id, decided_at=now)
    )
    if not done.rowcount:
        return False
    await _record(connection, home.subject_id, case_id, "contact_agreed" if agrees else "contact_refused", user_id, now)
    await _take(connection, home.subject_id, now, user_id)
    return True


async def record_made(
    connection: AsyncConnection,
    home: Home,
    case_id: UUID,
    which: UUID,
    *,
    user_id: UUID,
    made: str,
    at: datetime,
    now: datetime,
    task: str,
) -> bool:
    """Who was contacted, and when (`at`); from now on somebody has to tell her (`task`: the words of the task)."""
    if not await _locked(connection, home.subject_id):
        return False
    done = await connection.execute(
        update(disclosures)
        .where(*_row(which, case_id), disclosures.c.kind == "emergency", disclosures.c.state == "agreed")
        .values(state="made", made_by=user_id, made_at=at, made_enc=_sealed(home.key, made, "made_enc", which))
    )
    if not done.rowcount:
        return False
    await _record(connection, home.subject_id, case_id, "contact_made", user_id, now)
    await to_tell(connection, home, case_id, which, user_id=user_id, task=task, now=now)
    return True


async def to_tell(
    connection: AsyncConnection, home: Home, case_id: UUID, which: UUID, *, user_id: UUID, task: str, now: datetime
) -> None:
    """The task to tell her, due from now on until it is done."""
    new = uuid7()
    await connection.execute(
        insert(tasks).values(
            id=new,
            subject_id=home.subject_id,
            case_id=case_id,
            text_enc=seal(home.key, task.encode(), where=f"tasks.text_enc.{new}"),
            due_at=now,
            assigned_to=user_id,
            made_by=user_id,
            made_at=now,
            disclosure_id=which,
        )
    )


async def record_told(
    connection: AsyncConnection,
    home: Home,
    case_id: UUID,
    which: UUID,
    *,
    user_id: UUID,
    how: str,
    told: str,
    now: datetime,
) -> bool:
    """She knows now: how she was told, and what she said. The task ends with it."""
    if not await _locked(connection, home.subject_id):
        return False
    done = await connection.execute(
        update(disclosures)
        .where(*_row(which, case_id), disclosures.c.state == "made", disclosures.c.told_at.is_(None))
        .values(
            told_by=user_id,
            told_at=now,
            told_how=how,
            told_enc=_sealed(home.key, told, "told_enc", which) if told else None,
        )
    )
    if not done.rowcount:
        return False
    await connection.execute(update(tasks).where(tasks.c.disclosure_id == which).values(done_at=now))
    await _record(connection, home.subject_id, case_id, "contact_told", user_id, now)
    return True


async def ask(
    connection: AsyncConnection, subject_id: UUID, case_id: UUID, request_id: UUID, user_id: UUID, now: datetime
) -> None:
    """A request is about this case."""
    if not await _locked(connection, subject_id):
        return
    await connection.execute(
        insert(disclosures).values(
            id=uuid7(),
            subject_id=subject_id,
            case_id=case_id,
            kind="request",
            request_id=request_id,
            state="asked",
            proposed_by=user_id,
            proposed_at=now,
        )
    )


async def release(
    connection: AsyncConnection,
    home: Home,
    case_id: UUID,
    which: UUID,
    *,
    user_id: UUID,
    words: str,
    consent: tuple[str, date] | None,
    reason: str | None,
    task: str,
    now: datetime,
) -> bool:
    """What was said to a request: with her consent (how and when she gave it), or with a supervisor's reason; then she
    has to be told."""
    if (consent is None) == (reason is None) or not await _locked(connection, home.subject_id):
        return False
    done = await connection.execute(
        update(disclosures)
        .where(*_row(which, case_id), disclosures.c.kind == "request", disclosures.c.state == "asked")
        .values(
            state="made",
            reason=reason,
            words_enc=_sealed(home.key, words, "words_enc", which),
            consent_how=consent[0] if consent else None,
            consent_on=consent[1] if consent else None,
            decided_by=user_id,
            decided_at=now,
            made_by=user_id,
            made_at=now,
        )
    )
    if not done.rowcount:
        return False
    await _record(connection, home.subject_id, case_id, "request_released", user_id, now, reason=reason or "consent")
    if reason is not None:
        await to_tell(connection, home, case_id, which, user_id=user_id, task=task, now=now)
    return True


async def refuse_all(connection: AsyncConnection, request_id: UUID, user_id: UUID, now: datetime) -> None:
    """A request was answered with no."""
    await connection.execute(
        update(disclosures)
        .where(disclosures.c.request_id == request_id, disclosures.c.state == "asked")
        .values(state="refused", decided_by=user_id, decided_at=now)
    )


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


async def _locked(connection: AsyncConnection, subject_id: UUID) -> bool:
    """Whether she is there, held: not erased, nor joined with another one."""
    return subject_id in await turns.lock(connection, [subject_id], wait=True)


def _row(which: UUID, case_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return disclosures.c.id == which, disclosures.c.case_id == case_id


def _sealed(key: bytes, words: str, column: str, row_id: UUID) -> bytes:
    return seal(key, words.encode(), where=f"disclosures.{column}.{row_id}")


async def _take(connection: AsyncConnection, subject_id: UUID, now: datetime, user_id: UUID | None) -> None:
    """Nobody is called for it any more."""
    await connection.execute(
        update(notices)
        .where(notices.c.subject_id == subject_id, notices.c.audience == turns.SECOND, notices.c.taken_at.is_(None))
        .values(taken_at=now, taken_by=user_id)
    )


async def _record(
    connection: AsyncConnection, subject_id: UUID, case_id: UUID, kind: str, user_id: UUID, now: datetime, **codes: Any
) -> None:
    await connection.execute(
        insert(case_events).values(
            id=uuid7(),
            subject_id=subject_id,
            case_id=case_id,
            kind=kind,
            actor="staff",
            user_id=user_id,
            codes=codes,
            happened_at=now,
        )
    )
