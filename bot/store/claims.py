"""Claiming what may be sent, opening it, and writing what became of it.

Law: only the oldest unsent row of a conversation is claimed; a claim is a lease with a fencing number, and a result is
written only by the holder of the newest number (`leases.py`). Rate budgets advance in the claim: any number of senders
share them. A row that cannot be opened ends by itself, and holds up nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, SmallInteger, Text, Uuid, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.observe import logs
from bot.store import accounts, lanes
from bot.store import outbox as rows_of
from bot.store.database import Database
from bot.store.keys import Keys, open_, open_json
from bot.store.leases import Leases
from bot.store.ready import READY, READY_BUT_LEASES, SENDING, TAKEN
from bot.store.rows import Conversation, Person
from bot.store.tables import conversations, outbox
from bot.store.together import Statement, ask, many, tell, unwaited
from bot.store.turns import PERSON_FIELDS

log = logs.get(__name__)
PACE = {"telegram": timedelta(seconds=1), "whatsapp": timedelta(seconds=1), "sms": timedelta(seconds=1)}


@dataclass(frozen=True, slots=True)
class Claim:
    """One row that this sender holds until its result is written, or its lease runs out."""

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
    person: Person
    conversation: Conversation
    broadcast_id: UUID | None = None

    def waits(self, state: str) -> str:
        """The state in which it waits for its next look: what is told to many waits in the lane."""
        return rows_of.waits(state, told=self.broadcast_id is not None)

    @property
    def important(self) -> bool:
        """Danger, or the words of a human: tried longer, and a page if it does not arrive."""
        return self.kind == "reply" and (self.urgent or self.origin == "human")


def held(database: Database) -> Leases:
    """What a sender holds."""
    return Leases(database, outbox, outbox.c.fence, outbox.c.state == SENDING)


_PACED = Statement(
    update(conversations)
    .where(conversations.c.id == func.any(many("ids", Uuid)))
    .values(next_send_at=bindparam("due", type_=DateTime(timezone=True)))
)


async def claim(
    connection: AsyncConnection,
    secrets: Keys,
    now: datetime,
    limit: int,
    room: Mapping[str, int],
    most: Mapping[str, int] | None = None,
    *,
    take_over: bool = True,
) -> list[Claim]:
    """Lock, mark and read what may be sent now. `room`: how many more each channel can take.

    An expired lease is claimed once more, with a higher fence; the second time its outcome stays unknown. A receipt
    that told of the first part settles what was in doubt: the next part begins without any.
    """
    open_channels = [channel for channel, free in room.items() if free > 0]
    ready = READY if take_over else READY_BUT_LEASES
    (found,) = await ask(connection, ready(now=now, channels=open_channels, most=limit))
    given_up = [
        row.id
        for row in found
        if row.state == "sending" and row.reason == "unknown" and not (row.provider_id and row.parts_done == 0)
    ]
    await rows_of.change(connection, given_up, now, state="unknown", reason="lease", lease_until=None)
    found = [row for row in found if row.id not in given_up]
    rounds = await accounts.rounds(connection, {(row.channel, row.account) for row in found}, now, most or {})
    found = await _within_the_day(connection, found, now, {place for place, round_ in rounds.items() if round_.over})
    return await take(connection, secrets, found, now, room, {place: round_.left for place, round_ in rounds.items()})


async def take(
    connection: AsyncConnection,
    secrets: Keys,
    found: Sequence[Any],
    now: datetime,
    room: Mapping[str, int],
    left: dict[accounts.Place, int],
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
    return await _read(connection, secrets, ids, now) if ids else []


async def _within_the_day(
    connection: AsyncConnection, found: Sequence[Any], now: datetime, over: Collection[accounts.Place]
) -> list[Any]:
    """The spend breaker: what the bot says by itself beyond the day's number waits for tomorrow; danger, a human's
    words and the line that confirms STOP always leave."""
    ordinary = [row for row in found if row.kind == "reply" and not row.urgent and row.origin == "bot"]
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
    claims, erased, spoilt = [], [], []
    (rows,) = await ask(connection, TAKEN(ids=ids))
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
    sealed = row.profile_enc
    person = Person(
        id=row.subject_id,
        simulated=row.simulated,
        profile=open_json(key, sealed, where=f"contacts.profile_enc.{row.subject_id}") if sealed else {},
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
        person=person,
        conversation=conversation,
        broadcast_id=row.broadcast_id,
    )


async def spend(connection: AsyncConnection, claims: Sequence[Claim], now: datetime) -> None:
    """Advance the budgets: the conversation's pace, and the account's rate."""
    paced = [c for c in claims if c.account != accounts.UNLIMITED]
    if not paced:
        return
    direct = [c for c in paced if c.kind == "reply" and c.broadcast_id is None]
    ordinary = Counter((c.channel, c.account) for c in direct if c.origin == "bot" and not c.urgent)
    told = Counter((c.channel, c.account) for c in paced if c.broadcast_id is not None)
    async with unwaited(connection):
        for pace in {PACE[c.channel] for c in paced}:
            ids = [c.conversation.id for c in paced if PACE[c.channel] == pace and c.kind in {"reply", "template"}]
            await tell(connection, _PACED(ids=ids, due=now + pace))
        await accounts.spend(connection, Counter((c.channel, c.account) for c in direct), ordinary, now)
        if told:
            await lanes.spend(connection, told, now)


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


@dataclass(frozen=True, slots=True)
class Sent:
    """A claim that its provider has taken. `provider_id`: of the last part sent, or nothing new; `segments`: where they
    are paid, else 0."""

    claim: Claim
    at: datetime
    provider_id: str = ""
    segments: int = 0


def _sent() -> Any:
    told = (
        func.unnest(
            many("ids", Uuid),
            many("fences", BigInteger),
            many("moments", DateTime(timezone=True)),
            many("provider_ids", Text),
            many("segments", SmallInteger),
        )
        .table_valued("id", "fence", "at", "provider_id", "segments")
        .render_derived()
    )
    mine = (
        select(told)
        .join(outbox, outbox.c.id == told.c.id)
        .where(outbox.c.fence == told.c.fence, outbox.c.state == "sending")
        .with_for_update(of=outbox, key_share=True, skip_locked=True)
        .cte("mine")
    )
    return (
        update(outbox)
        .where(outbox.c.id == mine.c.id)
        .values(
            state="sent",
            reason=None,
            sent_at=mine.c.at,
            lease_until=None,
            provider_id=func.coalesce(func.nullif(mine.c.provider_id, ""), outbox.c.provider_id),
            segments=func.coalesce(func.nullif(mine.c.segments, 0), outbox.c.segments),
        )
        .returning(outbox.c.id)
    )


_SENT = Statement(_sent())


async def write_sent(connection: AsyncConnection, sent: Sequence[Sent]) -> set[UUID]:
    """Write many results at once; returns the rows that were written. The others belong to somebody else by now, or are
    locked by somebody for a moment: many rows are never waited for, since who waits for one may hold another."""
    told = _SENT(
        ids=[s.claim.id for s in sent],
        fences=[s.claim.fence for s in sent],
        moments=[s.at for s in sent],
        provider_ids=[s.provider_id for s in sent],
        segments=[s.segments for s in sent],
    )
    (rows,) = await ask(connection, told)
    return {row.id for row in rows}
