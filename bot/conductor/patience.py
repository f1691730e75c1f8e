"""Understanding in a thread of its own, and no longer than a few seconds: what hangs there holds up no webhook.

Law: a late answer is no answer: the rules of danger answer in its place, and while the thread hangs nobody waits for
it again. Where the rules fail too, unsure means that somebody asks. A thread that hangs is left to itself; it cannot
be ended, and it does not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from bot.engine.inputs import Danger, Meaning
from bot.observe import logs

log = logs.get(__name__)
SECONDS = 2.0  # a batch of 64 takes 40 ms
UNSURE = Meaning(danger=Danger("report_violence", "ask", "floor_failed"))


class Understanding(Protocol):
    """Text to Meaning, many at once; never raises."""

    def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """One Meaning per text."""


class Patience:
    """`floor`: what answers when `whole` does not; None = nothing does, and everybody is asked about."""

    def __init__(self, whole: Understanding, floor: Understanding | None = None, seconds: float = SECONDS) -> None:
        self._ways = [whole] if floor is None else [whole, floor]
        self._hung: dict[int, asyncio.Future[list[Meaning]]] = {}
        self._seconds = seconds

    async def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """One Meaning per text. Never raises, never longer than `seconds` for each way that answers late."""
        if not texts:
            return []
        for number, way in enumerate(self._ways):
            if (hung := self._hung.get(number)) is not None and not hung.done():
                continue
            asked = _apart(lambda way=way: way.understand(texts))  # type: ignore[misc]
            self._hung[number] = asked
            try:
                return await asyncio.wait_for(asyncio.shield(asked), self._seconds)
            except TimeoutError:
                log.error("understanding_hangs", count=len(texts), attempt=number + 1)
            except Exception as error:
                log.error("understanding_failed", kind=type(error).__name__, exc_info=True)
        return [UNSURE] * len(texts)


def _apart(work: Callable[[], list[Meaning]]) -> asyncio.Future[list[Meaning]]:
    """Run in a thread that ends with the process, whatever it does then (an executor would wait for it)."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Meaning]] = loop.create_future()
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # a late error is nobody's news

    def settle(meanings: list[Meaning], error: BaseException | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(meanings)
        else:
            answer.set_exception(error)

    def run() -> None:
        meanings: list[Meaning] = []
        error: BaseException | None = None
        try:
            meanings = work()
        except Exception as caught:
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, meanings, error)

    threading.Thread(target=run, name="understanding", daemon=True).start()
    return answer
