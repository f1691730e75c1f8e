"""Statements that go to the server together: one round trip for many, where each waited for the one before it.

Law: in the connection's own transaction, in their order; a statement is made and compiled once. SQLAlchemy cannot send
one before it has read what the last one answered, so these are handed to the driver, which has a pipeline for it.
Errors are those of SQLAlchemy all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import BindParameter, ClauseElement, Dialect, PoolProxiedConnection, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

TELLING = "telling"  # of a connection: the cursor of `unwaited`
Rows: TypeAlias = list[Any]  # named tuples
_DIALECT: Dialect = PGDialectAsync_psycopg()  # type: ignore[no-untyped-call]


class Binary(list[Any]):
    """Values of one type on their way, in PostgreSQL's binary format. As text, in which psycopg sends other lists, a
    sealed value would be written in hexadecimal digits and escaped."""


psycopg.adapters.register_dumper(Binary, ListBinaryDumper)


class _Many(TypeDecorator[list[Any]]):
    impl = ARRAY
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Binary]:
        process = super().bind_processor(dialect)
        return lambda values: Binary(process(values) if process else values)


def many(name: str, of: Any) -> BindParameter[list[Any]]:
    """A parameter that holds any number of values. `of`: their type."""
    return bindparam(name, type_=_Many(of))


class Bound(NamedTuple):
    """A statement with its values, as the driver takes it."""

    text: bytes
    values: dict[str, Any]


class Statement:
    """A statement that is sent often. What it selects must need no help of SQLAlchemy's to be read: the driver knows
    moments, ids, JSON and lists by itself. `in_` is not for it: how many values it has is known too late."""

    def __init__(self, made: ClauseElement) -> None:
        self._made = made

    @cached_property
    def _compiled(self) -> tuple[bytes, dict[str, Any], dict[str, Callable[[Any], Any]]]:
        """Its text, the values that it holds, and what must be done to those that it is given."""
        compiled = self._made.compile(dialect=_DIALECT)
        types = {name: bind.type.dialect_impl(_DIALECT) for bind, name in compiled.bind_names.items()}  # type: ignore[attr-defined]
        processes = {name: process for name, of in types.items() if (process := of.bind_processor(_DIALECT))}
        return str(compiled).encode(), dict(compiled.params), processes

    def __call__(self, **values: Any) -> Bound:
        """With these values."""
        text, held, processes = self._compiled
        ready = {name: processes[name](value) if name in processes else value for name, value in values.items()}
        return Bound(text, {**held, **ready})


async def ask(connection: AsyncConnection, *asked: Bound) -> list[Rows]:
    """The rows of each, in the order in which they were asked."""
    raw = await connection.get_raw_connection()
    cursors = [_cursor(raw) for _ in asked]
    with _same_errors():
        async with _driver(raw).pipeline() if len(asked) > 1 else nullcontext():
            for cursor, bound in zip(cursors, asked, strict=True):
                await cursor.execute(*bound)
        return [await cursor.fetchall() for cursor in cursors]  # by now all of them are here


async def tell(connection: AsyncConnection, bound: Bound) -> None:
    """One statement that changes something. Within `unwaited` it is not waited for."""
    raw = await connection.get_raw_connection()
    with _same_errors():
        await (raw.info.get(TELLING) or _cursor(raw)).execute(*bound)


@asynccontextmanager
async def unwaited(connection: AsyncConnection) -> AsyncIterator[None]:
    """Nothing in it is waited for before its end, whoever sends it. Nothing in it may ask: SQLAlchemy would see no
    rows. One cursor tells all of it, since each learns anew how values are written; it holds them, so it ends here."""
    raw = await connection.get_raw_connection()
    with _same_errors():
        async with _driver(raw).pipeline(), _cursor(raw) as cursor:
            raw.info[TELLING] = cursor
            try:
                yield
            finally:
                del raw.info[TELLING]


@contextmanager
def _same_errors() -> Iterator[None]:
    """One family of errors above the store, whichever way a statement went."""
    try:
        yield
    except psycopg.Error as error:
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError from error  # the end of a pipeline that is cut off says something else
        true = _first(error)
        told = DBAPIError.instance(None, None, true, psycopg.Error, hide_parameters=True, dialect=_DIALECT)
        raise told from true


def _first(error: psycopg.Error) -> psycopg.Error:
    """What failed. The end of a pipeline may tell of the statements behind it, which is like a database that is away:
    nobody would look for the poisonous one."""
    while isinstance(error, psycopg.errors.PipelineAborted) and isinstance(error.__context__, psycopg.Error):
        error = error.__context__
    return error


def _driver(raw: PoolProxiedConnection) -> psycopg.AsyncConnection[Any]:
    assert isinstance(raw.driver_connection, psycopg.AsyncConnection)
    return raw.driver_connection


def _cursor(raw: PoolProxiedConnection) -> psycopg.AsyncCursor[Any]:
    return _driver(raw).cursor(row_factory=namedtuple_row)
