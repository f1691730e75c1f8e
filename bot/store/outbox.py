"""The outbox, row by row: how a row ends, who is told, what a receipt does to it, a dead address.

Law: a row that ends without having arrived leaves a page for a human, in the same transaction, when it was urgent or
written by a human. A receipt never moves a row back, and never past parts that have still to leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, case, func, insert, literal, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.keys import Keys, seal
from bot.store.tables import addresses, conversations, keys, notices, outbox

ENDED_BADLY = frozenset({"failed", "unknown"})
# How far along each state is; a receipt never moves a row back (docs/channels.md, delivery states).
RANK = {"lane": 0, "queued": 0, "sending": 1, "unknown": 2, "sent": 3, "failed": 4, "delivered": 5, "read": 6}
IMPORTANT = and_(outbox.c.kind == "reply", or_(outbox.c.urgent, outbox.c.origin == "human"))


def waits(state: str, *, told: bool) -> str:
    """The state in which a row waits for its next look: what is `told` to many waits in the lane."""
    return "lane" if told and state in ("queued", "held") else state


async def page(
    connection: AsyncConnection, ids: Sequence[UUID], kind: str, now: datetime, *, important_only: bool = True
) -> None:
    """A critical notice for each of these rows (of those that are urgent or of a human, unless all are meant)."""
    await connection.execute(
        insert(notices).from_select(
            ["id", "subject_id", "conversation_id", "case_id", "audience", "kind", "severity", "raised_at"],
            select(
                func.gen_random_uuid(),
                outbox.c.subject_id,
                outbox.c.conversation_id,
                outbox.c.case_id,
                literal("page"),
                literal(kind),
                literal("critical"),
                literal(now),
            ).where(outbox.c.id.in_(ids), IMPORTANT if important_only else true()),
        )
    )


async def change(connection: AsyncConnection, ids: Sequence[UUID], now: datetime, **values: Any) -> None:
    """Write locked rows; one that ends badly leaves its page."""
    if not ids:
        return
    await connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(**values))
    if values.get("state") in ENDED_BADLY:
        await page(connection, ids, "not_delivered", now)


async def again(
    connection: AsyncConnection,
    row_id: UUID,
    conversation_id: UUID,
    *,
    now: datetime,
    state: str,
    reason: str | None,
    not_before: datetime,
) -> bool:
    """A reply that ended badly begins anew, as one that was queued now; False when it is none of these. Parts that
    the provider took stay taken."""
    epoch = select(conversations.c.owner_epoch).where(conversations.c.id == conversation_id).scalar_subquery()
    done = await connection.execute(
        update(outbox)
        .where(
            outbox.c.id == row_id,
            outbox.c.conversation_id == conversation_id,
            outbox.c.kind == "reply",
            outbox.c.state.in_(ENDED_BADLY),
        )
        .values(
            state=case((outbox.c.broadcast_id.is_not(None), waits(state, told=True)), else_=state),
            reason=reason,
            not_before=not_before,
            queued_at=now,
            attempts=0,
            lease_until=None,
            provider_id=None,
            owner_epoch=epoch,
        )
    )
    return bool(done.rowcount)


async def spoilt(connection: AsyncConnection, ids: Sequence[UUID], now: datetime) -> None:
    """Rows that cannot be read end here: every one leaves a page, since nobody can say what it was about."""
    if not ids:
        return
    await connection.execute(
        update(outbox).where(outbox.c.id.in_(ids)).values(state="failed", reason="unreadable", lease_until=None)
    )
    await page(connection, ids, "unreadable_reply", now, important_only=False)


async def block(
    connection: AsyncConnection, conversation_id: UUID, now: datetime, *, since: datetime | None = None
) -> None:
    """The person blocked us, or the address is dead: nothing more leaves until they write again.

    `since`: when the refused message left; who has written after that is not blocked by it.
    """
    still = (
        or_(conversations.c.last_inbound_at.is_(None), conversations.c.last_inbound_at <= since) if since else true()
    )
    blocked = await connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id, still)
        .values(blocked_at=now)
        .returning(conversations.c.id)
    )
    if blocked.first() is None:
        return
    withdrawn = await connection.execute(
        update(outbox)
        .where(outbox.c.conversation_id == conversation_id, outbox.c.state.in_(("queued", "held", "lane")))
        .values(state="withdrawn", reason="blocked")
        .returning(outbox.c.id)
    )
    ids = [row.id for row in withdrawn]
    if ids:  # what a human wrote, or danger, did not arrive either
        await page(connection, ids, "not_delivered", now)


async def ask_once(connection: AsyncConnection, row_id: UUID, now: datetime, *, window: timedelta) -> Row[Any] | None:
    """Note in this row's conversation that a template asks her to write; None when one has since she wrote last."""
    last = conversations.c.last_inbound_at
    noted = await connection.execute(
        update(conversations)
        .where(
            conversations.c.id == select(outbox.c.conversation_id).where(outbox.c.id == row_id).scalar_subquery(),
            or_(conversations.c.nudged_at.is_(None), conversations.c.nudged_at < last + window),
        )
        .values(nudged_at=now)
        .returning(conversations.c.id, conversations.c.subject_id, conversations.c.owner_epoch)
    )
    return noted.first()


