"""The outbox: claiming what may be sent, and writing what became of it.

Law: only the oldest unsent row of a conversation is claimed; a claim is a lease with a fencing number, and a result is
written only by the holder of the newest number. Rate budgets advance in the claim: any number of senders share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_, open_json, seal
from bot.store.rows import Conversation, Person
from bot.store.tables import addresses, channel_accounts, contacts, conversations, keys, outbox
from bot.store.turns import PERSON_FIELDS

LEASE = timedelta(seconds=30)
PACE = {"telegram": timedelta(seconds=1), "whatsapp": timedelta(seconds=1), "sms": timedelta(seconds=1)}
# How far along each state is; a receipt never moves a row back (docs/channels.md, delivery states).
RANK = {"queued": 0, "sending": 1, "unknown": 2, "sent": 3, "failed": 4, "delivered": 5, "read": 6}


@dataclass(frozen=True, slots=True)
class Claim:
    """One row that this sender holds until `LEASE` runs out or its result is written."""

    id: UUID
    kind: str
    origin: str
    channel: str
    account: str
    address: str
    body: dict[str, Any]
    parts_done: int
    attempts: int
    fence: int
    epoch: int
    queued_at: datetime
    urgent: bool
    person: Person
    conversation: Conversation


def _earlier_unsent(now: datetime) -> Any:
    """A reply before this one that has still to leave, or is held no longer. An acknowledgement holds up nothing."""
    earlier = outbox.alias("earlier")
    return exists(
        select(earlier.c.id).where(
            earlier.c.conversation_id == outbox.c.conversation_id,
            earlier.c.kind == "reply",
            earlier.c.seq < outbox.c.seq,
            or_(
                earlier.c.state.in_(("queued", "sending")),
                and_(earlier.c.state == "held", earlier.c.not_before <= now),
            ),
        )
    )


async def claim(connection: AsyncConnection, secrets: Keys, now: datetime, limit: int) -> list[Claim]:
    """Lock, mark and read what may be sent now. Expired leases are claimed again, with a higher fence."""
    due = or_(
        and_(outbox.c.state.in_(("queued", "held")), outbox.c.not_before <= now),
        and_(outbox.c.state == "sending", outbox.c.lease_until < now),
    )
    ready = (
        select(outbox.c.id)
        .join(conversations, conversations.c.id == outbox.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .outerjoin(
            channel_accounts,
            and_(channel_accounts.c.channel == addresses.c.channel, channel_accounts.c.account == addresses.c.account),
        )
        .where(
            due,
            or_(outbox.c.kind == "ack", conversations.c.next_send_at.is_(None), conversations.c.next_send_at <= now),
            or_(channel_accounts.c.next_send_at.is_(None), channel_accounts.c.next_send_at <= now),
            or_(outbox.c.kind == "ack", ~_earlier_unsent(now)),
        )
        .order_by(outbox.c.urgent.desc(), outbox.c.seq)
        .limit(limit)
        # The conversations too, since `spend` writes them: what a turn holds is passed over, never waited for.
        .with_for_update(of=[outbox, conversations], skip_locked=True, key_share=True)
    )
    ids = [row.id for row in await connection.execute(ready)]
    if not ids:
        return []
    await connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(
            state="sending",
            lease_until=now + LEASE,
            fence=outbox.c.fence + 1,
            attempts=outbox.c.attempts + 1,
            reason=None,
        )
    )
    return await _read(connection, secrets, ids)


async def _read(connection: AsyncConnection, secrets: Keys, ids: Sequence[UUID]) -> list[Claim]:
    rows = await connection.execute(
        select(
            outbox,
            addresses.c.channel,
            addresses.c.account,
            addresses.c.id.label("address_id"),
            addresses.c.address_enc,
            addresses.c.country_hint,
            conversations.c.owner,
            conversations.c.owner_epoch.label("epoch_now"),
            conversations.c.last_inbound_at,
            conversations.c.agreed_until,
            conversations.c.blocked_at,
            contacts.c.simulated,
            *[contacts.c[f].label(f"person_{f}") for f in PERSON_FIELDS],
            keys.c.wrapped,
        )
        .join(conversations, conversations.c.id == outbox.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .join(contacts, contacts.c.id == outbox.c.subject_id)
        .join(keys, keys.c.subject_id == outbox.c.subject_id)
        .where(outbox.c.id.in_(ids))
        .order_by(outbox.c.seq)
    )
    return [_claim(secrets, row) for row in rows]


def _claim(secrets: Keys, row: Any) -> Claim:
    key = secrets.keyring.unwrap(row.wrapped)
    person = Person(
        id=row.subject_id,
        simulated=row.simulated,
        **{f: getattr(row, f"person_{f}") for f in PERSON_FIELDS},
    )
    conversation = Conversation(
        id=row.conversation_id,
        channel=row.channel,
        account=row.account,
        country_hint=row.country_hint,
        owner=row.owner,
        owner_epoch=row.epoch_now,
        last_inbound_at=row.last_inbound_at,
        agreed_until=row.agreed_until,
        blocked_at=row.blocked_at,
    )
    return Claim(
        id=row.id,
        kind=row.kind,
        origin=row.origin,
        channel=row.channel,
        account=row.account,
        address=open_(key, row.address_enc, where=f"addresses.address_enc.{row.address_id}").decode(),
        body=open_json(key, row.reply_enc, where=f"outbox.reply_enc.{row.id}"),
        parts_done=row.parts_done,
        attempts=row.attempts,
        fence=row.fence,
        epoch=row.owner_epoch,
        queued_at=row.queued_at,
        urgent=row.urgent,
        person=person,
        conversation=conversation,
    )


async def spend(connection: AsyncConnection, claims: Sequence[Claim], now: datetime) -> None:
    """Advance the budgets: the conversation's pace, and the account's rate."""
    paced = [c for c in claims if c.kind == "reply" and c.account != "simulator"]
    for channel in {c.channel for c in paced}:
        ids = [c.conversation.id for c in paced if c.channel == channel]
        await connection.execute(
            update(conversations).where(conversations.c.id.in_(ids)).values(next_send_at=now + PACE[channel])
        )
    for channel, account in sorted({(c.channel, c.account) for c in paced}):
        count = sum(1 for c in paced if (c.channel, c.account) == (channel, account))
        spent = func.make_interval(0, 0, 0, 0, 0, 0, count * 1.0 / channel_accounts.c.per_second)
        await connection.execute(
            update(channel_accounts)
            .where(channel_accounts.c.channel == channel, channel_accounts.c.account == account)
            .values(next_send_at=func.greatest(func.coalesce(channel_accounts.c.next_send_at, now), now) + spent)
        )


async def write(connection: AsyncConnection, claim_: Claim, **values: Any) -> bool:
    """Write the result of a claim; False when somebody else holds the row by now."""
    result = await connection.execute(
        update(outbox)
        .where(outbox.c.id == claim_.id, outbox.c.fence == claim_.fence, outbox.c.state == "sending")
        .values(**values)
        .returning(outbox.c.id)
    )
    return result.first() is not None


async def block(connection: AsyncConnection, conversation_id: UUID, now: datetime) -> None:
    """The person blocked us, or the address is dead: nothing more leaves until they write again."""
    await connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(blocked_at=now))
    await connection.execute(
        update(outbox)
        .where(outbox.c.conversation_id == conversation_id, outbox.c.state.in_(("queued", "held")))
        .values(state="withdrawn", reason="blocked")
    )


async def move(connection: AsyncConnection, secrets: Keys, claim_: Claim, address: str) -> bool:
    """The provider gave this conversation's address a new name (a Telegram chat that became another).

    False when somebody wrote from that name already: then it is a conversation of its own.
    """
    lookup = secrets.address(claim_.channel, address)
    taken = select(addresses.c.id).where(
        addresses.c.channel == claim_.channel, addresses.c.account == claim_.account, addresses.c.lookup == lookup
    )
    if (await connection.execute(taken)).first() is not None:
        return False
    row = (
        await connection.execute(
            select(addresses.c.id, keys.c.wrapped)
            .join(conversations, conversations.c.address_id == addresses.c.id)
            .join(keys, keys.c.subject_id == addresses.c.subject_id)
            .where(conversations.c.id == claim_.conversation.id)
        )
    ).one()
    sealed = seal(secrets.keyring.unwrap(row.wrapped), address.encode(), where=f"addresses.address_enc.{row.id}")
    await connection.execute(
        update(addresses).where(addresses.c.id == row.id).values(address_enc=sealed, lookup=lookup)
    )
    return True


async def advance(
    connection: AsyncConnection, *, provider_id: str, ref: UUID | None, status: str, reason: str | None
) -> bool:
    """Move a row forward by a receipt; False when no row is known by this id."""
    known = [outbox.c.provider_id == provider_id] if provider_id else []
    known += [outbox.c.id == ref] if ref else []
    if not known:
        return False
    mine = or_(*known)
    row = (await connection.execute(select(outbox.c.id, outbox.c.state).where(mine).with_for_update())).first()
    if row is None:
        return False
    if RANK.get(status, -1) > RANK.get(row.state, 99):
        await connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(state=status, reason=reason, provider_id=provider_id or outbox.c.provider_id, lease_until=None)
        )
    return True


async def unsent(connection: AsyncConnection, conversation_id: UUID) -> int:
    """How many rows of a conversation could still leave without anything else happening."""
    found = await connection.execute(
        select(func.count())
        .select_from(outbox)
        .where(outbox.c.conversation_id == conversation_id, outbox.c.state.in_(("queued", "sending")))
    )
    return int(found.scalar_one())
