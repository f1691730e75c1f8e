"""SMS that left, by month and country of the phone: numbers of messages and segments, and nobody in them.

Law: counted in the transaction that writes down that it was sent, so once. The rows of messages go with their texts;
these stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from bot.store.database import Connection
from bot.store.tables import outbox, sms_spent

NOWHERE = "ZZ"  # the country of a number is not known


@dataclass(frozen=True, slots=True)
class Spent:
    """One month of one country; `country` is None where it is not known."""

    month: date
    country: str | None
    messages: int
    segments: int


_NEW = insert(sms_spent)
_ADD = _NEW.on_conflict_do_update(
    index_elements=["month", "country"],
    set_={
        "messages": sms_spent.c.messages + _NEW.excluded.messages,
        "segments": sms_spent.c.segments + _NEW.excluded.segments,
    },
)


async def add(connection: Connection, sent: Iterable[tuple[str | None, int]], now: datetime) -> None:
    """More messages, each to a country and of so many segments. Always in the order of the countries: two who count at
    once wait for each other, and not in a circle."""
    messages: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for country, segments in sent:
        messages[country or NOWHERE] += 1
        whole[country or NOWHERE] += segments
    month = now.date().replace(day=1)
    for country in sorted(messages):
        values = {"month": month, "country": country, "messages": messages[country], "segments": whole[country]}
        await connection.execute(_ADD, values)


async def months(connection: Connection, since: date) -> Sequence[Spent]:
    """By month, the newest first, then by country."""
    rows = await connection.execute(
        select(sms_spent).where(sms_spent.c.month >= since).order_by(sms_spent.c.month.desc(), sms_spent.c.country)
    )
    return [
        Spent(row.month, None if row.country == NOWHERE else row.country, row.messages, row.segments) for row in rows
    ]


async def of_conversation(connection: Connection, conversation_id: UUID) -> int:
    """Segments of what left in this conversation and is still kept."""
    total = select(func.coalesce(func.sum(outbox.c.segments), 0)).where(outbox.c.conversation_id == conversation_id)
    return int((await connection.execute(total)).scalar_one())
