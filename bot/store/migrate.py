"""Migrations: run Alembic's revisions as the owner role, one migrator at a time, make the months' partitions,
and drop those of which nothing is left.

Law: only the owner role changes the schema; the application role has no right to.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import CheckViolation
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.months import drop_spent

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
PARTITIONED = ("messages", "audit")
MONTHS_AHEAD = 12
_LOCK = 7_221_548  # any number that is ours: pg_advisory_lock serialises migrators


def statements(script: Path) -> list[str]:
    """What a revision's .sql file says, one statement each, without its whole-line comments. The file ends a statement
    by `;` at the end of a line."""
    lines = [line for line in script.read_text("utf-8").splitlines(keepends=True) if not line.startswith("--")]
    return [statement for statement in "".join(lines).split(";\n") if statement.strip()]


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _make_partitions(connection: Connection, first: date, tell: Callable[[str], None]) -> None:
    """Months in UTC. A month of which rows lie in the DEFAULT partition is left to it: they are found there as well."""
    connection.execute(text("SET LOCAL timezone TO 'UTC'"))  # else the bounds were midnights of the server's place
    month = first.replace(day=1)
    for _ in range(MONTHS_AHEAD + 1):
        after = _next_month(month)
        for table in PARTITIONED:
            name = f"{table}_{month:%Y_%m}"
            exists = connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar()
            if exists is not None:
                continue
            try:
                with connection.begin_nested():
                    connection.execute(
                        text(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{month}') TO ('{after}')")
                    )
            except IntegrityError as error:
                if not isinstance(error.orig, CheckViolation):
                    raise
                tell(f"no partition {name}: rows of this month already lie in {table}_default, and stay there")
                continue
            if table == "audit":
                connection.execute(text(_PROTECT.format(name=name)))
        month = after


_PROTECT = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        REVOKE UPDATE, DELETE ON {name} FROM saathi_app;
    END IF;
END $$
"""


def _tell(line: str) -> None:
    print(f"warning: {line}", file=sys.stderr)


def _alone(connection: Connection) -> None:
    """Until no other migrator is at work. Asked again and again, never waited for inside a statement: an index that is
    built beside everybody's work waits for all statements that began before it, so for ours, and we for it."""
    while not connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": _LOCK}).scalar():
        connection.commit()
        time.sleep(0.1)
    connection.commit()


def migrate(owner_url: str, *, today: date | None = None, tell: Callable[[str], None] = _tell) -> str:
    """Bring the schema to the newest revision; returns it. `owner_url` = postgresql://... of the owner role.

    `tell` is given a line for every month that gets no partition of its own.
    """
    engine = create_engine(sqlalchemy_url(owner_url), hide_parameters=True)
    try:
        with engine.connect() as connection:
            _alone(connection)
            command.upgrade(_config(connection), "head")
            day = today or datetime.now(UTC).date()
            _make_partitions(connection, day, tell)
            connection.commit()
            drop_spent(connection, day, tell)
            connection.commit()
            return MigrationContext.configure(connection).get_current_revision() or ""
    finally:
        engine.dispose()


def newest() -> str:
    """The newest revision in this checkout."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def is_behind(revision: str) -> bool:
    """Whether a database lacks what this checkout needs. That of a later release has more: its migrations only add for
    as long as processes of this one may run, so they go on while they are replaced one after the other (T54)."""
    scripts = ScriptDirectory.from_config(_config())
    if revision == scripts.get_current_head():
        return False
    return revision in {"", *(script.revision for script in scripts.walk_revisions())}


def sqlalchemy_url(url: str) -> str:
    """A postgresql:// address with the driver named: psycopg 3."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


async def current(connection: AsyncConnection) -> str:
    """The revision that a database has; empty for a new one."""
    exists = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar()
    if exists is None:
        return ""
    return str((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() or "")
