"""What a human wrote, or what danger told, and did not arrive where she wrote: the same words by SMS, if she wished so.

Law: only to a number of hers that is linked, only if she said that SMS is where she would be written to, with consent;
never after she blocked us or said STOP, never to a phone that somebody else holds. Once for each row (a unique key). A
question is not carried over: its answer would come where nobody asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.keys import Keys, open_json, seal_json
from bot.store.tables import addresses, contacts, conversations, keys, messages, outbox

SMS = "sms"
LATE = timedelta(hours=24)  # after that the words are old
WISH = "channel"  # in the profile: where she would be written to (handlers/profile.set_channel)
NEVER = ("PersonBlocked", "blocked", "spend")  # she does not want it there: another way is not ours to choose
CHUNK = 100
_FAILED: Any = literal_column("'failed'")  # written out, for the index of these


async def stand_in(connection: AsyncConnection, secrets: Keys, now: datetime) -> int:
    """Put into the outbox what stands in for what failed; returns how many rows."""
    made = 0
    for row in await _failed(connection, now):
        try:
            key = secrets.keyring.unwrap(row.wrapped)
            profile = (
                open_json(key, row.profile_enc, where=f"contacts.profile_enc.{row.subject_id}")
                if row.profile_enc
                else {}
            )
            reply = open_json(key, row.reply_enc, where=f"outbox.reply_enc.{row.id}")
        except ValueError:
            continue
        asks = bool(reply.get("step") or reply.get("options"))
        if profile.get(WISH) == SMS and not asks:
            made += await _put(connection, row, key, reply, now)
    return made


async def _failed(connection: AsyncConnection, now: datetime) -> Sequence[Any]:
    other, theirs, stood = conversations.alias("other"), addresses.alias("theirs"), outbox.alias("stood")
    return (
        await connection.execute(
            select(
                outbox,
                contacts.c.profile_enc,
                keys.c.wrapped,
                other.c.id.label("other_id"),
                other.c.owner_epoch.label("other_epoch"),
            )
            .join(conversations, conversations.c.id == outbox.c.conversation_id)
            .join(addresses, addresses.c.id == conversations.c.address_id)
            .join(contacts, contacts.c.id == outbox.c.subject_id)
            .join(keys, keys.c.subject_id == outbox.c.subject_id)
            .join(other, other.c.subject_id == outbox.c.subject_id)
            .join(theirs, theirs.c.id == other.c.address_id)
            .where(
                outbox.c.kind == "reply",
                outbox.c.state == _FAILED,
                or_(outbox.c.reason.is_(None), outbox.c.reason.not_in(NEVER)),
                or_(outbox.c.urgent, outbox.c.origin == "human"),
                outbox.c.queued_at > now - LATE,
                addresses.c.channel != SMS,
                theirs.c.channel == SMS,
                other.c.blocked_at.is_(None),
                contacts.c.consent_contact_at.is_not(None),
                contacts.c.opted_out_at.is_(None),
                contacts.c.seized_at.is_(None),
                ~exists(select(stood.c.id).where(stood.c.stands_for == outbox.c.id)),
            )
            .order_by(outbox.c.seq)
            .limit(CHUNK)
        )
    ).all()


async def _put(connection: AsyncConnection, row: Any, key: bytes, reply: dict[str, Any], now: datetime) -> int:
    row_id = uuid7()
    new = await connection.execute(
        insert(outbox)
        .values(
            id=row_id,
            subject_id=row.subject_id,
            conversation_id=row.other_id,
            case_id=row.case_id,
            kind="reply",
            origin=row.origin,
            owner_epoch=row.other_epoch,
            reply_enc=seal_json(key, reply, where=f"outbox.reply_enc.{row_id}"),
            urgent=row.urgent,
            state="queued",
            queued_at=now,
            not_before=now,
            stands_for=row.id,
        )
        .on_conflict_do_nothing()
        .returning(outbox.c.id)
    )
    if new.first() is None:
        return 0
    await connection.execute(
        insert(messages).values(
            id=row_id,
            received_at=now,
            subject_id=row.subject_id,
            conversation_id=row.other_id,
            case_id=row.case_id,
            direction="out",
            author=row.origin,
            outbox_id=row_id,
            body_enc=seal_json(key, reply, where=f"messages.body_enc.{row_id}"),
            retention="person",
        )
    )
    return 1
