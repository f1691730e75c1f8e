"""The ledger of erasures: a file beside the database, so that a restored backup cannot bring somebody back.

Law: ids and days only, one line each, appended and never changed. It mirrors the audit trail's `erased` lines; when
the database knows somebody whom the ledger has, the database is the older one, and that person is erased again before
anything is served. Keep it apart from the database and its backups, for as long as those are kept.
"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import erase
from bot.store.database import Database
from bot.store.tables import audit, keys

NAME = "erased.ledger"
AT_ONCE = 500  # ids in one look
REASON = "ledger"


class Ledger:
    """`path`: the file; it is made with the first erasure."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> set[UUID]:
        """Everybody in it. A torn last line (the power went) is no line; the next look at the audit trail writes it."""
        if not self.path.exists():
            return set()
        found = set()
        for line in self.path.read_text("ascii", "replace").splitlines():
            try:
                found.add(UUID(line.partition(" ")[2]))
            except ValueError:
                continue
        return found

    def _append(self, erased: list[tuple[str, UUID]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.path.exists()
        torn = not new and self.path.stat().st_size > 0 and self.path.read_bytes()[-1:] != b"\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(("\n" if torn else "") + "".join(f"{day} {who}\n" for day, who in erased))
            file.flush()
            os.fsync(file.fileno())

    async def note(self, database: Database, since: datetime | None = None) -> int:
        """Write down whom the audit trail says to be erased and the ledger does not have; returns how many.

        `since`: only what was erased from then on (a look each minute need not read years)."""
        query = select(audit.c.received_at, audit.c.object_id).where(audit.c.action == "erased")
        if since is not None:
            query = query.where(audit.c.received_at >= since)
        async with database.begin() as connection:
            rows = (await connection.execute(query.order_by(audit.c.received_at))).all()
        known = await asyncio.to_thread(self.read)
        new = {UUID(row.object_id): f"{row.received_at:%Y-%m-%d}" for row in rows if UUID(row.object_id) not in known}
        if new:
            await asyncio.to_thread(self._append, [(day, who) for who, day in new.items()])
        return len(new)

    async def carry_out(self, database: Database, now: datetime) -> int:
        """Erase again who came back with an older database; returns how many. Runs before anything is served."""
        ids, done = sorted(await asyncio.to_thread(self.read)), 0
        for first in range(0, len(ids), AT_ONCE):
            async with database.begin() as connection:
                for who in await _known(connection, ids[first : first + AT_ONCE]):
                    await erase.erase(connection, who, now, reason=REASON)
                    done += 1
        return done


async def _known(connection: AsyncConnection, ids: list[UUID]) -> list[UUID]:
    """Who of them has a key here, and so words that could be read; locked, since several may start at once."""
    rows = await connection.execute(select(keys.c.subject_id).where(keys.c.subject_id.in_(ids)).with_for_update())
    return [row.subject_id for row in rows]
