"""Many rows of one table in one statement: the columns go to the server as arrays, and `unnest` makes rows of them.

Law: every row of a call has the same columns, and no column is an array: `unnest` would take them apart. The statement
of a table and its columns is made once, so that nothing of it is put together or compiled again in each batch.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Table, TableValuedAlias, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.together import Statement, many, tell


async def insert_rows(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add them, numbered (where the table numbers them) in their order; no statement for none."""
    if rows:
        columns = tuple(rows[0])
        await tell(connection, _insert(table, columns)(**_arrays(columns, rows)))


async def update_rows(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Change them by `id`; no statement for none."""
    if rows:
        columns = tuple(rows[0])
        await tell(connection, _update(table, columns)(**_arrays(columns, rows)))


def _arrays(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {f"v_{name}": [row[name] for row in rows] for name in columns}


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Statement:
    """INSERT ... SELECT ... FROM unnest(...)."""
    news = _news(table, columns)
    ordered = select(*(news.c[c] for c in columns)).order_by(news.c.place)
    return Statement(insert(table).from_select(list(columns), ordered, include_defaults=False))


@cache
def _update(table: Table, columns: tuple[str, ...]) -> Statement:
    """UPDATE ... FROM unnest(...)."""
    news = _news(table, columns)
    values = {c: news.c[c] for c in columns if c != "id"}
    return Statement(update(table).where(table.c.id == news.c.id).values(values))


def _news(table: Table, columns: tuple[str, ...]) -> TableValuedAlias:
    arrays = [many(f"v_{c}", table.c[c].type) for c in columns]
    return func.unnest(*arrays).table_valued(*columns, with_ordinality="place", name="news").render_derived()