async def take_back(connection: AsyncConnection, conversation_id: UUID, noted: datetime) -> bool:
    """Forget that a template asked her: it did not leave. False when the note is another one's by now, or none."""
    mine = and_(conversations.c.id == conversation_id, conversations.c.nudged_at == noted)
    return bool((await connection.execute(update(conversations).where(mine).values(nudged_at=None))).rowcount)


async def human_waits(connection: AsyncConnection, conversation_id: UUID) -> bool:
    """Whether words of a human wait there for her to write."""
    theirs = and_(outbox.c.kind == "reply", outbox.c.origin == "human")
    waits = and_(theirs, outbox.c.state == "held", outbox.c.reason == "window")
    found = select(outbox.c.id).where(outbox.c.conversation_id == conversation_id, waits).limit(1)
    return (await connection.execute(found)).first() is not None


async def nudge(connection: AsyncConnection, row_id: UUID, now: datetime, *, due: datetime, window: timedelta) -> bool:
    """A neutral template for a human's reply that the window holds now: once until she writes. `row_id`: the reply."""
    row = await ask_once(connection, row_id, now, window=window)
    if row is None:
        return False
    await connection.execute(
        insert(outbox).values(
            id=uuid7(),
            subject_id=row.subject_id,
            conversation_id=row.id,
            kind="template",
            origin="human",
            owner_epoch=row.owner_epoch,
            reply_enc=b"",
            state="queued",
            queued_at=now,
            not_before=due,
        )
    )
    return True


async def pause(connection: AsyncConnection, conversation_id: UUID, until: datetime) -> None:
    """The provider wants silence in this chat: nothing of it leaves before."""
    await connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(next_send_at=func.greatest(conversations.c.next_send_at, until))
    )


async def move(
    connection: AsyncConnection, secrets: Keys, place: tuple[str, str], conversation_id: UUID, address: str
) -> bool:
    """The provider gave this conversation's address a new name (a Telegram chat that became another).

    `place`: (channel, our account). False when somebody wrote from that name already: then it is a conversation of its
    own; and when she was erased meanwhile.
    """
    lookup = secrets.address(place[0], address)
    taken = select(addresses.c.id).where(
        addresses.c.channel == place[0], addresses.c.account == place[1], addresses.c.lookup == lookup
    )
    if (await connection.execute(taken)).first() is not None:
        return False
    row = (
        await connection.execute(
            select(addresses.c.id, keys.c.wrapped)
            .join(conversations, conversations.c.address_id == addresses.c.id)
            .join(keys, keys.c.subject_id == addresses.c.subject_id)
            .where(conversations.c.id == conversation_id)
        )
    ).first()
    if row is None:
        return False
    sealed = seal(secrets.keyring.unwrap(row.wrapped), address.encode(), where=f"addresses.address_enc.{row.id}")
    await connection.execute(
        update(addresses).where(addresses.c.id == row.id).values(address_enc=sealed, lookup=lookup)
    )
    return True


# --- receipts


@dataclass(frozen=True, slots=True)
class Left:
    """A row that a receipt speaks of, locked."""

    id: UUID
    conversation_id: UUID
    kind: str
    state: str
    reason: str | None
    parts_done: int
    attempts: int
    queued_at: datetime
    sent_at: datetime | None
    broadcast_id: UUID | None
    important: bool

    @property
    def unfinished(self) -> bool:
        """A sender works on it, or will finish what may have left: it looks at the noted id, and states come after."""
        return self.state == "sending" or (self.state in ("queued", "lane") and self.reason == "unknown")

    def age(self, now: datetime) -> timedelta:
        """Since it was queued."""
        return now - self.queued_at


async def find(connection: AsyncConnection, *, provider_id: str, ref: UUID | None) -> Left | None:
    """The row known by the provider's id or by ours, locked; None when there is none."""
    known = [outbox.c.provider_id == provider_id] if provider_id else []
    known += [outbox.c.id == ref] if ref else []
    if not known:
        return None
    row = (
        await connection.execute(
            select(*[outbox.c[f] for f in Left.__dataclass_fields__ if f != "important"], IMPORTANT.label("important"))
            .where(or_(*known))
            .with_for_update()
        )
    ).first()
    return Left(**row._mapping) if row else None


async def note(connection: AsyncConnection, row: Left, provider_id: str) -> None:
    """The provider has (a part of) a reply that a sender works on: its first part is not sent again."""
    if provider_id:
        await connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(provider_id=func.coalesce(outbox.c.provider_id, provider_id))
        )


async def advance(connection: AsyncConnection, row: Left, status: str, provider_id: str) -> None:
    """Move a row forward to `sent`, `delivered` or `read`; a row that still has to leave, or to leave again, is moved
    only by the news that it was delivered."""
    again = row.state in ("queued", "lane") and (row.parts_done > 0 or status == "sent")
    if again or RANK.get(status, -1) <= RANK.get(row.state, 99):
        return
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == row.id)
        .values(state=status, reason=None, provider_id=provider_id or outbox.c.provider_id, lease_until=None)
    )
