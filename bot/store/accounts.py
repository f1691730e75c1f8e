"""Our accounts at the providers and their rate budgets.

Law: shared by every process through the database; nothing is remembered in memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from bot.store.database import Database
from bot.store.tables import channel_accounts

# Messages per second that an account may send. Telegram: about 30 overall (Bot API FAQ); Twilio: long codes 1, but a
# messaging service spreads over its pool and queues by itself.
PER_SECOND = {"telegram": 25, "whatsapp": 40, "sms": 10}


async def ensure(database: Database, accounts: Sequence[tuple[str, str]]) -> None:
    """Make the rows of the accounts that are configured: (channel, account)."""
    rows = [{"channel": c, "account": a, "per_second": PER_SECOND[c]} for c, a in accounts]
    if rows:
        async with database.begin() as connection:
            await connection.execute(insert(channel_accounts).values(rows).on_conflict_do_nothing())
