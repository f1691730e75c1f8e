"""Many rows of one table in one statement.

Law: every row of a call has the same columns.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_rows(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add them; no statement for none."""
    if rows:
        await connection.execute(insert(table), rows)


async def insert_many(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add many rows in one statement, whose ids rise in the order of the rows: INSERT ... SELECT FROM unnest(...)."""
    if not rows:
        return
    values = {f"v_{column}": [row[column] for row in rows] for column in rows[0]}
    await connection.execute(_insertion(table, tuple(rows[0])), values)


@lru_cache(maxsize=64)
def _insertion(table: Table, columns: tuple[str, ...]) -> Insert:
    """Made once: to build a statement takes longer than to run it."""
    arrays = [bindparam(f"v_{c}", type_=ARRAY(table.c[c].type)) for c in columns]
    news = func.unnest(*arrays).table_valued(*columns, with_ordinality="place", name="news").render_derived()
    return insert(table).from_select(columns, select(*[news.c[c] for c in columns]).order_by(news.c.place))


async def update_rows(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Change them by `id`: UPDATE ... FROM unnest(...)."""
    if not rows:
        return
    columns = list(rows[0])
    arrays = [bindparam(f"v_{c}", [row[c] for row in rows], ARRAY(table.c[c].type)) for c in columns]
    news = func.unnest(*arrays).table_valued(*columns, name="news").render_derived()
    await connection.execute(
        update(table).where(table.c.id == news.c.id).values({c: news.c[c] for c in columns if c != "id"})
    )
