"""A web process that is replaced while its socket is held for it, as `deploy/systemd/saathi-web.socket` does.

Law: real processes; what comes while nobody runs is answered by the next one, and nothing is tried twice.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys

import httpx

from bot.settings import ROOT
from tests.fakes.post import post, text
from tests.fakes.service import PATIENCE, clean_environment
from tests.fakes.world import World

FIRST = "+60123400001"
SERVES = (sys.executable, "-m", "bot", "serve", "--role", "web", "--port", "1")  # not where it listens
GIVES = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])"""


async def test_who_connects_while_it_is_replaced_waits(here: World) -> None:
    with socket.create_server(("127.0.0.1", here.port)) as held:
        one = await _started(here, held)
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            assert await post(client, here.base, text(FIRST, "hello", "1")) == 200
            one.terminate()
            assert await asyncio.wait_for(one.wait(), PATIENCE) == 0
            waits = asyncio.create_task(post(client, here.base, text(FIRST, "menu", "2")))
            await asyncio.sleep(0.2)  # it has connected: the system took the connection, nobody reads
            assert not waits.done()
            two = await _started(here, held)
            assert await waits == 200
            two.terminate()
            assert await asyncio.wait_for(two.wait(), PATIENCE) == 0
    assert here.effects()["inbox.waiting"] == 2


async def _started(here: World, held: socket.socket) -> asyncio.subprocess.Process:
    """As systemd starts it: the socket is its third, and its own number is told to it."""
    with open(os.devnull, "wb") as nowhere:  # noqa: ASYNC230
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", GIVES, str(held.fileno()), *SERVES),
            cwd=ROOT,
            env=clean_environment(here.settings),
            pass_fds=[held.fileno()],
            stdout=nowhere,
        )
