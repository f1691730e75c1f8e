"""A clock that is set back while we work, or was while nobody did.

Law: seen by the clock that only runs forward, so one that is behind and set forward changes nothing. The library of
jobs remembers for which minute it last did something, and stands still until that comes again: it is begun anew.

Of a clock that was set back while nobody worked only the rows tell: some lie ahead of now. So they do where the clock
is behind now, on a machine that has just begun, and there nothing may be changed: the kernel says whether the clock is
kept right by others. How long nobody worked is not known: it counts as too long for an answer at night.
"""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.observe import logs
from bot.store import clocks
from bot.store.database import INBOX_CHANNEL, OUTBOX_CHANNEL, Database

log = logs.get(__name__)
LOOK_SECONDS = 10.0
LONG = timedelta(hours=1)  # no word of hers from before that opens the night
TIME_ERROR = 5  # adjtimex(2): nobody keeps the clock right


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


def kept_right() -> bool:
    """Whether this machine's clock is kept by others' (NTP), as its kernel knows; False where that cannot be told."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))  # all zero: it is only asked
    except (OSError, AttributeError):  # no Linux
        return False
    return 0 <= int(state) < TIME_ERROR


async def look_back(
    database: Database, clock: Callable[[], datetime], sure: Callable[[], bool] = kept_right
) -> timedelta | None:
    """At the start: how far the clock was set back while nobody worked; None where nothing shows it, or where it cannot
    be told from a clock that is behind, which is logged."""
    newest, now = await clocks.newest(database), clock()
    if newest is None or newest - now <= clocks.AHEAD:
        return None
    ahead = newest - now
    if await clocks.differs(database, now):
        log.error("clock_differs")
        return None
    if not sure():
        log.error("clock_behind_rows", seconds=min(int(ahead.total_seconds()), 999_999))
        return None
    return ahead + LONG
