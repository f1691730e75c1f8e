"""Codes of volunteers, as a coordinator makes them.

Law: nobody's rows: no subject, no conversation; the label is sealed under the system's key.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.bulk import insert_rows
from bot.store.filing import KINDS, to_row
from bot.store.keys import Keys
from bot.store.records import VolunteerCode


async def add(connection: AsyncConnection, secrets: Keys, digits: str, label: str, now: datetime) -> None:
    """One more code. A code that is there already breaks the unique key (IntegrityError)."""
    code = VolunteerCode(digits=digits, label=label, made_at=now, id=uuid7())
    await insert_rows(connection, KINDS[VolunteerCode].table, [to_row(secrets, code, b"")])
