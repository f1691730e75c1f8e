"""Background work (Procrastinate): what happens by the clock.

Law: a job never runs a flow and never sends; it deletes by class, or puts an input into the inbox. Arguments are ids.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from procrastinate import App, PsycopgConnector

from bot import outgoing
from bot.observe import logs
from bot.rostering import Roster
from bot.store import (
    audit,
    clocks,
    drop_off,
    erase,
    fallback,
    late,
    merge,
    reminders,
    retention,
    searches,
    sign_ins,
    turns,
    volunteers,
    windows,
)
from bot.store.database import INBOX_CHANNEL, OUTBOX_CHANNEL, Database
from bot.store.keys import Keys
from bot.store.reached import Reached
from bot.store.reminders import Due, Place
from bot.store.rows import CHECK_IN, Conversation, Person
from handlers import targets

log = logs.get(__name__)
RESTART_SECONDS = 5
TRIES = 5  # of one person's wish, a minute apart, before a human is told
Failures: TypeAlias = Counter[tuple[str, UUID]]  # (wish, subject); forgotten when the service starts anew
Sweep: TypeAlias = Callable[[], Awaitable[int]]  # files without a row; letters that wait; broadcasts
Connection: TypeAlias = Any  # of the database: what it is, only the store knows


def make(
    database: Database,
    secrets: Keys,
    policy: outgoing.Policy,
    roster: Roster,
    clock: Callable[[], datetime],
    after_erasing: Callable[[], Awaitable[None]] | None = None,
    sweep: Sweep | None = None,
    digest: Sweep | None = None,
    remind_box: Sweep | None = None,
    broadcast: Sweep | None = None,
) -> App:
    """The jobs on this database; each periodic task runs once however many workers there are."""
    failures: Failures = Counter()
    jobs = App(connector=PsycopgConnector(conninfo=database.direct_url, min_size=1, max_size=2))

    @jobs.periodic(cron="*/10 * * * *")
    @jobs.task(queueing_lock="purge", name="purge")
    async def purge(timestamp: int) -> None:
        while any((counts := await retention.purge(database, secrets, clock())).values()):
            log.info("purged", messages=counts["messages"], inbox=counts["inbox"], sessions=counts["sessions"])

        if sweep is not None and (files := await sweep()):
            log.info("files_swept", rows=files)

    @jobs.periodic(cron="*/5 * * * *")
    @jobs.task(queueing_lock="seal", name="seal")
    async def seal(timestamp: int) -> None:
        async with database.begin() as connection:
            sealed = await audit.seal(connection, secrets, clock())
            await sign_ins.purge(connection, clock())
        if sealed:
            log.info("trail_sealed", rows=sealed)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(queueing_lock="remind", name="remind")
    async def remind(timestamp: int) -> None:
        started = await start_reminders(database, secrets, policy, clock())
        if started:
            log.info("reminders_started", rows=started)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(queueing_lock="clocks", name="clocks")
    async def put_right(timestamp: int) -> None:
        if rows := await clocks.put_right(database, clock()):
            log.warning("clock_was_wrong", rows=rows)
            await database.notify(INBOX_CHANNEL)
            await database.notify(OUTBOX_CHANNEL)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(queueing_lock="fallback", name="fallback")
    async def by_sms(timestamp: int) -> None:
        if rows := await send_by_sms(database, secrets, clock()):
            log.info("sent_by_sms_instead", rows=rows)

    @jobs.periodic(cron="*/5 * * * *")
    @jobs.task(queueing_lock="windows", name="windows")
    async def shutting(timestamp: int) -> None:
        if asked := await ask_before_it_shuts(database, secrets, policy, clock()):
            log.info("windows_asked", rows=asked)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(queueing_lock="wishes", name="wishes")
    async def wishes(timestamp: int) -> None:
        if erased := await erase_due(database, clock(), failures):
            log.info("people_erased", rows=erased)
        if after_erasing is not None:  # also what a command, or another process that died, erased
            await after_erasing()
        if linked := await link_due(database, secrets, clock(), failures):
            log.info("channels_linked", rows=linked)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(queueing_lock="targets", name="targets")
    async def answers(timestamp: int) -> None:
        if late_ones := await start_late(database, secrets, policy, clock()):
            log.warning("answers_late", rows=late_ones)

    @jobs.periodic(cron="*/10 * * * *")
    @jobs.task(queueing_lock="rota", name="rota")
    async def watch_rota(timestamp: int) -> None:
        async with database.begin() as connection:
            if told := await roster.warn(connection, clock()):
                log.warning("shifts_empty", rows=told)

    @jobs.periodic(cron="*/5 * * * *")
    @jobs.task(queueing_lock="digest", name="digest")
    async def tell_colleagues(timestamp: int) -> None:
        if digest is not None and (told := await digest()):
            log.info("colleagues_told", rows=told)

    @jobs.periodic(cron="20 * * * *")
    @jobs.task(queueing_lock="drop_off", name="drop_off")
    async def drop_off_hours(timestamp: int) -> None:
        if counted := await count_questions(database, secrets, clock()):
            log.info("questions_counted", rows=counted)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(queueing_lock="searches", name="searches")
    async def searching(timestamp: int) -> None:
        if laid := await lay_answers(database, secrets, clock()):
            log.info("search_answers_laid", rows=laid)
        if ended := await end_searches(database, secrets, clock()):
            log.info("searches_ended", rows=ended)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(queueing_lock="broadcast", name="broadcast")
    async def tell_many(timestamp: int) -> None:
        if broadcast is not None and (queued := await broadcast()):
            log.info("broadcast_queued", rows=queued)

    @jobs.periodic(cron="40 4 * * *")
    @jobs.task(queueing_lock="box", name="box")
    async def box_waits(timestamp: int) -> None:
        if remind_box is not None:
            await remind_box()

    return jobs


async def lay_answers(database: Database, secrets: Keys, now: datetime) -> int:
    """What volunteers wrote is laid into the cases that it is about; returns how many answers."""
    async with database.begin() as connection:
        laid = await searches.bring(connection, secrets, now)
        await volunteers.mark_addresses(connection)
    if laid:
        await database.notify(OUTBOX_CHANNEL)  # the pages of the desk look again
    return laid


async def end_searches(database: Database, secrets: Keys, now: datetime) -> int:
    """Searches that ran out, whose case is closed or whose reporter is gone: volunteers are told to stop. Each in a
    transaction of its own, since each locks people; returns how many were ended."""
    ended = 0
    async with database.begin() as connection:
        due, gone = await searches.due(connection, now), await searches.orphans(connection)
    for case_id, request_id, state in due:
        async with database.begin() as connection:
            ended += await searches.end(connection, secrets, case_id, request_id, now, state=state)
    if gone:
        async with database.begin() as connection:
            ended += await searches.stop(connection, secrets, gone, now)
    return ended


async def count_questions(database: Database, secrets: Keys, now: datetime) -> int:
    """Count the hours that are ripe, each in a transaction of its own; returns how many questions were counted."""
    async with database.begin() as connection:
        hours = await drop_off.due(connection, now)
    counted = 0
    for hour in hours:
        async with database.begin() as connection:
            counted += await drop_off.count(connection, secrets, hour)
    return counted


async def erase_due(database: Database, now: datetime, failures: Failures | None = None) -> int:
    """Erase who asked for it 48 hours ago, each in a transaction of its own; returns how many were erased."""
    async with database.begin() as connection:
        people = await erase.due(connection, now)

    async def one(connection: Connection, subject_id: UUID) -> bool:
        return await erase.carry_out(connection, subject_id, now)

    return await _each(database, people, one, now, "erasure", failures)


async def link_due(database: Database, secrets: Keys, now: datetime, failures: Failures | None = None) -> int:
    """Join the channels of people who wrote a code, each in a transaction of its own; returns how many were joined."""
    async with database.begin() as connection:
        people = await merge.due(connection)

    async def one(connection: Connection, subject_id: UUID) -> bool:
        return await merge.carry_out(connection, secrets, subject_id, now)

    linked = await _each(database, people, one, now, "link", failures)
    if linked:
        await database.notify(INBOX_CHANNEL)  # what waited for a joined subject is looked at again
    return linked


async def _each(
    database: Database,
    people: Sequence[UUID],
    one: Callable[[Connection, UUID], Awaitable[bool]],
    now: datetime,
    wish: str,
    failures: Failures | None,
) -> int:
    """How many were done. Who fails stops nobody else, is tried again at the next look, and after some tries a human
    is told, once."""
    done, failures = 0, Counter() if failures is None else failures
    for subject_id in people:
        try:
            async with database.begin() as connection:
                done += await one(connection, subject_id)
            failures.pop((wish, subject_id), None)
        except Exception as error:
            failures[wish, subject_id] += 1
            log.error("wish_failed", job=wish, kind=type(error).__name__, attempt=failures[wish, subject_id])
            if failures[wish, subject_id] == TRIES:
                async with database.begin() as connection:
                    await erase.tell(connection, subject_id, now, f"{wish}_failed")
    return done


async def start_reminders(database: Database, secrets: Keys, policy: outgoing.Policy, now: datetime) -> int:
    """Make inputs of the due reminders that may be said now; the others wait. Returns how many were started.

    A person whose turn is running is left for the next minute.
    """

    def may(due: Due) -> bool:
        return _may_leave(policy, due, now)

    started = 0
    after: Place | None = None
    while True:
        async with database.begin() as connection:
            chunk = await reminders.waiting(connection, now, after)
            if not chunk:
                break
            seen = [d for d in await reminders.fitting(connection, secrets, [p[1] for p in chunk], now) if may(d)]
            locked = await turns.lock(connection, {d.person.id for d in seen})  # only those: a turn skips who is locked
            still = await reminders.fitting(connection, secrets, [d.id for d in seen if d.person.id in locked], now)
            started += await reminders.start(connection, [d for d in still if may(d)], now)
        after = chunk[-1]
    if started:
        await database.notify(INBOX_CHANNEL)
    return started


async def send_by_sms(database: Database, secrets: Keys, now: datetime) -> int:
    """What did not arrive on her other channel leaves by SMS, if she wished so; returns how many."""
    async with database.begin() as connection:
        rows = await fallback.stand_in(connection, secrets, now)
    if rows:
        await database.notify(OUTBOX_CHANNEL)
    return rows


async def ask_before_it_shuts(database: Database, secrets: Keys, policy: outgoing.Policy, now: datetime) -> int:
    """Whoever a human still has something to do with is asked to keep WhatsApp's window open; returns how many."""

    def may(one: Reached) -> bool:
        return _leaves(policy, one.person, one.conversation, now, origin="system")

    async with database.begin() as connection:
        soon = await windows.closing(connection, secrets, now, policy.whatsapp_window)
        asked = await windows.ask(connection, soon, now, may)
    if asked:
        await database.notify(INBOX_CHANNEL)
    return asked


