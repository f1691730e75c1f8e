"""Background work (Procrastinate): what happens by the clock.

Law: a job never runs a flow and never sends; it deletes by class, or puts an input into the inbox. Arguments are ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from procrastinate import App, PsycopgConnector

from bot.observe import logs
from bot.store import retention
from bot.store.database import Database

log = logs.get(__name__)
RESTART_SECONDS = 5


def make(database: Database, clock: Callable[[], datetime]) -> App:
    """The jobs on this database; each periodic task runs once however many workers there are."""
    jobs = App(connector=PsycopgConnector(conninfo=database.direct_url, min_size=1, max_size=2))

    @jobs.periodic(cron="*/10 * * * *")
    @jobs.task(queueing_lock="purge", name="purge")
    async def purge(timestamp: int) -> None:
        while any((counts := await retention.purge(database, clock())).values()):
            log.info("purged", messages=counts["messages"], inbox=counts["inbox"], sessions=counts["sessions"])

    return jobs


async def run(database: Database, clock: Callable[[], datetime]) -> None:
    """Work until cancelled; a lost database is waited for."""
    while True:
        jobs = make(database, clock)
        try:
            async with jobs.open_async():
                await jobs.run_worker_async(install_signal_handlers=False, delete_jobs="always")
        except Exception as error:
            log.warning("jobs_stopped", kind=type(error).__name__)
        await asyncio.sleep(RESTART_SECONDS)
