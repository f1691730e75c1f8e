"""Indexes on tables that people's messages are written to meanwhile: built beside that work, never in its way.

Law: what else stands in a revision of `migrations/` that calls this can be done twice. Each index is committed by
itself; what was broken off is invalid, and built anew by the next start; what is there is left alone.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection, text

NAMED = text(
    "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relname = :name AND c.relnamespace = 'public'::regnamespace"
)
PARTITIONS = text(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = to_regclass(:name) ORDER BY 1"
)

NOT_BUILT = "-- squawk-ignore require-concurrent-index-creation"


def build(name: str, table: str, what: str) -> None:
    """`CREATE INDEX name ON table what`. A partitioned table cannot do that beside its work: each partition gets its
    own, and then they are made one."""
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        if _valid(connection, name):
            return
        partitions = [row.name for row in connection.execute(PARTITIONS, {"name": table})]
        if not partitions:
            _one(connection, name, table, what)
            return
        # Of the parent alone nothing is built: it waits for nobody.
        op.execute(f"{NOT_BUILT}\nCREATE INDEX IF NOT EXISTS {name} ON ONLY {table} {what}")
        joined = {row.name for row in connection.execute(PARTITIONS, {"name": name})}
        for partition in partitions:
            part = name + partition.removeprefix(table)
            if part not in joined:
                _one(connection, part, partition, what)
                op.execute(f"ALTER INDEX {name} ATTACH PARTITION {part}")


def _one(connection: Connection, name: str, table: str, what: str) -> None:
    there = _valid(connection, name)
    if there:
        return
    # However long it takes: whoever builds beside the work waits for what began before him, and nobody waits for him.
    patience = connection.execute(text("SHOW lock_timeout")).scalar_one()
    op.execute("SET lock_timeout = 0")
    if there is False:
        op.execute(f"DROP INDEX CONCURRENTLY {name}")
    op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} {what}")
    op.execute(f"SET lock_timeout = '{patience}'")


def _valid(connection: Connection, name: str) -> bool | None:
    """None: there is no such index."""
    found = connection.execute(NAMED, {"name": name}).scalar()
    return None if found is None else bool(found)
