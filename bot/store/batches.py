"""What a batch of turns reads once its people are locked: they themselves, and what holds for all of them.

Law: one round trip, whatever it holds. Nothing is remembered from one batch to the next, so that a shift that was
swapped or a fact that was called wrong counts at once, whichever process was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import marks, staffed, turns, waiting
from bot.store.keys import Keys
from bot.store.subject import Subject
from bot.store.together import ask


@dataclass(frozen=True, slots=True)
class Opened:
    """`waiting`: of the rows of the inbox that were asked about, those that nobody has handled since."""

    subjects: dict[UUID, Subject]
    waiting: set[int]
    rotas: staffed.Rotas
    marks: Sequence[marks.Mark]


async def opened(
    connection: AsyncConnection, secrets: Keys, locked: Sequence[UUID], rows: Sequence[int], now: datetime
) -> Opened:
    """Of the subjects that this transaction has locked, and of rows of theirs."""
    still, words, spans, told, *people = await ask(
        connection, waiting.STILL_WAITING(ids=rows), marks.MARKS(), *staffed.questions(now), *turns.questions(locked)
    )
    return Opened(
        turns.read(secrets, people), {row.id for row in still}, staffed.read(now, (spans, told)), marks.read(words)
    )
