"""Counts of questions asked and answered, from the history while it is still there (texts of browsers go after a day).

Law: reads of a sealed message only which question it was; keeps numbers by day without whom or when. Whole hours, each
once, in one transaction with its mark. What stood around a letter of the box, and simulated people, are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_json
from bot.store.tables import addresses, contacts, conversations, flow_counts, flow_hours, keys, messages

PATIENCE = timedelta(hours=12)  # who has not answered by then has left; may answer later, and is not counted twice
BACK = timedelta(hours=10)  # hours still looked for after a stop: older texts may be gone already
HOUR = timedelta(hours=1)
_COUNTED = ("browse", "danger_before_consent", "person", "case")  # retentions: all but `box`
AT_ONCE = 500  # lines in memory
Line: TypeAlias = tuple[datetime, tuple[str, str] | None, str]  # when, what it asks (None: she wrote), channel
Counted: TypeAlias = tuple[str, str, str, str, str]  # flow, step, result, language, channel


async def due(connection: AsyncConnection, now: datetime) -> list[datetime]:
    """The whole hours that are ripe and not counted yet, oldest first."""
    last = (now - PATIENCE).astimezone(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
    ripe = [last - n * HOUR for n in range(int(BACK / HOUR))]
    done = {row.hour for row in await connection.execute(select(flow_hours).where(flow_hours.c.hour.in_(ripe)))}
    return [hour for hour in reversed(ripe) if hour not in done]


async def count(connection: AsyncConnection, secrets: Keys, hour: datetime) -> int:
    """Count the questions of this hour; returns how many there were. Zero when another worker has it."""
    mark = pg_insert(flow_hours).values(hour=hour).on_conflict_do_nothing().returning(flow_hours.c.hour)
    if (await connection.execute(mark)).first() is None:
        return 0
    found: Counter[Counted] = Counter()
    whose, key, talk = None, b"", list[Line]()
    told = await connection.stream(_lines(hour).execution_options(yield_per=AT_ONCE))
    async for row in told:
        if row.conversation_id != whose:
            found.update(_of_one(talk, hour))
            whose, key, talk = row.conversation_id, _key(secrets, row.wrapped), []
        asks = _asks(key, row) if row.author == "bot" else None
        if row.author == "person" or asks:
            talk.append((row.received_at, asks, row.channel))
    found.update(_of_one(talk, hour))
    await _add(connection, hour, found)
    return sum(found.values())


def _lines(hour: datetime) -> Any:
    """What was said in conversations with a line of the bot in this hour, from then until patience ends."""
    asked = select(messages.c.conversation_id).where(
        messages.c.received_at >= hour,
        messages.c.received_at < hour + HOUR,
        messages.c.author == "bot",
        messages.c.retention.in_(_COUNTED),
    )
    return (
        select(
            messages.c.id,
            messages.c.conversation_id,
            messages.c.received_at,
            messages.c.author,
            case((messages.c.author == "bot", messages.c.body_enc)).label("body_enc"),  # of what she wrote only when
            addresses.c.channel,
            keys.c.wrapped,
        )
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .join(contacts, contacts.c.id == messages.c.subject_id)
        .join(keys, keys.c.subject_id == messages.c.subject_id)
        .where(
            messages.c.conversation_id.in_(asked),
            messages.c.received_at >= hour,
            messages.c.received_at < hour + HOUR + PATIENCE,
            messages.c.author.in_(("bot", "person")),
            messages.c.retention.in_(_COUNTED),
            contacts.c.simulated.is_(False),
            addresses.c.kind == "person",
        )
        # One moment may hold what she wrote and what was answered: she first.
        .order_by(messages.c.conversation_id, messages.c.received_at, messages.c.author.desc(), messages.c.id)
    )


def _of_one(lines: Sequence[Line], hour: datetime) -> Iterator[Counted]:
    """The questions of the hour in one conversation, each with what came of it."""
    for place, (at, asks, channel) in enumerate(lines):
        if asks is None or at >= hour + HOUR:
            continue
        after = lines[place + 1 :]
        if after and after[0][1] is not None:
            continue  # said anew, or another question, before she could answer: the later one counts
        if not after or after[0][0] > at + PATIENCE:
            result = "left"
        else:
            following = next((next_asks for _, next_asks, _ in after if next_asks), None)
            result = "again" if following and following[0] == asks[0] else "answered"
        flow, _, step = asks[0].partition(".")
        yield flow, step, result, asks[1], channel


def _key(secrets: Keys, wrapped: bytes) -> bytes:
    """Empty for a spoilt one: it must not end the counting of all others."""
    try:
        return secrets.keyring.unwrap(wrapped)
    except ValueError:
        return b""


def _asks(key: bytes, row: Any) -> tuple[str, str] | None:
    """The question that a line of the bot asks, as (flow.step, language); None for a line that asks nothing."""
    if not key:
        return None
    try:
        body = open_json(key, row.body_enc, where=f"messages.body_enc.{row.id}")
    except ValueError:
        return None
    step = str(body.get("step") or "")
    return (step, str(body.get("language", ""))) if "." in step else None


async def _add(connection: AsyncConnection, hour: datetime, found: Counter[Counted]) -> None:
    if not found:
        return
    names = ("flow", "step", "result", "language", "channel")
    rows = [{"day": hour.date(), **dict(zip(names, counted, strict=True)), "times": n} for counted, n in found.items()]
    statement = pg_insert(flow_counts)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["day", *names], set_={"times": flow_counts.c.times + statement.excluded.times}
        ),
        rows,
    )
