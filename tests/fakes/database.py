"""Databases of tests: copies of the newest schema on the session's server, and what may be counted in them.

Law: reads and administers from outside, as an operator would; the service's own rooms are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from bot.store.embedded import Server

JOBS = "procrastinate"  # these tables move by the clock, whatever people write
HOURS = "flow_hours"


@contextmanager
def copied(server: Server) -> Iterator[Server]:
    """A fresh copy of the schema, with addresses for all roles; gone at the end."""
    name = f"t_{uuid4().hex[:12]}"
    with psycopg.connect(server.on("postgres").url_admin, autocommit=True) as admin:
        # by its files, which takes half of what a copy through the log takes: nobody needs that log
        admin.execute(f"CREATE DATABASE {name} TEMPLATE saathi STRATEGY file_copy OWNER saathi_owner")
    try:
        yield server.on(name)
    finally:
        with psycopg.connect(server.on("postgres").url_admin, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def asked(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement, in a transaction of its own; [] when it has none."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def counts(url: str) -> dict[str, int]:
    """How many rows each table of ours holds, but the one in which a job marks that an hour was counted: it does so by
    the clock, at twenty past, whatever anybody asks. What it counts (`flow_counts`) is among them."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        ).fetchall()
        found = {}
        for (table,) in tables:
            if table != HOURS and not table.startswith(JOBS):
                row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
                found[table] = int(row[0]) if row else 0
    return found


def effects(url: str) -> dict[str, int]:
    """What messages left behind, by table and kind or state: equal for equal messages, however often they came."""
    found = {table: counts(url)[table] for table in ("seen", "addresses", "case_people", "messages")}
    for table, column in (
        ("inbox", "state"),
        ("cases", "kind"),
        ("case_events", "kind"),
        ("notices", "audience"),
        ("outbox", "state"),
        ("conversations", "owner"),
    ):
        for value, count in asked(url, f"SELECT {column}, count(*) FROM {table} GROUP BY 1"):
            found[f"{table}.{value}"] = count
    return found
