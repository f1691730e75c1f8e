"""Claiming what may be sent, opening it, and writing what became of it.

Law: only the oldest unsent row of a conversation is claimed; a claim is a lease with a fencing number, and a result is
written only by the holder of the newest number. Rate budgets advance in the claim: any number of senders share them.
A row that cannot be opened ends by itself, and holds up nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, exists, literal_column, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.observe import logs
from bot.store import accounts
from bot.store import outbox as rows_of
from bot.store.keys import Keys, open_, open_json
from bot.store.rows import Conversation, Person
from bot.store.tables import addresses, channel_accounts, contacts, conversations, keys, outbox
from bot.store.turns import PERSON_FIELDS

log = logs.get(__name__)
LEASE = timedelta(seconds=30)
PACE = {"telegram": timedelta(seconds=1), "whatsapp": timedelta(seconds=1), "sms": timedelta(seconds=1)}
# Written out, not bound: the planner uses an index of some states only when it can read them in the statement.
_SENDING: Any = literal_column("'sending'")
_UNSENT: Any = (literal_column("'queued'"), literal_column("'held'"))


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
    doubtful: bool  # an earlier try may have arrived
    provider_id: str | None  # told by a receipt: the provider has the first part
    person: Person
    conversation: Conversation
    broadcast_id: UUID | None = None

    def waits(self, state: str) -> str:
        """The state in which it waits for its next look: what is told to many waits in the lane."""
        return "lane" if self.broadcast_id is not None and state in ("queued", "held") else state

    @property
    def important(self) -> bool:
        """Danger, or the words of a human: tried longer, and a page if it does not arrive."""
        return self.kind == "reply" and (self.urgent or self.origin == "human")


def _held_up(now: datetime) -> Any:
    """A reply before this one has still to leave, or is held no longer. An acknowledgement and a broadcast hold up
    nothing; what waits for its next try, or is held for later, never holds up danger."""
    earlier = outbox.alias("earlier")
    due = earlier.c.not_before <= now
    return exists(
        select(earlier.c.id).where(
            earlier.c.conversation_id == outbox.c.conversation_id,
            earlier.c.kind == "reply",
            earlier.c.broadcast_id.is_(None),
            earlier.c.seq < outbox.c.seq,
            or_(
                earlier.c.state == _SENDING,
                and_(earlier.c.state == _UNSENT[0], or_(due, ~outbox.c.urgent)),
                and_(earlier.c.state == _UNSENT[1], due),
            ),
        )
    )


def ready(now: datetime, channels: Sequence[str], limit: int) -> Any:
    """The statement that finds and locks what may be sent now, danger first."""
    due = or_(
        and_(outbox.c.state.in_(_UNSENT), outbox.c.not_before <= now),
        and_(outbox.c.state == _SENDING, outbox.c.lease_until < now),
    )
    return (
        select(
            outbox.c.id,
            outbox.c.state,
            outbox.c.reason,
            outbox.c.parts_done,
            outbox.c.provider_id,
            outbox.c.kind,
            outbox.c.urgent,
            outbox.c.origin,
            addresses.c.channel,
            addresses.c.account,
        )
        .join(conversations, conversations.c.id == outbox.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .outerjoin(
            channel_accounts,
            and_(channel_accounts.c.channel == addresses.c.channel, channel_accounts.c.account == addresses.c.account),
        )
        .where(
            due,
            outbox.c.broadcast_id.is_(None),
            addresses.c.channel.in_(channels),
            or_(outbox.c.kind == "ack", conversations.c.next_send_at.is_(None), conversations.c.next_send_at <= now),
            or_(channel_accounts.c.next_send_at.is_(None), channel_accounts.c.next_send_at <= now),
            or_(outbox.c.kind == "ack", ~_held_up(now)),
        )
        .order_by(outbox.c.urgent.desc(), outbox.c.seq)
        .limit(limit)
        # The conversations too, since `spend` writes them: what a turn holds is passed over, never waited for.
        .with_for_update(of=[outbox, conversations], skip_locked=True, key_share=True)
    )


async def claim(
    connection: AsyncConnection,
    secrets: Keys,
    now: datetime,
    limit: int,
    room: Mapping[str, int],
    most: Mapping[str, int] | None = None,
) -> list[Claim]:
    """Lock, mark and read what may be sent now. `room`: how many more each channel can take.

    An expired lease is claimed once more, with a higher fence; the second time its outcome stays unknown.
    """
    open_channels = [channel for channel, free in room.items() if free > 0]
    found = list(await connection.execute(ready(now, open_channels, limit)))
    given_up = [
        row.id
        for row in found
        if row.state == "sending" and row.reason == "unknown" and not (row.provider_id and row.parts_done == 0)
    ]
    await rows_of.change(connection, given_up, now, state="unknown", reason="lease", lease_until=None)
    found = [row for row in found if row.id not in given_up]
    found = await _within_the_day(connection, found, now, most or {})
    left = await accounts.budgets(connection, {(row.channel, row.account) for row in found}, now)
    return await take(connection, secrets, found, now, room, left)


async def take(
    connection: AsyncConnection,
    secrets: Keys,
    found: Sequence[Any],
    now: datetime,
    room: Mapping[str, int],
    left: dict[tuple[str, str], int],
) -> list[Claim]:
    """Mark and read as many of these locked rows as there is room for. `left`: by account, those that have a budget."""
    free, ids = Counter(room), []
    for row in found:
        place = (row.channel, row.account)
        if free[row.channel] > 0 and left.get(place, 1) > 0:
            free[row.channel] -= 1
            if place in left:
                left[place] -= 1
            ids.append(row.id)
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
            reason=case((or_(outbox.c.state == "sending", outbox.c.reason == "unknown"), "unknown"), else_=null()),
        )
    )
    return await _read(connection, secrets, ids, now)


async def _within_the_day(
    connection: AsyncConnection, found: Sequence[Any], now: datetime, most: Mapping[str, int]
) -> list[Any]:
    """The spend breaker: what the bot says by itself beyond the day's number waits for tomorrow; danger, a human's
    words and the line that confirms STOP always leave."""
    ordinary = [row for row in found if row.kind == "reply" and not row.urgent and row.origin == "bot"]
    over = await accounts.spent(connection, {(row.channel, row.account) for row in ordinary}, now, most)
    waits = [row for row in ordinary if (row.channel, row.account) in over]
    if waits:
        tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        ids = [row.id for row in waits]
        await rows_of.change(connection, ids, now, state="held", reason="spend", not_before=tomorrow, lease_until=None)
        for channel, _ in sorted({(row.channel, row.account) for row in waits}):
            log.error("spend_limit_reached", channel=channel, rows=len(waits))
    gone = {row.id for row in waits}
    return [row for row in found if row.id not in gone]


async def _read(connection: AsyncConnection, secrets: Keys, ids: Sequence[UUID], now: datetime) -> list[Claim]:
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
            conversations.c.rang_at,
            conversations.c.nudged_at,
            contacts.c.simulated,
            *[contacts.c[f].label(f"person_{f}") for f in PERSON_FIELDS],
            keys.c.wrapped,
        )
        .join(conversations, conversations.c.id == outbox.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .outerjoin(contacts, contacts.c.id == outbox.c.subject_id)
        .outerjoin(keys, keys.c.subject_id == outbox.c.subject_id)
        .where(outbox.c.id.in_(ids))
        .order_by(outbox.c.seq)
    )
    claims, erased, spoilt = [], [], []
    for row in rows:
        if row.wrapped is None or row.simulated is None:
            erased.append(row.id)  # her key is gone: nobody can read it any more, and nobody should
            continue
        try:
            claims.append(_claim(secrets, row))
        except ValueError:
            spoilt.append(row.id)
    await rows_of.change(connection, erased, now, state="withdrawn", reason="erased", lease_until=None)
    await rows_of.spoilt(connection, spoilt, now)
    return claims


def _claim(secrets: Keys, row: Any) -> Claim:
    """Opens the row. ValueError when its key, address or content is not what was sealed."""
    key = secrets.keyring.unwrap(row.wrapped)
    bare = row.kind in {"template", "wipe"}  # no words of anybody
    body = {} if bare else open_json(key, row.reply_enc, where=f"outbox.reply_enc.{row.id}")
    if not isinstance(body, dict) or (row.kind == "ack" and not isinstance(body.get("ack"), str)):
        raise ValueError("no reply")
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
        rang_at=row.rang_at,
        nudged_at=row.nudged_at,
    )
    return Claim(
        id=row.id,
        kind=row.kind,
        origin=row.origin,
        channel=row.channel,
        account=row.account,
        address=open_(key, row.address_enc, where=f"addresses.address_enc.{row.address_id}").decode(),
        body=body,
        parts_done=row.parts_done,
        attempts=row.attempts,
        fence=row.fence,
        epoch=row.owner_epoch,
        queued_at=row.queued_at,
        urgent=row.urgent,
        doubtful=row.reason == "unknown",
        provider_id=row.provider_id,
        person=person,
        conversation=conversation,
        broadcast_id=row.broadcast_id,
    )


async def spend(connection: AsyncConnection, claims: Sequence[Claim], now: datetime) -> None:
    """Advance the budgets: the conversation's pace, and the account's rate."""
    paced = [c for c in claims if c.account != accounts.UNLIMITED]
    for channel in {c.channel for c in paced}:
        ids = [c.conversation.id for c in paced if c.channel == channel and c.kind in {"reply", "template"}]
        await connection.execute(
            update(conversations).where(conversations.c.id.in_(ids)).values(next_send_at=now + PACE[channel])
        )
    direct = [c for c in paced if c.kind == "reply" and c.broadcast_id is None]
    ordinary = Counter((c.channel, c.account) for c in direct if c.origin == "bot" and not c.urgent)
    await accounts.count(connection, ordinary, now)
    await accounts.spend(connection, Counter((c.channel, c.account) for c in direct), now)
    lane = Counter((c.channel, c.account) for c in paced if c.broadcast_id is not None)
    if lane:
        await accounts.count(connection, lane, now, lane=True)
        await accounts.spend_lane(connection, lane, now)


async def write(connection: AsyncConnection, claim_: Claim, now: datetime, **values: Any) -> bool:
    """Write the result of a claim; False when somebody else holds the row by now. What ends badly leaves its page."""
    mine = await connection.execute(
        select(outbox.c.id)
        .where(outbox.c.id == claim_.id, outbox.c.fence == claim_.fence, outbox.c.state == "sending")
        .with_for_update(key_share=True)
    )
    if mine.first() is None:
        return False
    await rows_of.change(connection, [claim_.id], now, **values)
    return True
