"""What people answered about our help, counted by month: `feedback` has no person, so this is all there is.

Law: counts only; what is too small to show is decided by who shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import feedback

QUESTIONS = ("safe", "helped", "respected")
Counts = Mapping[tuple[str, str], tuple[int, int, int]]  # (kind, question) -> how often 3, 2, 1


async def counts(connection: AsyncConnection, first: date, until: date) -> Counts:
    """Of the months from `first` on, before `until`."""
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for question in QUESTIONS:
        graded = feedback.c[question]
        rows = await connection.execute(
            select(feedback.c.kind, *(func.count().filter(graded == grade) for grade in (3, 2, 1)))
            .where(feedback.c.month >= first, feedback.c.month < until, graded.is_not(None))
            .group_by(feedback.c.kind)
        )
        found |= {(row[0], question): (row[1], row[2], row[3]) for row in rows}
    return found
