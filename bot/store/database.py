"""The connection to PostgreSQL: one engine per process, bounded, with parameters hidden from every error.

Law: transactions are short; nothing waits for a network other than the database's inside one.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.migrate import sqlalchemy_url

INBOX_CHANNEL = "saathi_inbox"
OUTBOX_CHANNEL = "saathi_outbox"
VOUCH_CHANNEL = "saathi_vouch"  # a provider is to be asked about what arrived
# The database is away, full or busy: nothing is wrong with the work itself, it is tried again.
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, OSError)


Connection = AsyncConnection  # what rooms above the store call it


class Database:
    """`url`: postgresql://... of the application role. `direct_url`: past a pooler, for LISTEN; default the same."""

    def __init__(self, url: str, *, direct_url: str = "", pool_size: int = 8) -> None:
        self.url = url
        self.direct_url = direct_url or url
        self.failed_at = -math.inf  # by `time.monotonic`: when it did not answer for the last time
        self.engine: AsyncEngine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": 5, "application_name": "saathi"},
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back on an exception."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except UNAVAILABLE:
            self.failed_at = time.monotonic()
            raise

    async def notify(self, channel: str) -> None:
        """Wake listeners; called after commit, never inside a transaction."""
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql(f"NOTIFY {channel}")

    async def listen_connection(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        """A connection of its own, for LISTEN."""
        return await psycopg.AsyncConnection.connect(
            self.direct_url, autocommit=True, connect_timeout=5, application_name="saathi-listen"
        )

    async def close(self) -> None:
        """Let go of all connections."""
        await self.engine.dispose()
