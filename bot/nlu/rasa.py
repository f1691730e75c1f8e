"""Asks a Rasa server what texts mean, within half a second; what it does not answer is None, and others answer it.

Law: never raises and never waits longer than `seconds` for a whole batch. After TRIES batches without one good answer
it is left alone for REST seconds, so that a dead server costs nobody's time. Only names that we know are believed, no
text and no address is logged, and no proxy of the environment sees what people write.
Facts: POST /model/parse?token=... https://rasa.com/docs/rasa/pages/http-api (3.x); it works on one text at a time.
"""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from bot.nlu.classifier import Ranked
from bot.nlu.intents import FALLBACK, INTENTS
from bot.observe import logs, metrics

SECONDS = 0.5  # for a batch: a person waits for it
TRIES = 3  # batches without any good answer, until it is left alone ...
REST = 10.0  # ... for so many seconds; then one batch tries again
AT_ONCE = 4  # requests on the way: one that it works on, and what it takes up next
LONGEST = 1_000  # characters: longer texts would take everybody's time
LARGEST = 100_000  # bytes of an answer
NAMES = INTENTS | {FALLBACK}

log = logs.get(__name__)


class Nonsense(ValueError):
    """An answer that is none."""


class Rasa:
    """A server under `url`. Any thread may ask; the connections live in a thread of their own."""

    def __init__(
        self, url: str, token: str, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = f"{url.rstrip('/')}/model/parse"
        self._token = token
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = -math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        metrics.rasa_answers.set(1)

    @property
    def answers(self) -> bool:
        """Whether it is asked at the moment."""
        return self._failures < TRIES

    def parse_many(self, texts: Sequence[str]) -> list[Ranked | None]:
        """The ranking of each text by Rasa, None where there is none in time."""
        asked = [i for i, text in enumerate(texts) if len(text) <= LONGEST and any(c.isalpha() for c in text)]
        found: list[Ranked | None] = [None] * len(texts)
        if not asked or not self._may_ask():
            metrics.rasa_texts.labels(result="not_asked").inc(len(texts))
            return found
        answers, error = self._ask([texts[i] for i in asked])
        for i, answer in zip(asked, answers, strict=True):
            found[i] = answer
        good = sum(answer is not None for answer in answers)
        metrics.rasa_texts.labels(result="ok").inc(good)
        metrics.rasa_texts.labels(result="none").inc(len(answers) - good)
        if error:
            log.warning("rasa_silent", kind=error, count=len(answers) - good)
        self._settle(good > 0)
        return found

    def close(self) -> None:
        """Let go of connections. It may be asked again, which opens new ones."""
        with self._lock:
            loop, client, self._loop, self._client = self._loop, self._client, None, None
        if loop is not None and client is not None:
            asyncio.run_coroutine_threadsafe(client.aclose(), loop).add_done_callback(
                lambda _: loop.call_soon_threadsafe(loop.stop)
            )

    # --- whether it is asked

    def _may_ask(self) -> bool:
        """Of those who come when the rest is over, one tries and the others go on without."""
        with self._lock:
            if self._failures < TRIES:
                return True
            if self._clock() < self._rests_until:
                return False
            self._rests_until = self._clock() + REST
            return True

    def _settle(self, good: bool) -> None:
        with self._lock:
            before, self._failures = self._failures, 0 if good else self._failures + 1
            if self._failures >= TRIES:
                self._rests_until = self._clock() + REST
        metrics.rasa_answers.set(float(self.answers))
        if self._failures == TRIES:
            log.error("rasa_left_alone", seconds=int(REST))
        elif good and before >= TRIES:
            log.warning("rasa_answers_again")

    # --- asking

    def _ask(self, texts: Sequence[str]) -> tuple[list[Ranked | None], str]:
        """The answers, and why there is none where some are missing (the name of an exception)."""
        found: list[Ranked | None] = [None] * len(texts)
        troubles: list[str] = []
        loop, client = self._running()
        waiting = asyncio.run_coroutine_threadsafe(self._within(client, texts, found, troubles), loop)
        try:
            with metrics.rasa_seconds.time():
                waiting.result(self._seconds * 2)  # the loop itself stops it after `seconds`
        except Exception as error:
            waiting.cancel()
            troubles.append(type(error).__name__)
        answers = list(found)  # a late answer is no answer
        return answers, (troubles or ["TimeoutError"])[0] if None in answers else ""

    async def _within(
        self, client: httpx.AsyncClient, texts: Sequence[str], found: list[Ranked | None], troubles: list[str]
    ) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(i: int) -> None:
            async with gate:
                try:
                    found[i] = await self._answer(client, texts[i])
                except (httpx.HTTPError, ValueError) as error:
                    troubles.append(type(error).__name__)

        async with asyncio.timeout(self._seconds):
            await asyncio.gather(*(one(i) for i in range(len(texts))))

    async def _answer(self, client: httpx.AsyncClient, text: str) -> Ranked:
        body = json.dumps({"text": text}).encode()  # ASCII: half a surrogate is no reason to fail
        async with client.stream("POST", self._url, params={"token": self._token}, content=body) as response:
            if response.status_code != 200:
                raise Nonsense
            raw = bytearray()
            async for piece in response.aiter_bytes():
                raw += piece
                if len(raw) > LARGEST:
                    raise Nonsense
        return ranked(json.loads(raw))

    def _running(self) -> tuple[asyncio.AbstractEventLoop, httpx.AsyncClient]:
        with self._lock:
            if self._loop is None or self._client is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_turn, args=(self._loop,), name="rasa", daemon=True).start()
                self._client = httpx.AsyncClient(
                    timeout=self._seconds, trust_env=False, headers={"content-type": "application/json"}
                )
            return self._loop, self._client


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def ranked(answer: Any) -> Ranked:
    """A Ranked of an answer of /model/parse. Raises Nonsense for anything else, and for names that are not ours."""
    ranking = answer.get("intent_ranking") if isinstance(answer, dict) else None
    if not isinstance(ranking, list) or not all(isinstance(entry, dict) for entry in ranking):
        raise Nonsense
    best: dict[str, float] = {}
    for entry in ranking:
        name, confidence = entry.get("name"), entry.get("confidence")
        if not isinstance(name, str) or isinstance(confidence, bool) or not isinstance(confidence, int | float):
            raise Nonsense
        if name not in NAMES or not 0.0 <= confidence <= 1.0:  # NaN is not between them
            raise Nonsense
        best[name] = max(best.get(name, 0.0), float(confidence))  # the fallback may stand there twice
    if not best:
        raise Nonsense
    return Ranked(tuple(sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))))
