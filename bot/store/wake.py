"""Waking up: LISTEN on a connection of its own, with reconnects; callers also look each second by themselves.

Law: a lost notification costs a second, never a message. Who is told to stop finishes what is in hand first.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import psycopg

from bot.observe import logs
from bot.store.database import INBOX_CHANNEL, OUTBOX_CHANNEL, UNAVAILABLE, VOUCH_CHANNEL, Database

log = logs.get(__name__)
POLL_SECONDS = 1.0
FAULT_SECONDS = 1.0
REST, REST_MOST = 2.0, 0.5  # times as long as it worked; seconds
REST_LOOK = 0.005  # seconds between looks whether they are gone, which is soon


class Wake:
    """Events set by notifications: `await wake.inbox()` returns at the next one, or after a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = {name: asyncio.Event() for name in (INBOX_CHANNEL, OUTBOX_CHANNEL, VOUCH_CHANNEL)}
        self.stopping = False
        self.pressed: Callable[[], bool] = lambda: False  # whether providers stand at the door of this process

    async def run(self) -> None:
        """Listen until cancelled. What is said in this process is heard here at once, and not again from the server."""
        self._database.hears(self.set)
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                log.warning("listen_lost", kind=type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)

    async def _listen(self) -> None:
        connection = await self._database.listen_connection()
        try:
            for channel in self._events:
                await connection.execute(f"LISTEN {channel}")
            async for notification in connection.notifies():
                if notification.pid not in self._database.pids:
                    self._events[notification.channel].set()
        finally:
            await connection.close()

    def set(self, channel: str) -> None:
        """Wake waiters in this process at once."""
        if channel in self._events:
            self._events[channel].set()

    def stop(self) -> None:
        """Workers end once what they have in hand is finished; whoever waits wakes up for it."""
        self.stopping = True
        for event in self._events.values():
            event.set()

    async def work(self, once: Callable[[], Awaitable[int]], channel: str, seconds: float = POLL_SECONDS) -> None:
        """Call `once` until told to stop, and when it found nothing to do wait for the channel. A fault of ours ends no
        worker: its rows are still there, and its leases run out. It rests as long as many webhooks wait to be stored,
        also before it follows a call: a provider gives up within seconds, and what is stored is answered a moment
        later."""
        while not self.stopping:
            began = time.monotonic()
            try:
                handled = await once()
                worked = time.monotonic() - began
                if handled == 0:
                    await self.wait(channel, seconds)
                if self.pressed():
                    await self._rest(worked)
            except UNAVAILABLE as error:
                log.warning("database_unavailable", kind=type(error).__name__)
                await asyncio.sleep(FAULT_SECONDS)
            except Exception as error:
                log.error("worker_fault", kind=type(error).__name__, code=channel, exc_info=True)
                await asyncio.sleep(FAULT_SECONDS)

    async def _rest(self, worked: float) -> None:
        until = time.monotonic() + min(REST_MOST, REST * worked)
        while self.pressed() and time.monotonic() < until:  # noqa: ASYNC110 (each request would set an event)
            await asyncio.sleep(REST_LOOK)

    async def wait(self, channel: str, seconds: float = POLL_SECONDS) -> None:
        """Wait for a notification, or for `seconds`; not at all when it is time to stop."""
        if self.stopping:
            return
        event = self._events[channel]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        event.clear()
