"""Claims that end by themselves: whoever dies holding one loses it within seconds; whoever lives renews it, however
long the provider takes.

Law: a lease is written and read by the database's clock alone, so that no machine's own can steal one or make it last.
It is renewed only under the number it was claimed with. Nothing here depends on a session, so a pooler may stand
between (`docs/scaling.md`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, func, select, tuple_, update

from bot.observe import logs
from bot.store.database import UNAVAILABLE, Connection, Database

log = logs.get(__name__)
LEASE = timedelta(seconds=8)  # so that what a dead process held is taken over within 10
BEAT = 2.0  # seconds between two renewals: three may fail before a lease is lost


def until() -> ColumnElement[Any]:
    """The end of a lease that begins, or is renewed, in this transaction."""
    return func.now() + LEASE


def over(lease_until: Column[Any]) -> ColumnElement[bool]:
    """Whoever held this has not renewed it: it is dead, or was deaf for as long."""
    return lease_until < func.now()


def steady(database: Database) -> bool:
    """Whether the database answered here for as long as a lease lasts. If it did not, nobody could renew, and what
    looks like a dead worker's claim may be a living one's: it is left alone until that one had its time."""
    return time.monotonic() - database.failed_at > LEASE.total_seconds()


class Leases:
    """What one worker of this process holds in one table, renewed together.

    `held` is what holds of a row that is claimed, `number` the column that tells its holder.
    """

    def __init__(self, database: Database, table: Table, number: Column[Any], held: ColumnElement[bool]) -> None:
        self._database = database
        self._table, self._number, self._is_held = table, number, held
        self._held: dict[Any, tuple[int, float]] = {}  # id: number, since when
        self._timer: asyncio.TimerHandle | None = None
        self._renewing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def holding(self, claims: Mapping[Any, int]) -> AsyncIterator[None]:
        """As long as this lasts, these claims (id: number) are ours. What is held for less than BEAT costs nothing."""
        now = time.monotonic()
        self._held |= {row: (number, now) for row, number in claims.items()}
        if self._timer is None and self._held:
            self._wait()
        try:
            yield
        finally:
            for row, number in claims.items():
                if self._held.get(row, (None,))[0] == number:  # a newer claim of the same row goes on
                    del self._held[row]
            if not self._held:
                await self._rest()

    async def _rest(self) -> None:
        """Nothing is held: nothing beats, and a renewal that has begun gives its connection back first."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._renewing is not None:
            await asyncio.wait([self._renewing])

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(BEAT, self._beat)

    def _beat(self) -> None:
        if self._renewing is None or self._renewing.done():  # one at a time, however slow the database is
            self._renewing = asyncio.ensure_future(self._renew())
        self._wait()

    async def _renew(self) -> None:
        """One statement for all that are old enough."""
        since = time.monotonic() - BEAT * 0.9
        due = [(row, number) for row, (number, began) in self._held.items() if began <= since]
        if not due:
            return
        try:
            async with self._database.begin() as connection:
                await self.renew(connection, due)
        except UNAVAILABLE as error:  # the next beat tries again
            log.warning("lease_not_renewed", kind=type(error).__name__)

    async def renew(self, connection: Connection, due: list[tuple[Any, int]]) -> None:
        """Rows that are locked are passed over: their result is being written."""
        row = self._table.c.id
        mine = select(row).where(tuple_(row, self._number).in_(due), self._is_held)
        locked = mine.with_for_update(skip_locked=True, key_share=True).scalar_subquery()
        await connection.execute(update(self._table).where(row.in_(locked)).values(lease_until=until()))
