"""The mark of a restore that has not come to its end: a table without rows, in the database that is filled.

Law: nothing serves from half of a backup. Between the data and the last step lie the keys, those who must be erased
again, and what must not be sent: whoever started the service there would bring people back and send twice.
"""

from __future__ import annotations

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MARK = "restore_not_finished"
_MARKED = f"SELECT to_regclass('public.{MARK}') IS NOT NULL"
_ANYTHING = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
# What a new database has, as its owner may write it: the schema belongs to whoever owns the database.
_EMPTIED = (
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public AUTHORIZATION pg_database_owner",
    "GRANT USAGE ON SCHEMA public TO PUBLIC",
)


def begin(url: str) -> bool:
    """Mark a database as being restored; False when it holds anything but what an unfinished restore left, which goes.

    `url`: of the owner's role. Raises psycopg.Error."""
    with psycopg.connect(url) as connection:
        if marked(connection):
            for statement in _EMPTIED:
                connection.execute(statement)
        elif _asked(connection, _ANYTHING):
            return False
        connection.execute(f"CREATE TABLE public.{MARK} ()")
        return True


def end(url: str) -> None:
    """Everything is in its place: the service may start."""
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP TABLE public.{MARK}")


def marked(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Whether a restore into this database has begun and not ended."""
    return _asked(connection, _MARKED)


async def unfinished(connection: AsyncConnection) -> bool:
    """The same, for those who start the service."""
    return bool((await connection.execute(text(_MARKED))).scalar())


def _asked(connection: psycopg.Connection[tuple[object, ...]], query: str) -> bool:
    row = connection.execute(query).fetchone()
    return bool(row and row[0])
