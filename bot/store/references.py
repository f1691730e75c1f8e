"""References of cases: drawn at random, and looked up before one is given to anybody.

Law: the unique key decides. Two batches may draw the same: then the later one is rerun with another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import cases
from bot.store.together import Statement, ask, many

REFERENCE_DIGITS = 6
_TAKEN = Statement(select(cases.c.reference).where(cases.c.reference == func.any(many("drawn", Text))))


async def unused_references(connection: AsyncConnection, candidates: Sequence[str]) -> list[str]:
    """Of the drawn references, those that no case has."""
    (taken,) = await ask(connection, _TAKEN(drawn=candidates))
    used = {row.reference for row in taken}
    return [c for c in dict.fromkeys(candidates) if c not in used]


class References:
    """A worker's store of looked-up references: most turns open no case, so it lasts for many batches."""

    def __init__(self, draw: Callable[[], str], most: int) -> None:
        """`draw`: one at random. `most`: how many are looked up at once."""
        self._draw = draw
        self._most = most
        self._unused: list[str] = []

    async def refill(self, connection: AsyncConnection, least: int) -> None:
        """See that this many are at hand."""
        if len(self._unused) < least:
            self._unused += await unused_references(connection, [self._draw() for _ in range(self._most)])

    def take(self) -> str:
        """The next one. Past the looked-up ones a fresh draw: the unique key refuses the rare double."""
        return self._unused.pop() if self._unused else self._draw()
