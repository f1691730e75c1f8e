"""What a service makes once in its life and tests would make two thousand times: made once for all of them.

Law: nothing that differs between two tests is kept: SQL by the shape of its statement, never its values; the authorities
of this machine; what is reckoned of the content.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot import content as content_room
from bot.content import Content
from bot.store import database

_STATEMENTS: dict[Any, Any] = {}


def share() -> None:
    """From here on, in this process."""
    # A statement is kept for a dialect, and each engine has its own: all are of one class, for one server, set up alike.
    PGDialectAsync_psycopg.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign,assignment]
    PGDialectAsync_psycopg.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    database.create_async_engine = _engine  # type: ignore[attr-defined]
    ssl.create_default_context = lru_cache(ssl.create_default_context)  # type: ignore[assignment]


def _engine(*arguments: Any, **options: Any) -> AsyncEngine:
    return create_async_engine(*arguments, execution_options={"compiled_cache": _STATEMENTS}, **options)


def reckoned(content: Content) -> Content:
    """The same content, of which all is reckoned that every installation of it shares."""
    for name in content_room.SETTLED:
        getattr(content, name)
    return content
