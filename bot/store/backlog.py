"""What waits, and for how long: figures for whoever must be woken when the service itself is ill.

Law: counts and seconds, of nobody; read when they are asked for, by the partial indexes of what is open.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# An archive that fails keeps every change on PostgreSQL's own disk, until that is full.
# Held rows wait for a window or for safe hours and are no backlog; a row that may leave since longer is one.
_QUERY = text("""
SELECT
  (SELECT count(*) FROM inbox WHERE state = 'waiting' AND ready_at <= now()) AS inbox_waiting,
  (SELECT coalesce(extract(epoch FROM now() - min(ready_at)), 0) FROM inbox
    WHERE state = 'waiting' AND ready_at <= now()) AS inbox_oldest_seconds,
  (SELECT count(*) FROM outbox WHERE state = 'queued' AND not_before <= now()) AS outbox_waiting,
  (SELECT coalesce(extract(epoch FROM now() - min(not_before)), 0) FROM outbox
    WHERE state = 'queued' AND not_before <= now()) AS outbox_oldest_seconds,
  (SELECT count(*) FROM notices WHERE taken_at IS NULL AND audience = 'page') AS pages_open,
  (SELECT coalesce(extract(epoch FROM now() - min(raised_at)), 0) FROM notices
    WHERE taken_at IS NULL AND audience = 'page') AS pages_oldest_seconds,
  (SELECT count(*) FROM notices WHERE taken_at IS NULL AND red_at IS NOT NULL) AS pages_red,
  (SELECT count(*) FROM pg_stat_archiver
    WHERE last_failed_time > coalesce(last_archived_time, '-infinity')) AS archive_failing
""")


async def backlog(connection: AsyncConnection) -> Mapping[str, float]:
    """By the names of `bot.observe.metrics.BACKLOG`: rows and seconds."""
    row = (await connection.execute(_QUERY)).mappings().one()
    return {name: float(value) for name, value in row.items()}