async def start_late(database: Database, secrets: Keys, policy: outgoing.Policy, now: datetime) -> int:
    """Nobody answered in time: the conversation is told so, and passed on; returns how many were found."""

    def may(found: Reached) -> bool:
        return _leaves(policy, found.person, found.conversation, now)

    started = 0
    after: UUID | None = None
    while True:
        async with database.begin() as connection:
            places = await late.waiting(connection, now, after)
            if not places:
                break
            started += await late.start(connection, secrets, places, may, now, flow=targets.FLOW, by=targets.BY)
        after = places[-1][0]
    if started:
        await database.notify(INBOX_CHANNEL)
    return started


def _may_leave(policy: outgoing.Policy, due: Due, now: datetime) -> bool:
    """What the bot would say now would leave now."""
    person = due.person
    if due.flow == CHECK_IN:  # her yes was to this line: her hours, STOP and a seized phone are looked at all the same
        person = replace(person, consent_contact_at=now)
    return _leaves(policy, person, due.conversation, now)


def _leaves(
    policy: outgoing.Policy, person: Person, conversation: Conversation, now: datetime, origin: str = "bot"
) -> bool:
    epoch = conversation.owner_epoch
    return outgoing.decide(policy, person, conversation, origin=origin, epoch=epoch, now=now).state == "queued"


async def run(
    database: Database,
    secrets: Keys,
    policy: outgoing.Policy,
    roster: Roster,
    clock: Callable[[], datetime],
    after_erasing: Callable[[], Awaitable[None]] | None = None,
    sweep: Sweep | None = None,
    digest: Sweep | None = None,
    remind_box: Sweep | None = None,
    broadcast: Sweep | None = None,
) -> None:
    """Work until cancelled; a lost database is waited for."""
    while True:
        jobs = make(database, secrets, policy, roster, clock, after_erasing, sweep, digest, remind_box, broadcast)
        try:
            async with jobs.open_async():
                await jobs.run_worker_async(install_signal_handlers=False, delete_jobs="always")
        except Exception as error:
            log.warning("jobs_stopped", kind=type(error).__name__)
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError  # the library lost it, or raised something else on its way out
        await asyncio.sleep(RESTART_SECONDS)
