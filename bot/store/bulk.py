"""Many rows of one table in one statement: the columns go to the server as arrays, and `unnest` makes rows of them.

Law: every row of a call has the same columns, and no column is an array: `unnest` would take them apart. The statement
of a table and its columns is made once, so that nothing of it is put together or compiled again in each batch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import psycopg
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import Dialect, Insert, Table, TableValuedAlias, Update, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator


class Packed(list[Any]):
    """A column on its way, in PostgreSQL's binary format. As text, in which psycopg sends other lists, a sealed value
    would be written in hexadecimal digits and escaped."""


psycopg.adapters.register_dumper(Packed, ListBinaryDumper)


class _Column(TypeDecorator[list[Any]]):
    impl = ARRAY
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Packed]:
        process = super().bind_processor(dialect)
        return lambda values: Packed(process(values) if process else values)


async def insert_rows(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add them, numbered (where the table numbers them) in their order; no statement for none."""
    if rows:
        columns = tuple(rows[0])
        await connection.execute(_insert(table, columns), _arrays(columns, rows))


async def update_rows(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Change them by `id`; no statement for none."""
    if rows:
        columns = tuple(rows[0])
        await connection.execute(_update(table, columns), _arrays(columns, rows))


def _arrays(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {f"v_{name}": [row[name] for row in rows] for name in columns}


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Insert:
    """INSERT ... SELECT ... FROM unnest(...)."""
    news = _news(table, columns)
    ordered = select(*(news.c[c] for c in columns)).order_by(news.c.place)
    return insert(table).from_select(list(columns), ordered, include_defaults=False)


@cache
def _update(table: Table, columns: tuple[str, ...]) -> Update:
    """UPDATE ... FROM unnest(...)."""
    news = _news(table, columns)
    return update(table).where(table.c.id == news.c.id).values({c: news.c[c] for c in columns if c != "id"})


def _news(table: Table, columns: tuple[str, ...]) -> TableValuedAlias:
    arrays = [bindparam(f"v_{c}", type_=_Column(table.c[c].type)) for c in columns]
    return func.unnest(*arrays).table_valued(*columns, with_ordinality="place", name="news").render_derived()
