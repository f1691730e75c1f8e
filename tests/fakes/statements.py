"""What a database is asked by this process, as long as somebody listens.

Law: hears and changes nothing. It listens at the driver, where what SQLAlchemy sends comes by, and what goes past it
(`bot/store/together.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
import pytest

from bot.store.database import Database


class Asked(NamedTuple):
    """One statement. `many`: run for several rows at once."""

    statement: str
    parameters: Any
    many: bool


@contextmanager
def heard(database: Database) -> Iterator[list[Asked]]:
    """Every statement meanwhile, in order."""
    asked: list[Asked] = []
    execute, executemany = psycopg.AsyncCursor.execute, psycopg.AsyncCursor.executemany

    def hear(cursor: psycopg.AsyncCursor[Any], statement: Any, parameters: Any, *, many: bool) -> None:
        if cursor.connection.info.backend_pid in database.pids:
            text = statement.decode() if isinstance(statement, bytes) else str(statement)
            asked.append(Asked(text, parameters, many))

    async def one(cursor: Any, statement: Any, parameters: Any = None, **options: Any) -> Any:
        hear(cursor, statement, parameters, many=False)
        return await execute(cursor, statement, parameters, **options)

    async def several(cursor: Any, statement: Any, parameters: Any, **options: Any) -> None:
        hear(cursor, statement, parameters, many=True)
        await executemany(cursor, statement, parameters, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(psycopg.AsyncCursor, "execute", one)
        patched.setattr(psycopg.AsyncCursor, "executemany", several)
        yield asked
