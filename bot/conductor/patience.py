"""Understanding in a thread of its own, and no longer than a few seconds: what hangs there holds up no webhook.

Law: a late answer is no answer: the rules of danger answer in its place, and while the thread hangs nobody waits for
it again. The rules judge each text by itself, so one text that they cannot do is unsure and not the whole batch; unsure
means that somebody asks. A long text goes alone, so that it makes nobody else's late. A thread that hangs is left to
itself; it cannot be ended, and it does not keep the process from ending.
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
LONG = 1_000  # characters; the rules alone take 64 ms for 20,000
HANGING = 3  # texts that the rules hang in, until nobody waits for them any more
UNSURE = Meaning(danger=Danger("report_violence", "ask", "floor_failed"))


class Understanding(Protocol):
    """Text to Meaning, many at once; never raises."""

    def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """One Meaning per text."""


class Patience:
    """`floor`: what answers when `whole` does not; None = nothing does, and everybody is asked about."""

    def __init__(self, whole: Understanding, floor: Understanding | None = None, seconds: float = SECONDS) -> None:
        self._whole, self._floor = whole, floor
        self._hung: dict[str, list[asyncio.Future[list[Meaning]]]] = {}
        self._seconds = seconds

    async def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """One Meaning per text. Never raises; waits `seconds` for `whole`, and `seconds` for each text that is then
        judged by the rules, which take milliseconds."""
        found = [UNSURE] * len(texts)
        short = [n for n, text in enumerate(texts) if len(text) <= LONG]
        long = [n for n, text in enumerate(texts) if len(text) > LONG]
        await asyncio.gather(self._fill(found, texts, [short]), self._fill(found, texts, [[n] for n in long]))
        return found

    async def _fill(self, found: list[Meaning], texts: Sequence[str], groups: Sequence[Sequence[int]]) -> None:
        """One group after the other; what the whole understanding does not answer is judged text by text."""
        for group in filter(None, groups):
            some = [texts[n] for n in group]
            lane = "long" if len(some[0]) > LONG else "short"  # a long text that hangs stands in the way of long ones
            meanings = await self._ask(self._whole, some, lane)
            for place, n in enumerate(group):
                found[n] = meanings[place] if meanings else await self._by_rules(texts[n])

    async def _by_rules(self, text: str) -> Meaning:
        answer = await self._ask(self._floor, [text], "floor", most=HANGING) if self._floor else None
        return answer[0] if answer else UNSURE

    async def _ask(self, way: Understanding, texts: Sequence[str], lane: str, most: int = 1) -> list[Meaning] | None:
        """None when it fails or is late, or so many threads of this lane hang already."""
        hung = self._hung[lane] = [asked for asked in self._hung.get(lane, []) if not asked.done()]
        if len(hung) >= most:
            return None
        asked = _apart(lambda: way.understand(texts))
        try:
            return await asyncio.wait_for(asyncio.shield(asked), self._seconds)
        except TimeoutError:
            hung.append(asked)
            log.error("understanding_hangs", count=len(texts), kind=lane)
        except Exception as error:
            log.error("understanding_failed", kind=type(error).__name__, exc_info=True)
        return None


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
