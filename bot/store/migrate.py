"""Migrations: run Alembic's revisions as the owner role, one migrator at a time, make the months' partitions,
and drop those of which nothing is left.

Law: only the owner role changes the schema; the application role has no right to. People write meanwhile: nothing here
waits long for a lock, and each migration leaves what the version before it needs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg.errors import CheckViolation, DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.settings import CannotStart
from bot.store.months import PATIENCE, drop_spent

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
PARTITIONED = ("messages", "audit")
MONTHS_AHEAD = 12
TRIES, FEW_TRIES = 60, 5  # of what must be done, and of what can wait for another migration
PAUSE = 1.0  # seconds between two of them, in which turns go on
OLDEST = 17  # PostgreSQL's major version
_LOCK = 7_221_548  # any number that is ours: pg_advisory_lock serialises migrators


class Busy(CannotStart):
    """The locks that a migration needs were not to be had."""


def statements(script: Path) -> list[str]:
    """What a revision's .sql file says, one statement each, without its whole-line comments. The file ends a statement
    by `;` at the end of a line."""
    lines = [line for line in script.read_text("utf-8").splitlines(keepends=True) if not line.startswith("--")]
    return [statement for statement in "".join(lines).split(";\n") if statement.strip()]


def config_of(connection: Connection) -> Config:
    """Alembic's, of our revisions, by this connection."""
    from alembic.config import Config  # 9 MB and a fifth of a second: only where there is something to do

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(config_of(connection), "head")


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _make_partitions(connection: Connection, first: date, tell: Callable[[str], None]) -> None:
    """Months in UTC, each by itself. A month of which rows lie in the DEFAULT partition is left to it: they are found
    there as well. One whose lock was not to be had is made by another migration: there are MONTHS_AHEAD."""
    connection.execute(text("SET timezone TO 'UTC'"))  # else the bounds were midnights of the server's place
    connection.commit()
    month = first.replace(day=1)
    for _ in range(MONTHS_AHEAD + 1):
        for table in PARTITIONED:
            name = f"{table}_{month:%Y_%m}"
            try:
                patiently(connection, partial(_make_month, connection, table, name, month), tries=FEW_TRIES)
            except IntegrityError as error:
                connection.rollback()
                if not isinstance(error.orig, CheckViolation):
                    raise
                tell(f"no partition {name}: rows of this month already lie in {table}_default, and stay there")
            except Busy:
                tell(f"no partition {name}: {table} is in use; the next migration makes it")
        month = _next_month(month)


def _make_month(connection: Connection, table: str, name: str, month: date) -> None:
    if connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar() is None:
        connection.execute(
            text(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{month}') TO ('{_next_month(month)}')")
        )
        if table == "audit":
            connection.execute(text(_PROTECT.format(name=name)))
    connection.commit()


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


def patiently(connection: Connection, work: Callable[[], None], *, tries: int) -> None:
    """Do something that takes locks, again when it could not get them: whoever waits for a lock lets all turns wait
    behind him, so nobody waits long. What is tried again was rolled back, or can be done twice. Raises Busy."""
    for left in reversed(range(tries)):
        try:
            return work()
        except OperationalError as error:
            connection.rollback()
            if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):  # a turn holds one and wants another
                raise
            if left:
                time.sleep(PAUSE)
    raise Busy(
        "a table is in use by something that takes long: find it in pg_stat_activity, and run `saathi migrate` again."
        " Nothing is half done"
    )


def migrate(owner_url: str, *, today: date | None = None, tell: Callable[[str], None] = _tell) -> str:
    """Bring the schema to the newest revision; returns it. `owner_url` = postgresql://... of the owner role. A schema
    that is ahead of this checkout is left as it is.

    `tell` is given a line for every month that gets no partition of its own, and one for a
    PostgreSQL that is old. Raises Busy, which says what to do.
    """
    engine = create_engine(sqlalchemy_url(owner_url), hide_parameters=True)
    try:
        with engine.connect() as connection:
            _tell_age(connection, tell)
            _alone(connection)
            connection.execute(text(f"SET lock_timeout = '{PATIENCE}'"))
            connection.commit()
            behind = _revision(connection) < newest()  # what a newer version made leaves what we need
            connection.commit()
            if behind:
                patiently(connection, partial(_upgrade, connection), tries=TRIES)
            day = today or datetime.now(UTC).date()
            _make_partitions(connection, day, tell)
            drop_spent(connection, day, tell)
            connection.commit()
            return _revision(connection)
    finally:
        engine.dispose()


def _tell_age(connection: Connection, tell: Callable[[str], None]) -> None:
    """It may well work, and nobody has looked."""
    major = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    connection.commit()
    if major < OLDEST:
        tell(f"this is PostgreSQL {major}; nobody has tried any older than {OLDEST} (docs/operations.md)")


def newest() -> str:
    """The newest revision in this checkout: each is the number with which its file's name begins."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def serves(revision: str) -> bool:
    """Whether this version can work with a schema: its own, or one that a newer version has made meanwhile. Each
    migration leaves what the version before it needs (`migrations/rules.py`), so that processes can be renewed one
    after the other."""
    return revision >= newest()


def sqlalchemy_url(url: str) -> str:
    """A postgresql:// address with the driver named: psycopg 3."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def _revision(connection: Connection) -> str:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


async def current(connection: AsyncConnection) -> str:
    """The revision that a database has; empty for a new one."""
    return await connection.run_sync(_revision)
