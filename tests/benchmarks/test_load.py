"""The load generator counts what is right, and nothing else; deliveries are repeated until they are acknowledged.

Law: tiny servers on real sockets; nothing here depends on how long anything takes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from urllib.parse import urlsplit

import httpx

from benchmarks.burden import processor, resident
from benchmarks.load import Assistant, Exchange, Load, once, steady
from benchmarks.phones import BotApi, ByRest, ByWebhook
from tests.fakes.loopback import Answer, Asked, Loopback
from tests.fakes.telegram import TOKEN

LINES = 3


def _talk(person: int) -> Sequence[Exchange]:
    return [Exchange(f"{person} says {n}", f"{person} hears {n}") for n in range(LINES)]


class _Tiny(Loopback):
    """Answers as a Rasa would. Person 3 is answered wrongly at the second line, person 4 not at all."""

    async def usual(self, asked: Asked) -> Answer:
        told = json.loads(asked.body)
        person, _, line = told["message"].split()
        if person == "4":
            return Answer(500)
        words = "what?" if (person, line) == ("3", "1") else f"{person} hears {line}"
        return Answer(200, [{"recipient_id": told["sender"], "text": words}])


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


async def _once(assistant: Assistant, people: int) -> Load:
    with closing(assistant):
        return await once(assistant, _talk, itertools.count(1), Load(people))


async def test_only_right_answers_count() -> None:
    async with _Tiny() as server:
        load = await _once(ByRest(_port(server.url)), 5)
    assert (load.finished, load.wrong, load.unanswered) == (3, 1, 1)
    assert len(load.waits) == 3 * LINES + 1
    assert load.samples == [("3 hears 1", "what?")]
    assert len(server.asked) == 3 * LINES + 2 + 1  # who is answered wrongly says nothing more


class _Echo:
    """Answers at once; `answered` so far."""

    answered = 0

    async def say(self, person: int, words: str) -> str:
        await asyncio.sleep(0)
        self.answered += 1
        return words.replace("says", "hears")

    def close(self) -> None:
        """Nothing is open."""


async def test_what_comes_before_and_after_is_not_counted() -> None:
    echo, read, people = _Echo(), [], 4

    def meters() -> Mapping[str, float]:
        read.append(echo.answered)
        return {"answers": float(echo.answered)}

    load = await steady(echo, _talk, itertools.count(1), people=people, seconds=0.5, warm=1.0, meters=meters)
    before, after = read
    assert before >= 2 * people  # each has had two answers
    assert abs(len(load.waits) - (after - before)) <= people  # somebody may be between answer and count
    assert load.spent == {"answers": after - before}
    assert load.rate == len(load.waits) / load.seconds
    assert load.wrong == load.unanswered == 0


def test_a_share_of_the_waits() -> None:
    load = Load(1, 2.0, waits=[0.003, 0.001, 0.002, 0.010], spent={"own": 0.008})
    assert (load.wait(0.5), load.wait(0.99), load.rate, load.each("own")) == (3.0, 10.0, 2.0, 2.0)


class _Bot(Loopback):
    """A bot that acknowledges an update at the second delivery, and answers by the Bot API, once."""

    def __init__(self, api: BotApi) -> None:
        super().__init__()
        self._api = api
        self.delivered: list[int] = []

    async def usual(self, asked: Asked) -> Answer:
        told = json.loads(asked.body)
        self.delivered.append(told["update_id"])
        if self.delivered.count(told["update_id"]) == 1:
            return Answer(503)
        words = {"chat_id": told["message"]["chat"]["id"], "text": told["message"]["text"].replace("says", "hears")}
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.post(f"{self._api.url}/bot{TOKEN}/sendMessage", json=words)
        return Answer(200)


async def test_an_update_is_brought_until_it_is_acknowledged() -> None:
    async with BotApi() as api, _Bot(api) as bot:
        load = await _once(ByWebhook(api, _port(bot.url)), 2)
    assert (load.finished, len(load.waits), load.wrong, load.unanswered) == (2, 2 * LINES, 0, 0)
    assert sorted(bot.delivered) == sorted([*range(880_001, 880_001 + 2 * LINES)] * 2)  # without a gap
    assert api.unasked == []


async def test_a_text_that_nobody_waits_for_is_noticed() -> None:
    async with BotApi() as api, httpx.AsyncClient(trust_env=False) as client:
        with api.hope(1) as hoped:
            for words in ("once", "twice"):
                await client.post(f"{api.url}/bot{TOKEN}/sendMessage", data={"chat_id": "1", "text": words})
            assert await hoped == "once"
    assert api.unasked == ["twice"]


CHILD = "import subprocess, sys; kept = bytearray(b'x' * (40 << 20)); print('ready', flush=True); "
PARENT = CHILD + f"subprocess.run([sys.executable, '-c', {(CHILD + 'sys.stdin.read()')!r}])"


def test_what_a_process_started_is_counted_with_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline(), process.stdout.readline()] == ["ready\n", "ready\n"]
        assert resident(process.pid) > 80
        assert processor(process.pid) > 0
        process.communicate("")
    assert resident(process.pid) == 0
    assert processor(os.getpid()) > processor(process.pid)
