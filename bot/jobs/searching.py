"""Searches that volunteers help with: their answers come in, and what is over is called off.

Law: each search that ends is a transaction of its own, since each locks people.
"""

from __future__ import annotations

from datetime import datetime

from bot.store import search_answers, search_copies, searches, volunteers
from bot.store.database import OUTBOX_CHANNEL, Database
from bot.store.keys import Keys


async def lay_answers(database: Database, secrets: Keys, now: datetime) -> int:
    """What volunteers wrote is laid into the cases that it is about; returns how many answers."""
    async with database.begin() as connection:
        laid = await search_answers.bring(connection, secrets, now)
        await volunteers.mark_addresses(connection)
    if laid:
        await database.notify(OUTBOX_CHANNEL)  # the pages of the desk look again
    return laid


async def end_searches(database: Database, secrets: Keys, now: datetime) -> int:
    """Searches that ran out, whose case is closed or whose reporter is gone: volunteers are told to stop. Each in a
    transaction of its own, since each locks people; returns how many were ended."""
    ended = 0
    async with database.begin() as connection:
        due, gone = await searches.due(connection, now), await search_copies.orphans(connection)
    for case_id, request_id, state in due:
        async with database.begin() as connection:
            ended += await searches.end(connection, secrets, case_id, request_id, now, state=state)
    if gone:
        async with database.begin() as connection:
            ended += await search_copies.stop(connection, secrets, gone, now)
    return ended
