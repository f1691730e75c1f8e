"""What became of our messages: receipts of providers, in any order and repeated, applied to the outbox.

Law: a state never goes back; a receipt of a message not yet known waits, and is matched or dropped within a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from bot.engine.inbound import Receipt
from bot.store import codec, inbox, outbox
from bot.store.database import Connection
from bot.store.inbox import Waiting

PATIENCE = timedelta(seconds=60)
PARKED = timedelta(seconds=2)  # between looks at a receipt whose message is not known yet


def _ref(receipt: Receipt) -> UUID | None:
    try:
        return UUID(receipt.ref)
    except ValueError:
        return None


async def apply(connection: Connection, rows: Sequence[Waiting], now: datetime) -> int:
    """Apply receipts to outbox rows, or park them; returns how many were looked at."""
    done, parked = [], []
    opened = [(codec.receipt_from_json(row.payload), row) for row in rows]
    # By message, so that two workers lock the rows of the outbox in the same order.
    for receipt, row in sorted(opened, key=lambda pair: (pair[0].provider_id, pair[1].id)):
        known = await outbox.advance(
            connection,
            provider_id=receipt.provider_id,
            ref=_ref(receipt),
            status="sent" if receipt.status == "queued" else receipt.status,  # queued there: it left from here
            reason=receipt.error_code or None,
        )
        if known or now - row.received_at > PATIENCE:
            done.append(row.id)
        else:
            parked.append(row.id)
    if parked:
        await inbox.park(connection, parked, now + PARKED)
    if done:
        await inbox.finish(connection, done, now)
    return len(rows)
