"""Rows of files that people sent: claimed by a worker, written when they are there, swept with their messages.

Law: a claim is a lease; a file's key is sealed under its subject's, so that who is erased takes it along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import leases
from bot.store.database import Database
from bot.store.keys import Keys, open_, seal
from bot.store.leases import Leases
from bot.store.raised import raise_notice
from bot.store.tables import addresses, contacts, conversations, keys, media, messages, notices

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """One file to fetch. `key` is the subject's."""

    id: UUID
    subject_id: UUID
    conversation_id: UUID
    kind: str
    ref: str
    channel: str
    account: str
    language: str
    attempts: int
    received_at: datetime
    key: bytes


def row(key: bytes, values: dict[str, Any], *, ref: str, at: datetime) -> dict[str, Any]:
    """A new row, as `saving.save` writes it."""
    row_id = uuid7()
    sealed = seal(key, ref.encode(), where=f"media.ref_enc.{row_id}")
    return {"id": row_id, "ref_enc": sealed, "state": "waiting", "next_at": at, "received_at": at, **values}


def held(database: Database) -> Leases:
    """The files that a worker is fetching."""
    return Leases(database, media, media.c.attempts, media.c.lease_until.is_not(None))


async def claim(connection: AsyncConnection, secrets: Keys, now: datetime, *, take_over: bool = True) -> list[Waiting]:
    """The next files to fetch, voice first, leased. One that cannot be opened ends by itself."""
    free = media.c.lease_until.is_(None)
    found = (
        await connection.execute(
            select(
                media,
                addresses.c.channel,
                addresses.c.account,
                contacts.c.language,
                contacts.c.language_guess,
                keys.c.wrapped,
            )
            .join(conversations, conversations.c.id == media.c.conversation_id)
            .join(addresses, addresses.c.id == conversations.c.address_id)
            .join(contacts, contacts.c.id == media.c.subject_id)
            .join(keys, keys.c.subject_id == media.c.subject_id)
            .where(
                media.c.state == "waiting",
                media.c.next_at <= now,
                or_(free, leases.over(media.c.lease_until)) if take_over else free,
            )
            .order_by((media.c.kind == "audio").desc(), media.c.next_at)
            .limit(AT_ONCE)
            .with_for_update(of=media, skip_locked=True)
        )
    ).all()
    claimed = []
    for one in found:
        try:
            key = secrets.keyring.unwrap(one.wrapped)
            ref = open_(key, one.ref_enc, where=f"media.ref_enc.{one.id}").decode()
        except ValueError:
            await connection.execute(
                update(media).where(media.c.id == one.id).values(state="gone", reason="unreadable")
            )
            continue
        language = one.language or one.language_guess or "en"
        claimed.append(
            Waiting(
                one.id,
                one.subject_id,
                one.conversation_id,
                one.kind,
                ref,
                one.channel,
                one.account,
                language,
                one.attempts + 1,
                one.received_at,
                key,
            )
        )
    if claimed:
        await connection.execute(
            update(media)
            .where(media.c.id.in_([c.id for c in claimed]))
            .values(lease_until=leases.until(), attempts=media.c.attempts + 1)
        )
    return claimed


async def write(connection: AsyncConnection, one: Waiting, **values: Any) -> bool:
    """The result of a claim; False when the row is gone or another worker has it by now."""
    result = await connection.execute(
        update(media)
        .where(media.c.id == one.id, media.c.attempts == one.attempts, media.c.state == "waiting")
        .values(lease_until=None, **values)
    )
    return bool(result.rowcount)


async def tell(connection: AsyncConnection, one: Waiting, kind: str, now: datetime) -> None:
    """A human must know that something she sent is not there."""
    await _raise(connection, one, "queue", kind, "high" if one.kind == "audio" else "medium", now)


async def heard(connection: AsyncConnection, one: Waiting, how: str, sealed: bytes) -> bool:
    """What a machine made of a voice; False when the file is gone by now."""
    result = await connection.execute(
        update(media)
        .where(media.c.id == one.id, media.c.state == "stored")
        .values(transcript=how, transcript_enc=sealed)
    )
    return bool(result.rowcount)


async def wake(connection: AsyncConnection, one: Waiting, kind: str, now: datetime) -> None:
    """Danger was heard in a voice: somebody is called, unless a page of this conversation is open already."""
    here = (
        notices.c.conversation_id == one.conversation_id,
        notices.c.audience == "page",
        notices.c.taken_by.is_(None),
    )
    if (await connection.execute(select(notices.c.id).where(*here).limit(1))).first() is None:
        await _raise(connection, one, "page", kind, "critical", now)


async def _raise(
    connection: AsyncConnection, one: Waiting, audience: str, kind: str, severity: str, now: datetime
) -> None:
    await raise_notice(
        connection,
        kind,
        severity,
        subject_id=one.subject_id,
        conversation_id=one.conversation_id,
        now=now,
        audience=audience,
    )


async def opened(connection: AsyncConnection, secrets: Keys, media_id: UUID) -> tuple[str, str, bytes, UUID] | None:
    """(name, type, file key, subject) of a stored file, for whoever may see it; None when there is none."""
    one = (
        await connection.execute(
            select(media, keys.c.wrapped)
            .join(keys, keys.c.subject_id == media.c.subject_id)
            .where(media.c.id == media_id, media.c.state == "stored")
        )
    ).first()
    if one is None:
        return None
    key = open_(secrets.keyring.unwrap(one.wrapped), one.key_enc, where=f"media.key_enc.{one.id}")
    return one.name, one.content_type, key, one.subject_id


async def again(connection: AsyncConnection, media_id: UUID, now: datetime) -> bool:
    """A human wants a file fetched once more, now; not one that is here, nor one that would harm. False for those."""
    done = await connection.execute(
        update(media)
        .where(
            media.c.id == media_id,
            media.c.state != "stored",
            media.c.reason.is_distinct_from("infected"),
            or_(media.c.lease_until.is_(None), leases.over(media.c.lease_until)),
        )
        .values(state="waiting", next_at=now, lease_until=None)
    )
    return bool(done.rowcount)


async def without_message(connection: AsyncConnection, limit: int) -> int:
    """Delete rows whose message is gone; the files follow with the next sweep."""
    day = timedelta(days=1)  # both are of one moment; a day more, so that nothing depends on it
    theirs = (  # looked up file by file in the month that it must lie in: else all of the history would be read
        select(func.count())
        .where(
            messages.c.id == media.c.message_id,
            messages.c.received_at > media.c.received_at - day,
            messages.c.received_at < media.c.received_at + day,
        )
        .scalar_subquery()
    )
    gone = select(media.c.id).where(theirs == 0)
    result = await connection.execute(delete(media).where(media.c.id.in_(gone.limit(limit).scalar_subquery())))
    return int(result.rowcount)


async def names(connection: AsyncConnection) -> set[str]:
    """Names of all files that a row knows."""
    rows: Sequence[Any] = (await connection.execute(select(media.c.name).where(media.c.name.is_not(None)))).all()
    return {one.name for one in rows}
