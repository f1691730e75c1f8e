"""The count of questions at which people stop, by the hour.

Law: each hour is a transaction of its own.
"""

from __future__ import annotations

from datetime import datetime

from bot.store import drop_off
from bot.store.database import Database
from bot.store.keys import Keys


async def count_questions(database: Database, secrets: Keys, now: datetime) -> int:
    """Count the hours that are ripe, each in a transaction of its own; returns how many questions were counted."""
    async with database.begin() as connection:
        hours = await drop_off.due(connection, now)
    counted = 0
    for hour in hours:
        async with database.begin() as connection:
            counted += await drop_off.count(connection, secrets, hour)
    return counted
