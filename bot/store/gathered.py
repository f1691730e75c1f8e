"""Work that arrives together is committed together: what comes while one transaction runs waits for the next one.

Law: nobody waits for company, and whoever called returns only when its own part is committed, or failed. One part that
cannot be done never takes others with it: a batch that fails is done again part by part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.store.database import UNAVAILABLE

T = TypeVar("T")
MOST = 256  # items of one transaction
MANY = 16  # callers that wait at once, of whom an ordinary minute has one or two


class Gathered(Generic[T]):
    """`work` commits a list of items, in order. Belongs to one event loop."""

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[object]]) -> None:
        self._work = work
        self._waiting: list[tuple[Sequence[T], asyncio.Future[None]]] = []
        self._busy: asyncio.Task[None] | None = None
        self._callers = 0

    @property
    def pressed(self) -> bool:
        """Whether so many wait that other work should stand back."""
        return self._callers >= MANY

    async def do(self, items: Sequence[T]) -> None:
        """Returns when these items are committed; raises what `work` raised for them."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, done))
        if self._busy is None:
            self._busy = asyncio.create_task(self._drain())
        self._callers += 1
        try:
            await asyncio.shield(done)  # who hangs up does not take back what others wait for
        finally:
            self._callers -= 1

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._batch(self._next())
        finally:
            self._busy = None

    def _next(self) -> list[tuple[Sequence[T], asyncio.Future[None]]]:
        """As many as fit one transaction, at least one, in the order in which they came."""
        count, size = 1, len(self._waiting[0][0])
        while count < len(self._waiting) and (size := size + len(self._waiting[count][0])) <= MOST:
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    async def _batch(self, parts: list[tuple[Sequence[T], asyncio.Future[None]]]) -> None:
        try:
            await self._work([item for items, _ in parts for item in items])
        except Exception as error:
            if len(parts) == 1 or isinstance(error, UNAVAILABLE):
                for _, done in parts:
                    _tell(done, error)
                return
            for part in parts:
                await self._batch([part])
        else:
            for _, done in parts:
                _tell(done, None)


def _tell(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
        done.exception()  # whoever asked may be gone: that is no fault of the loop's
