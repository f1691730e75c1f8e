"""Rows that a colleague names on the command line by the last characters of their id."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Table, Text, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def by_end(connection: AsyncConnection, table: Table, end: str, least: int) -> UUID | None:
    """The row whose id ends so; None when there is none, or more than one, or `end` is shorter than `least`."""
    if len(end) < least:
        return None
    ends_so = cast(table.c.id, Text).endswith(end.lower(), autoescape=True)
    ids = (await connection.execute(select(table.c.id).where(ends_so).limit(2))).scalars().all()
    return ids[0] if len(ids) == 1 else None
