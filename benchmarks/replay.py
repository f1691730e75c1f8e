"""The statements of a worker, noted at the driver and sent again without the worker, by psycopg and by asyncpg.

Law: the same statements in the same transactions, on one connection; of the answers nothing is looked at.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from sqlalchemy import event

from bot.store.database import Database

Sent: TypeAlias = tuple[str, Any, bool]  # statement, parameters, whether they are those of many rows


@asynccontextmanager
async def noting(database: Database) -> AsyncIterator[list[Sent]]:
    """Every statement and the end of every transaction, in order."""
    sent: list[Sent] = []
    execute, executemany = psycopg.AsyncCursor.execute, psycopg.AsyncCursor.executemany

    async def one(cursor: Any, statement: Any, parameters: Any = None, **options: Any) -> Any:
        text = statement.decode() if isinstance(statement, bytes) else statement
        sent.append((text, parameters, False))
        return await execute(cursor, statement, parameters, **options)

    async def several(cursor: Any, statement: Any, parameters: Any, **options: Any) -> None:
        sent.append((statement, parameters, True))
        await executemany(cursor, statement, parameters, **options)

    def commit(connection: Any) -> None:
        sent.append(("COMMIT", None, False))

    engine = database.engine.sync_engine
    # At the driver: what SQLAlchemy sends comes by there, and what goes past it (`bot/store/together.py`).
    psycopg.AsyncCursor.execute, psycopg.AsyncCursor.executemany = one, several  # type: ignore[method-assign, assignment]
    event.listen(engine, "commit", commit)
    try:
        yield sent
    finally:
        psycopg.AsyncCursor.execute, psycopg.AsyncCursor.executemany = execute, executemany  # type: ignore[method-assign]
        event.remove(engine, "commit", commit)


async def with_psycopg(url: str, sent: Sequence[Sent]) -> None:
    """The statements, one transaction after the other, on one connection."""
    async with await psycopg.AsyncConnection.connect(url) as connection, connection.cursor() as cursor:
        for statement, parameters, many in sent:
            if statement == "COMMIT":
                await connection.commit()
                continue
            await (cursor.executemany if many else cursor.execute)(statement, parameters)
            if cursor.description and not many:
                await cursor.fetchall()


async def with_asyncpg(url: str, sent: Sequence[Sent]) -> None:
    """The same by another driver; its parameters are numbered, and JSON is text to it."""
    asyncpg = importlib.import_module("asyncpg")  # installed for the comparison only: `pip install asyncpg`
    where = urlsplit(url)
    connection = await asyncpg.connect(**connection_of(url), database=where.path[1:])
    try:
        open_now = None
        for statement, parameters, many in sent:
            if statement == "COMMIT":
                if open_now is not None:
                    await open_now.commit()
                open_now = None
                continue
            if open_now is None:
                open_now = connection.transaction()
                await open_now.start()
            if many:
                rows = [numbered(statement, row) for row in parameters]
                await connection.executemany(rows[0][0], [values for _, values in rows])
            else:
                text, values = numbered(statement, parameters)
                await connection.fetch(text, *values)
    finally:
        await connection.close()


def connection_of(url: str) -> dict[str, Any]:
    """host, port, user, password of an address."""
    told = psycopg.conninfo.conninfo_to_dict(url)
    return {name: told[name] for name in ("host", "port", "user", "password") if told.get(name)}


_NAMED = re.compile(r"%\((\w+)\)s(::)?")
# psycopg sends the types of these along; asyncpg asks the server, which cannot always tell.
CASTS = {timedelta: "::interval", datetime: "::timestamptz", UUID: "::uuid", str: "::text"}


def numbered(statement: str, parameters: Any) -> tuple[str, list[Any]]:
    """`%(name)s` as $1, $2, ..."""
    if not parameters:
        return statement, []
    order: list[str] = []

    def place(match: re.Match[str]) -> str:
        if match[1] not in order:
            order.append(match[1])
        return f"${order.index(match[1]) + 1}{CASTS.get(type(parameters[match[1]]), '') if not match[2] else '::'}"

    text = _NAMED.sub(place, statement).replace("%%", "%")
    return text, [plain(parameters[name]) for name in order]


def plain(value: Any) -> Any:
    """A value of psycopg's as asyncpg takes it."""
    return [plain(each) for each in value] if isinstance(value, list) else getattr(value, "obj", value)
