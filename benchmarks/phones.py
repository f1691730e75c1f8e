"""How a line reaches an assistant and how its answer is heard: Telegram, played, by webhook or by polling; Rasa's REST.

Law: what a provider does is done as it does it: an update is repeated until it is acknowledged, numbers of updates run
without a gap, a webhook has at most LINES connections. The wait for a free one is part of the time until the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator

from benchmarks.webhooks import Acknowledged, Line, request_of
from tests.fakes.post import Letter, message, update
from tests.fakes.telegram import FakeTelegram

LINES = 64  # Telegram: max_connections of setWebhook, 1 to 100, 40 unless told otherwise
AGAIN = 0.2  # seconds until an update that was not acknowledged is brought again


class Wires:
    """At most LINES connections to one port, kept open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._room = asyncio.Semaphore(LINES)
        self._free: list[Line] = []

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Line]:
        """One that nobody else uses meanwhile."""
        async with self._room:
            line = self._free.pop() if self._free else Line(self._port)
            try:
                yield line
            except BaseException:
                line.close()
                raise
            self._free.append(line)

    async def send(self, letter: Letter) -> Acknowledged:
        """Until it is answered. Raises OSError when nobody is there."""
        async with self.one() as line:
            try:
                return await line.send(request_of(letter, self._port))
            except asyncio.IncompleteReadError as cut:
                raise ConnectionError("cut") from cut

    def close(self) -> None:
        """Hang up."""
        for line in self._free:
            line.close()
        self._free.clear()


class BotApi(FakeTelegram):
    """A Telegram on which people wait for an answer. `polls`: how often it was asked for updates; `unasked`: texts that
    came to somebody who waited for none, such as one that was sent twice."""

    def __init__(self) -> None:
        super().__init__()
        self.polls = 0
        self.unasked: list[str] = []
        self._updates_made = itertools.count(1)
        self._hopes: dict[int, asyncio.Future[str]] = {}

    def number(self) -> int:
        """Of the next update."""
        return next(self._updates_made)

    @contextlib.contextmanager
    def hope(self, chat: int) -> Iterator[asyncio.Future[str]]:
        """The next text that this chat is sent."""
        hoped: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._hopes[chat] = hoped
        try:
            yield hoped
        finally:
            self._hopes.pop(chat, None)

    def _send(self, form: dict[str, str]) -> dict[str, object]:
        hoped = self._hopes.pop(int(form["chat_id"]), None)
        if hoped is None or hoped.done():
            self.unasked.append(form["text"])
        else:
            hoped.set_result(form["text"])
        taken = super()._send(form)
        self.sent.clear()  # nobody looks at it, and there are thousands
        self.asked.clear()
        return taken

    async def _updates(self, asked: dict[str, str]) -> list[dict[str, object]]:
        self.polls += 1
        return await super()._updates(asked)


class ByWebhook:
    """Updates are delivered to `port`."""

    def __init__(self, api: BotApi, port: int) -> None:
        self._api, self._wires = api, Wires(port)

    async def say(self, person: int, words: str) -> str:
        """Brought again until it is acknowledged, then the answer."""
        with self._api.hope(person) as hoped:
            letter: Letter | None = None
            while True:
                with contextlib.suppress(OSError):
                    letter = letter or update(message(person, words, self._api.number()))
                    if (await self._wires.send(letter)).status == 200:
                        return await hoped
                await asyncio.sleep(AGAIN)

    def close(self) -> None:
        """Hang up."""
        self._wires.close()


class ByPolling:
    """Updates lie at Telegram until they are fetched, and for good until they are confirmed."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    async def say(self, person: int, words: str) -> str:
        """The answer, some time."""
        with self._api.hope(person) as hoped:
            self._api.bring(message(person, words, self._api.number()))
            return await hoped

    def close(self) -> None:
        """Nothing is open."""


class ByRest:
    """Rasa's REST channel: the answer to the request is the answer to the person."""

    def __init__(self, port: int) -> None:
        self._wires = Wires(port)

    async def say(self, person: int, words: str) -> str:
        """All texts of the answer, one a line. Raises OSError when it is no answer."""
        body = json.dumps({"sender": f"p{person}", "message": words}).encode()
        told = await self._wires.send(Letter("/webhooks/rest/webhook", body, {"Content-Type": "application/json"}))
        if told.status != 200:
            raise ConnectionError(str(told.status))
        return "\n".join(part.get("text", "") for part in json.loads(told.body))

    def close(self) -> None:
        """Hang up."""
        self._wires.close()
