"""Rotating SAATHI_SECRET_KEY: every data key is wrapped anew under the newest secret, while people go on writing.

Law: no data key changes, so nothing that was sealed is touched; a row that a turn or an erasure holds is left for the
next look. When none is left under an older secret, that secret may go, and all old copies of keys die with it: in
backups, in the log of the database, in its freed pages.
"""

from __future__ import annotations

from sqlalchemy import func, select

from bot.store.bulk import update_rows
from bot.store.database import Database
from bot.store.tables import keys
from bot.vault.keyring import KEY_ID, Keyring

CHUNK = 500  # keys in one transaction: about 30 ms


async def rotate(database: Database, keyring: Keyring, *, chunk: int = CHUNK) -> int:
    """Wrap the next chunk of keys anew; returns how many, 0 when none could be taken.

    Raises Unopenable for a key that none of the secrets opens: an older one is missing in SAATHI_SECRET_KEY.
    """
    async with database.begin() as connection:
        rows = (
            await connection.execute(
                select(keys.c.id, keys.c.wrapped)
                .where(func.substring(keys.c.wrapped, 1, KEY_ID) != keyring.newest)
                .limit(chunk)
                .with_for_update(skip_locked=True)
            )
        ).all()
        await update_rows(
            connection, keys, [{"id": row.id, "wrapped": keyring.wrap(keyring.unwrap(row.wrapped))} for row in rows]
        )
    return len(rows)


async def left(database: Database, keyring: Keyring) -> int:
    """How many keys are still wrapped under an older secret."""
    query = select(func.count()).select_from(keys).where(func.substring(keys.c.wrapped, 1, KEY_ID) != keyring.newest)
    async with database.begin() as connection:
        return int((await connection.execute(query)).scalar_one())
