"""What became of our messages: receipts of providers, in any order and repeated, applied to the outbox.

Law: a state never goes back, except that what failed may be sent once more; a receipt of a message not yet known waits,
and is matched or dropped within a minute; one of a reply that a sender works on waits for the sender. One that cannot
be applied holds up no other, and nobody who writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot import outgoing
from bot.engine.inbound import Receipt
from bot.observe import logs, metrics
from bot.store import codec, outbox, waiting
from bot.store.database import UNAVAILABLE, Connection, Database
from bot.store.outbox import Left
from bot.store.waiting import Waiting
from bot.transports import gateway_errors
from bot.transports.verdict import judge

log = logs.get(__name__)
PATIENCE = timedelta(seconds=60)
PARKED = timedelta(seconds=2)  # between looks at a receipt whose message is not known yet
LEFT = frozenset({"queued", "sent"})  # queued at the provider: it left from here


def _ref(receipt: Receipt) -> UUID | None:
    try:
        return UUID(receipt.ref)
    except ValueError:
        return None


async def handle(database: Database, rows: Sequence[Waiting], now: datetime, *, attempts: int) -> int:
    """Apply them in one transaction, and one by one when that fails; what failed so many times is set aside. Returns
    how many were looked at and did not fail."""
    if not rows:
        return 0
    try:
        async with database.begin() as connection:
            return await apply(connection, rows, now)
    except UNAVAILABLE:
        raise
    except Exception as error:
        log.warning("batch_failed", kind=type(error).__name__, rows=len(rows), exc_info=True)
    return sum([await _alone(database, row, now, attempts) for row in rows])


async def _alone(database: Database, row: Waiting, now: datetime, attempts: int) -> int:
    try:
        async with database.begin() as connection:
            return await apply(connection, [row], now)
    except UNAVAILABLE:
        raise
    except Exception as error:
        tried = row.attempts + 1
        log.error("receipt_failed", kind=type(error).__name__, attempt=tried, exc_info=True)
    await waiting.count_attempt(database, [row.id], "receipt_failed")
    if tried >= attempts:
        metrics.quarantined.inc()
        async with database.begin() as connection:
            await waiting.set_aside(connection, [row.id], now, "receipt_failed")
    return 0


async def apply(connection: Connection, rows: Sequence[Waiting], now: datetime) -> int:
    """Apply receipts to outbox rows, or park them; returns how many were looked at."""
    done: list[int] = []
    parked: list[int] = []
    opened = [(codec.receipt_from_json(row.payload), row) for row in rows]
    # By message, so that two workers lock the rows of the outbox in the same order.
    for receipt, row in sorted(opened, key=lambda pair: (pair[0].provider_id, pair[1].id)):
        found = await outbox.find(connection, provider_id=receipt.provider_id, ref=_ref(receipt))
        if found is None:
            settled = now - row.received_at > PATIENCE
        else:
            settled = await _tell(connection, found, receipt, now)
        (done if settled else parked).append(row.id)
    if parked:
        await waiting.park(connection, parked, now + PARKED)
    if done:
        await waiting.finish(connection, done, now)
    return len(rows)


async def _tell(connection: Connection, row: Left, receipt: Receipt, now: datetime) -> bool:
    """What a receipt says, written to its row; False while a sender has still to do its part with the row."""
    failed = receipt.status == "failed"
    if row.state == "sending" and failed:
        return False
    if row.unfinished and not failed:  # the provider has it
        await outbox.note(connection, row, receipt.provider_id)
        return receipt.status in LEFT
    if failed:
        await _failed(connection, row, receipt, now)
    else:
        status = "sent" if receipt.status in LEFT else receipt.status
        await outbox.advance(connection, row, status, receipt.provider_id)
    return True


async def _failed(connection: Connection, row: Left, receipt: Receipt, now: datetime) -> None:
    """The same decision as when the provider refuses at once."""
    if row.state not in {"sent", "unknown"} and not row.unfinished:
        return  # delivered after all, ended, held, or already on its way to another try
    error = gateway_errors.failed(receipt.error_code)
    verdict = judge(
        error,
        kind=row.kind,
        important=row.important,
        doubtful=False,  # it has not arrived, that is what it says
        attempts=row.attempts,
        age=row.age(now),
    )
    log.warning("failed_later", channel=receipt.channel, kind=type(error).__name__, code=error.code)
    values: dict[str, Any] = {
        "state": outbox.waits(verdict.state, told=row.broadcast_id is not None),
        "reason": verdict.reason,
        "lease_until": None,
    }
    if verdict.state in {"queued", "held"}:  # it leaves again, as a new message to the provider
        later = outgoing.NEVER if verdict.state == "held" else now + timedelta(seconds=verdict.wait)
        values |= {"not_before": later, "provider_id": None, "parts_done": 0}
    await outbox.change(connection, [row.id], now, **values)
    if verdict.block:
        await outbox.block(connection, row.conversation_id, now, since=row.sent_at)
