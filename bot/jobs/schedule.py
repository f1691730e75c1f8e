"""When each job runs, and what it tells the log.

Law: each periodic task runs once however many workers there are; what it does stands in the file of its kind, here or
in the store.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from procrastinate import App, PsycopgConnector

from bot import outgoing
from bot.jobs import set_back
from bot.jobs.drop_off import count_questions
from bot.jobs.searching import end_searches, lay_answers
from bot.jobs.started import ask_before_it_shuts, send_by_sms, start_late, start_reminders
from bot.jobs.wishes import Failures, erase_due, link_due
from bot.observe import logs
from bot.rostering import Roster
from bot.store import audit, retention, sign_ins
from bot.store.database import Database
from bot.store.keys import Keys

log = logs.get(__name__)
RESTART_SECONDS = 5
AGAIN_SECONDS = 5.0  # until a worker that goes on is told to end once more
MINUTE, FIVE, TEN = "* * * * *", "*/5 * * * *", "*/10 * * * *"
HOUR, NIGHT = "20 * * * *", "40 4 * * *"
Sweep: TypeAlias = Callable[[], Awaitable[int]]  # returns how many
Act: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Others:
    """What other rooms do when the clock says so; what is left out is not done. `after_erasing`: whatever of the erased
    lies outside the database. `files`: without a row. `digest`: counts for colleagues. `box`: letters that wait.
    `broadcast`: a minute's worth of what is told to many."""

    after_erasing: Act | None = None
    files: Sweep | None = None
    digest: Sweep | None = None
    box: Sweep | None = None
    broadcast: Sweep | None = None


NO_OTHERS = Others()


def make(
    database: Database,
    secrets: Keys,
    policy: outgoing.Policy,
    roster: Roster,
    clock: Callable[[], datetime],
    others: Others = NO_OTHERS,
) -> App:
    """The jobs on this database."""
    jobs = App(connector=PsycopgConnector(conninfo=database.direct_url, min_size=1, max_size=2))
    for name, cron, act in _Clerk(database, secrets, policy, roster, clock, others, Counter()).timetable():
        _add(jobs, name, cron, act)
    return jobs


def _add(jobs: App, name: str, cron: str, act: Act) -> None:
    @jobs.periodic(cron=cron)
    @jobs.task(queueing_lock=name, name=name)
    async def task(timestamp: int) -> None:
        await act()


