"""What an engine asks its database, as long as somebody listens.

Law: hears and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import event

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

    def hear(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append(Asked(statement, parameters, many))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)
