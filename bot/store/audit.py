"""The trail: who saw or changed what, in rows that are only ever added, sealed in batches.

Law: ids and codes only. A seal is an HMAC over the seal before it and the rows of its time in order, under a key that
only the service can unwrap: who changes, removes or slips in a row breaks the chain (verify says where). What nobody
can see from inside is the loss of the newest seals with their rows: note the last seal elsewhere (`saathi audit`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.keys import Keys
from bot.store.tables import audit, audit_seals

SETTLED = timedelta(minutes=2)  # younger rows may still be in an open transaction
MOST = 20_000  # rows of one seal
_LOCK = 7_221_549  # pg_advisory_xact_lock: one sealer at a time


@dataclass(frozen=True, slots=True)
class Broken:
    """A batch that is not as it was sealed."""

    seal: int
    sealed_at: datetime


async def write(
    connection: AsyncConnection,
    *,
    user_id: UUID | None,
    action: str,
    object_kind: str,
    object_id: str,
    now: datetime,
    reason: str | None = None,
    actor: str = "staff",
) -> None:
    """Add one line."""
    await connection.execute(
        insert(audit).values(
            id=uuid7(),
            received_at=now,
            actor=actor,
            user_id=user_id,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            reason=reason,
        )
    )


def _mac(key: bytes, before: bytes, rows: Sequence[Any]) -> bytes:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    mac.update(before)
    for row in rows:
        line = [str(row.id), row.received_at.astimezone(UTC).isoformat(), row.actor, str(row.user_id or "")]
        line += [row.action, row.object_kind, row.object_id, row.reason]
        data = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
        mac.update(len(data).to_bytes(4, "big") + data)
    return mac.digest()


async def _between(
    connection: AsyncConnection, after: datetime | None, until: datetime, most: int | None = None
) -> Sequence[Any]:
    query = select(audit).where(audit.c.received_at <= until).order_by(audit.c.received_at, audit.c.id)
    if after is not None:
        query = query.where(audit.c.received_at > after)
    return (await connection.execute(query.limit(most))).all()


async def lately(
    connection: AsyncConnection, *, user_id: UUID, action: str, object_kind: str, object_id: str, since: datetime
) -> bool:
    """Whether there is such a line of this user's since then."""
    found = await connection.execute(
        select(audit.c.id)
        .where(
            audit.c.object_kind == object_kind,
            audit.c.object_id == object_id,
            audit.c.received_at >= since,
            audit.c.user_id == user_id,
            audit.c.action == action,
        )
        .limit(1)
    )
    return found.first() is not None


async def seal(connection: AsyncConnection, secrets: Keys, now: datetime) -> int:
    """Seal what has settled since the last seal; returns how many rows. Nothing new, no seal."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
    last = (await connection.execute(select(audit_seals).order_by(audit_seals.c.id.desc()).limit(1))).first()
    until = now - SETTLED
    rows = await _between(connection, last.until if last else None, until, MOST)
    if not rows:
        return 0
    if len(rows) == MOST:  # up to a moment, never through the middle of it
        until = rows[-1].received_at
        rows = await _between(connection, last.until if last else None, until)
    mac = _mac(secrets.audit_key, last.mac if last else b"", rows)
    await connection.execute(insert(audit_seals).values(sealed_at=now, until=until, rows=len(rows), mac=mac))
    return len(rows)


async def verify(connection: AsyncConnection, secrets: Keys) -> tuple[list[Broken], int, str]:
    """(batches that were tampered with, rows under seals, the last seal in hex: empty when there is none)."""
    broken, total, before, after = [], 0, b"", None
    for one in (await connection.execute(select(audit_seals).order_by(audit_seals.c.id))).all():
        rows = await _between(connection, after, one.until)
        if len(rows) != one.rows or not hmac.compare_digest(_mac(secrets.audit_key, before, rows), bytes(one.mac)):
            broken.append(Broken(one.id, one.sealed_at))
        total, before, after = total + len(rows), bytes(one.mac), one.until
    return broken, total, before.hex()


async def count(connection: AsyncConnection) -> int:
    """How many lines there are."""
    return int((await connection.execute(select(func.count()).select_from(audit))).scalar_one())


async def has_seal(connection: AsyncConnection, mac: str) -> bool:
    """Whether a seal (hex) is in the chain."""
    try:
        wanted = bytes.fromhex(mac)
    except ValueError:
        return False
    return bool((await connection.execute(select(audit_seals.c.id).where(audit_seals.c.mac == wanted))).first())
