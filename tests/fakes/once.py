"""What a service makes once in its life and tests would make two thousand times: made once for all of them.

Law: nothing that differs between two tests is kept: SQL by the shape of its statement, never its values; the
authorities of this machine; what is reckoned of the content.
"""

from __future__ import annotations

import gc
import ssl
from functools import cache, lru_cache
from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.content import SETTLED, Content, load
from bot.settings import ROOT
from bot.store import database

_STATEMENTS: dict[Any, Any] = {}


def share() -> None:
    """From here on, in this process."""
    # A statement is kept for a dialect, and each engine has its own; but all are of one class, and set up alike.
    PGDialectAsync_psycopg.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign,assignment]
    PGDialectAsync_psycopg.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    database.create_async_engine = _engine  # type: ignore[attr-defined]
    ssl.create_default_context = lru_cache(ssl.create_default_context)  # type: ignore[assignment]


def _engine(*arguments: Any, **options: Any) -> AsyncEngine:
    return create_async_engine(*arguments, execution_options={"compiled_cache": _STATEMENTS}, **options)


@cache
def written() -> Content:
    """Everything that is written in this checkout, and what every installation of it would reckon of it. It never
    changes, so it is no garbage to be looked through either."""
    loaded = load(ROOT)
    for name in SETTLED:
        getattr(loaded, name)
    gc.collect()
    gc.freeze()
    return loaded