@dataclass(frozen=True, slots=True)
class _Clerk:
    """Does each job with what it needs. `failures`: of wishes, forgotten when the service starts anew."""

    database: Database
    secrets: Keys
    policy: outgoing.Policy
    roster: Roster
    clock: Callable[[], datetime]
    others: Others
    failures: Failures

    def timetable(self) -> Iterator[tuple[str, str, Act]]:
        """(name, cron in UTC, what is done)."""
        yield "remind", MINUTE, self._remind
        yield "fallback", MINUTE, self._by_sms
        yield "wishes", MINUTE, self._wishes
        yield "targets", MINUTE, self._targets
        yield "searches", MINUTE, self._searches
        yield "broadcast", MINUTE, self._broadcast
        yield "seal", FIVE, self._seal
        yield "windows", FIVE, self._windows
        yield "digest", FIVE, self._digest
        yield "purge", TEN, self._purge
        yield "rota", TEN, self._rota
        yield "drop_off", HOUR, self._drop_off
        yield "box", NIGHT, self._box

    async def _remind(self) -> None:
        if started := await start_reminders(self.database, self.secrets, self.policy, self.clock()):
            log.info("reminders_started", rows=started)

    async def _by_sms(self) -> None:
        if rows := await send_by_sms(self.database, self.secrets, self.clock()):
            log.info("sent_by_sms_instead", rows=rows)

    async def _wishes(self) -> None:
        if erased := await erase_due(self.database, self.clock(), self.failures):
            log.info("people_erased", rows=erased)
        if self.others.after_erasing is not None:  # also what a command, or another process that died, erased
            await self.others.after_erasing()
        if linked := await link_due(self.database, self.secrets, self.clock(), self.failures):
            log.info("channels_linked", rows=linked)

    async def _targets(self) -> None:
        if late := await start_late(self.database, self.secrets, self.policy, self.clock()):
            log.warning("answers_late", rows=late)

    async def _searches(self) -> None:
        if laid := await lay_answers(self.database, self.secrets, self.clock()):
            log.info("search_answers_laid", rows=laid)
        if ended := await end_searches(self.database, self.secrets, self.clock()):
            log.info("searches_ended", rows=ended)

    async def _broadcast(self) -> None:
        if self.others.broadcast is not None and (queued := await self.others.broadcast()):
            log.info("broadcast_queued", rows=queued)

    async def _seal(self) -> None:
        async with self.database.begin() as connection:
            sealed = await audit.seal(connection, self.secrets, self.clock())
            await sign_ins.purge(connection, self.clock())
        if sealed:
            log.info("trail_sealed", rows=sealed)

    async def _windows(self) -> None:
        if asked := await ask_before_it_shuts(self.database, self.secrets, self.policy, self.clock()):
            log.info("windows_asked", rows=asked)

    async def _digest(self) -> None:
        if self.others.digest is not None and (told := await self.others.digest()):
            log.info("colleagues_told", rows=told)

    async def _purge(self) -> None:
        while any((counts := await retention.purge(self.database, self.secrets, self.clock())).values()):
            log.info("purged", messages=counts["messages"], inbox=counts["inbox"], sessions=counts["sessions"])
        if self.others.files is not None and (files := await self.others.files()):
            log.info("files_swept", rows=files)

    async def _rota(self) -> None:
        async with self.database.begin() as connection:
            if told := await self.roster.warn(connection, self.clock()):
                log.warning("shifts_empty", rows=told)

    async def _drop_off(self) -> None:
        if counted := await count_questions(self.database, self.secrets, self.clock()):
            log.info("questions_counted", rows=counted)

    async def _box(self) -> None:
        if self.others.box is not None:
            await self.others.box()


async def run(
    database: Database,
    secrets: Keys,
    policy: outgoing.Policy,
    roster: Roster,
    clock: Callable[[], datetime],
    others: Others = NO_OTHERS,
) -> None:
    """Work until cancelled; a lost database is waited for, and a clock that is set back is begun anew with."""
    await _look_back(database, clock)
    while True:
        worker = asyncio.create_task(_work(make(database, secrets, policy, roster, clock, others)))
        watch = asyncio.create_task(set_back.seen())
        try:
            await asyncio.wait({worker, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            while not worker.done():  # the library may lose it while it opens
                worker.cancel()
                await asyncio.wait({worker}, timeout=AGAIN_SECONDS)
            await asyncio.wait({watch})
        if not watch.cancelled():
            await _put_right(database, clock, watch.result())
        await asyncio.sleep(RESTART_SECONDS)


async def _look_back(database: Database, clock: Callable[[], datetime]) -> None:
    try:
        back = await set_back.look_back(database, clock)
    except Exception as error:  # the database is away: they are begun all the same
        log.error("clock_not_put_right", kind=type(error).__name__)
        return
    if back is not None:
        await _put_right(database, clock, back)


async def _put_right(database: Database, clock: Callable[[], datetime], back: timedelta) -> None:
    for _ in range(2):  # once more: what somebody held was passed over
        try:
            await set_back.put_right(database, clock, back)
        except Exception as error:  # the jobs go on all the same
            log.error("clock_not_put_right", kind=type(error).__name__)
        await asyncio.sleep(RESTART_SECONDS)


async def _work(jobs: App) -> None:
    try:
        async with jobs.open_async():
            await jobs.run_worker_async(install_signal_handlers=False, delete_jobs="always")
    except Exception as error:
        log.warning("jobs_stopped", kind=type(error).__name__)
