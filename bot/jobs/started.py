"""What is said because time went by: reminders, late answers, windows that shut, SMS for what did not arrive.

Law: a job says nothing; it puts inputs into the inbox, and only where what the bot would say now would leave now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bot import outgoing
from bot.store import fallback, late, reminders, turns, windows
from bot.store.database import INBOX_CHANNEL, OUTBOX_CHANNEL, Database
from bot.store.keys import Keys
from bot.store.reached import Reached
from bot.store.records import CHECK_IN
from bot.store.reminders import Due, Place
from bot.store.rows import Conversation, Person
from handlers import targets


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
