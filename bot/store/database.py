"""The connection to PostgreSQL: one engine per process, bounded, with parameters hidden from every error.

Law: transactions are short; nothing waits for a network other than the database's inside one.
"""

from __future__ import annotations

import asyncio
import math
import select
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.exc import DataError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.observe import logs
from bot.store.migrate import sqlalchemy_url

log = logs.get(__name__)
INBOX_CHANNEL = "saathi_inbox"
OUTBOX_CHANNEL = "saathi_outbox"
VOUCH_CHANNEL = "saathi_vouch"  # a provider is to be asked about what arrived
# The database is away, full or busy: nothing is wrong with the work itself, it is tried again.
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, OSError)

TOO_LARGE = "54"  # the class of such errors at PostgreSQL, "program limit exceeded"

# What our connections are called at the server (`pg_stat_activity`): whoever wants the database alone looks for them.
AT_WORK, LISTENS = "saathi", "saathi-listen"

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
            pool_use_lifo=True,  # few of them at work keep their prepared statements and plans warm
            hide_parameters=True,
            connect_args={"connect_timeout": 5, "application_name": AT_WORK},
        )
        self._looking = self.engine.execution_options(isolation_level="AUTOCOMMIT")  # on the same connections
        self.pids: set[int] = set()  # of our connections at the server: who of us said something
        self._near: list[Callable[[str], None]] = []
        self._unsaid: dict[str, None] = {}
        self._saying: asyncio.Task[None] | None = None
        event.listen(self.engine.sync_engine, "checkout", _still_there)
        event.listen(self.engine.sync_engine, "connect", self._made)
        event.listen(self.engine.sync_engine, "close", self._gone)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back on an exception."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except UNAVAILABLE as error:
            if (ours := _too_large(error)) is not None:
                raise DataError(None, None, ours, hide_parameters=True) from None
            self.failed_at = time.monotonic()
            raise

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[AsyncConnection]:
        """A connection for one look that changes nothing: each statement by itself, with no transaction to open and
        to end around it."""
        try:
            async with self._looking.connect() as connection:
                yield connection
        except UNAVAILABLE:
            self.failed_at = time.monotonic()
            raise

    def hears(self, wake: Callable[[str], None]) -> None:
        """Call this in the process itself at each `notify`: who works here does not wait for the server."""
        self._near.append(wake)

    async def notify(self, channel: str) -> None:
        """Wake listeners; called after commit, never inside a transaction. Does not wait until the server knows:
        what is said meanwhile is said together, and one that is lost costs a second (`wake.py`)."""
        for wake in self._near:
            wake(channel)
        self._unsaid[channel] = None
        if self._saying is None:
            self._saying = asyncio.create_task(self._say())

    async def _say(self) -> None:
        try:
            while self._unsaid:
                channels, self._unsaid = self._unsaid, {}
                async with self._looking.connect() as connection:
                    for channel in channels:
                        await connection.exec_driver_sql(f"NOTIFY {channel}")
        except UNAVAILABLE as error:
            log.warning("not_notified", kind=type(error).__name__)
        finally:
            self._saying = None

    def _made(self, mine: Any, record: Any) -> None:
        record.info["pid"] = mine.driver_connection.info.backend_pid
        self.pids.add(record.info["pid"])

    def _gone(self, mine: Any, record: Any) -> None:
        if record is not None:
            self.pids.discard(record.info.get("pid", 0))

    async def listen_connection(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        """A connection of its own, for LISTEN."""
        return await psycopg.AsyncConnection.connect(
            self.direct_url, autocommit=True, connect_timeout=5, application_name=LISTENS
        )

    async def close(self) -> None:
        """Say what is still to be said, and let go of all connections."""
        if self._saying is not None:
            await asyncio.wait([self._saying])
        await self.engine.dispose()


def _too_large(error: Exception) -> psycopg.Error | None:
    """What the driver said, when a value does not fit its table. psycopg counts that among what passes; it is the work
    that is wrong, and no other try helps."""
    told = error.orig if isinstance(error, OperationalError) else None
    return told if isinstance(told, psycopg.Error) and (told.sqlstate or "").startswith(TOO_LARGE) else None


def _still_there(mine: Any, record: Any, fairy: Any) -> None:
    """Whether the server has not hung up meanwhile: what can be read on an idle connection is that. It takes a
    microsecond; to ask the server took a third of a short transaction."""
    look = select.poll()
    look.register(mine.driver_connection.fileno(), select.POLLIN)
    if look.poll(0):
        raise InvalidatePoolError()
