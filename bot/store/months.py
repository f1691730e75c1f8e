"""Months of the history that nearly nothing is left of: their partition is dropped, and its room given back at once.

Law: no row is lost. What is left of a month (kept with consent, of a held case, of a case that is open) is moved into
the DEFAULT partition in the same transaction. Only the owner role can do this; it happens in `saathi migrate`. The
trail is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

TABLE = "messages"
OVER = timedelta(days=62)  # after the end of a month: what goes by its age, or with its case, is gone
FEW = 1000  # rows that may be left: so many more in the DEFAULT partition are no burden
PATIENCE = "2s"  # people's turns wait behind a lock that is asked for: who cannot get it tries later
_NAME = re.compile(rf"{TABLE}_(\d{{4}})_(\d{{2}})")


def drop_spent(connection: Connection, today: date, tell: Callable[[str], None]) -> list[str]:
    """Drop the months that are spent; returns their names. `tell` hears of one that could not be locked."""
    dropped = []
    for name in _months(connection, today - OVER):
        if _rows(connection, name) > FEW:
            continue
        try:
            with connection.begin_nested():
                if _drop(connection, name):
                    dropped.append(name)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            tell(f"{name} is nearly empty, and in use: it is dropped at another migration")
    return dropped


def _months(connection: Connection, until: date) -> list[str]:
    """Partitions of whole months that ended before this day."""
    rows = connection.execute(
        text(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = to_regclass(:table) ORDER BY relname"
        ),
        {"table": TABLE},
    )
    found = [(row.relname, _NAME.fullmatch(row.relname)) for row in rows]
    return [name for name, match in found if match and _after(int(match[1]), int(match[2])) <= until]


def _after(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _rows(connection: Connection, name: str) -> int:
    """How many there are, as far as that matters."""
    query = f"SELECT count(*) FROM (SELECT FROM {name} LIMIT {FEW + 1}) AS left_over"  # noqa: S608 (a name of ours)
    return int(connection.execute(text(query)).scalar_one())


def _drop(connection: Connection, name: str) -> bool:
    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    connection.execute(text(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE"))  # with its parts: nobody writes meanwhile
    spent = _rows(connection, name) <= FEW
    if spent:
        connection.execute(text(f"CREATE TEMP TABLE kept_of_month AS SELECT * FROM {name}"))  # noqa: S608
        connection.execute(text(f"DROP TABLE {name}"))
        connection.execute(text("INSERT INTO messages SELECT * FROM kept_of_month"))
        connection.execute(text("DROP TABLE kept_of_month"))
    connection.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    return spent
