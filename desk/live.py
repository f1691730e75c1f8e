"""Live pages: server-sent events that say "look again", fed by one LISTEN connection of the process.

Law: an event carries no data of people, only that what the page shows has another fingerprint; the page then asks for
itself anew, through the same door. So live events show exactly what views show. A lost notification costs a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psycopg
from litestar import Request
from litestar.response import ServerSentEvent, ServerSentEventMessage

from bot.observe import logs
from bot.store.database import OUTBOX_CHANNEL, UNAVAILABLE, Database

log = logs.get(__name__)
DESK_CHANNEL = "saathi_desk"
POLL = 1.0  # seconds; also between two looks at the right to look
CALM = 0.15  # at least so long between two looks of one page
BEAT = 15.0  # a comment so that proxies and phones keep the connection


class Live:
    """Wakes the pages of this process whenever something may have changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = asyncio.Event()
        self.stopping = False

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                connection = await self._database.listen_connection()
                try:
                    for channel in (OUTBOX_CHANNEL, DESK_CHANNEL):
                        await connection.execute(f"LISTEN {channel}")
                    async for _ in connection.notifies():
                        self.wake()
                finally:
                    await connection.close()
            except (psycopg.Error, OSError) as error:
                log.warning("listen_lost", kind=type(error).__name__)
                await asyncio.sleep(POLL)

    def wake(self) -> None:
        """Everybody looks once."""
        self._changed.set()
        self._changed = asyncio.Event()

    def stop(self) -> None:
        """Live answers end, so that the server can stop."""
        self.stopping = True
        self.wake()

    async def tell(self) -> None:
        """Something of the desk's own has changed: all processes look. After commit."""
        await self._database.notify(DESK_CHANNEL)

    async def wait(self, changed: asyncio.Event) -> None:
        """Until something may have changed since this was the event to wait for, a second at most."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), POLL)

    def stream(
        self,
        request: Request[Any, Any, Any],
        look: Callable[[Any], Awaitable[str]],
    ) -> ServerSentEvent:
        """Events of one page. `look` takes a database connection and computes the page's fingerprint; the door says
        once a second whether its reader may go on. What the browser has is in Last-Event-ID, or `since` at first."""
        since = request.headers.get("last-event-id") or str(request.query_params.get("since", ""))
        still: Callable[[], Awaitable[bool]] = request.scope["still"]  # type: ignore[typeddict-item]
        return ServerSentEvent(self._events(since, look, still))

    async def _looked(self, look: Callable[[Any], Awaitable[str]]) -> str:
        async with self._database.begin() as connection:
            return await look(connection)

    async def _events(
        self, since: str, look: Callable[[Any], Awaitable[str]], still: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[ServerSentEventMessage]:
        known, quiet = since, 0.0
        loop = asyncio.get_running_loop()
        yield ServerSentEventMessage(comment="here", retry=2000)
        checked = loop.time()
        while not self.stopping:
            changed = self._changed  # before the look: what changes meanwhile is looked at once more
            try:
                if loop.time() - checked >= POLL:
                    checked = loop.time()
                    if not await asyncio.shield(asyncio.ensure_future(still())):
                        yield ServerSentEventMessage(event="gone", data="")
                        return
                # Shielded: a reader who leaves would else cut off a question, and the connection with it.
                current = await asyncio.shield(asyncio.ensure_future(self._looked(look)))
            except UNAVAILABLE:
                await asyncio.sleep(POLL)
                continue
            if current != known:
                known, quiet = current, loop.time()
                yield ServerSentEventMessage(event="changed", id=current, data="")
            elif loop.time() - quiet > BEAT:
                quiet = loop.time()
                yield ServerSentEventMessage(comment="here")
            await asyncio.sleep(CALM)
            await self.wait(changed)
