"""What is said of a person to others: in an emergency without her consent, by two colleagues; or to a request.

Law: nobody is contacted from here. Each step is one statement that holds only in the state before it, under the lock
of the person, so that two who agree at once agree once, and never the one who proposed. What is said is sealed under
her key. Whoever is spoken of is told, when it is safe: a task that ends with the telling alone.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import raised, turns
from bot.store.events import record
from bot.store.homes import Home
from bot.store.keys import seal
from bot.store.notes import add_task
from bot.store.tables import disclosures, notices, tasks

NOTICE = "emergency_contact"


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
    await record(connection, home.subject_id, case_id, "contact_proposed", user_id, now, codes={"reason": reason})
    await _take(connection, home.subject_id, now, None)
    if rings:
        await raised.raise_notice(
            connection,
            NOTICE,
            "critical",
            subject_id=home.subject_id,
            conversation_id=home.conversation_id,
            now=now,
            audience=raised.SECOND,
            case_id=case_id,
            due_at=now,
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
    await record(connection, home.subject_id, case_id, "contact_agreed" if agrees else "contact_refused", user_id, now)
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
    await record(connection, home.subject_id, case_id, "contact_made", user_id, now)
    await to_tell(connection, home, case_id, which, user_id=user_id, task=task, now=now)
    return True


async def to_tell(
    connection: AsyncConnection, home: Home, case_id: UUID, which: UUID, *, user_id: UUID, task: str, now: datetime
) -> None:
    """The task to tell her, due from now on until it is done."""
    await add_task(connection, home, case_id, user_id, user_id, task, now, now, disclosure_id=which)


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
    await record(connection, home.subject_id, case_id, "contact_told", user_id, now)
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
    await record(
        connection, home.subject_id, case_id, "request_released", user_id, now, codes={"reason": reason or "consent"}
    )
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
        .where(notices.c.subject_id == subject_id, notices.c.audience == raised.SECOND, notices.c.taken_at.is_(None))
        .values(taken_at=now, taken_by=user_id)
    )
