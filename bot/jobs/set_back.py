"""A clock that is set back while we work.

Law: seen by the clock that only runs forward, so one that is behind and set forward changes nothing. The library of
jobs remembers for which minute it last did something, and stands still until that comes again: it is begun anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.observe import logs
from bot.store import clocks
from bot.store.database import INBOX_CHANNEL, OUTBOX_CHANNEL, Database

log = logs.get(__name__)
LOOK_SECONDS = 10.0


def lead() -> float:
    """Seconds by which the clock leads the one that only runs forward."""
    return time.time() - time.monotonic()


async def seen(lead: Callable[[], float] = lead, seconds: float = LOOK_SECONDS) -> timedelta:
    """Returns when the clock was set back by more than two minutes, and by how much."""
    most = lead()
    while True:
        await asyncio.sleep(seconds)
        now = lead()
        if (back := timedelta(seconds=most - now)) > clocks.AHEAD:
            return back
        most = max(most, now)


async def put_right(database: Database, clock: Callable[[], datetime], back: timedelta) -> None:
    """What the clock has put off is due again, if it agrees with the database's now."""
    if await clocks.differs(database, clock()):
        log.error("clock_differs")
        return
    log.warning("clock_was_wrong", rows=await clocks.put_right(database, clock(), back))
    await database.notify(INBOX_CHANNEL)
    await database.notify(OUTBOX_CHANNEL)
