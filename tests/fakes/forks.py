"""Asks `tests.fakes.forked` for processes of ours, and is to each what asyncio's own `Process` is.

Law: one such parent for a session of tests, started when it is first needed and ended with the session.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.settings import ROOT


class Forked:
    """A fork that runs a command. `returncode`: None while it lives, negative = the signal that killed it."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._end(reader, writer))

    async def _end(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        line = await reader.readline()
        writer.close()
        self.returncode = int(line) if line else -signal.SIGKILL  # its parent is gone, and nothing outlives it
        return self.returncode

    async def wait(self) -> int:
        """Its code, once it ended."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        """As by `kill`."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Parent:
    """The process of which others are forked; it is started when the first is asked for."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._process: subprocess.Popen[bytes] | None = None
        self._requests, self._theirs = socket.socketpair()

    def end(self) -> None:
        """Of it, and of whatever was forked and still lives."""
        self._requests.close()
        self._theirs.close()
        if self._process is not None:
            self._process.wait()

    async def fork(self, environment: Mapping[str, str], arguments: Sequence[str], streams: Sequence[int]) -> Forked:
        """`saathi <arguments>` with this environment; `streams` = descriptors of its standard three."""
        if self._process is None:
            command = [sys.executable, "-m", "tests.fakes.forked", str(self._models)]
            kept = {name: value for name, value in os.environ.items() if not name.startswith("SAATHI_")}
            self._process = subprocess.Popen(command, cwd=ROOT, env=kept, stdin=self._theirs)  # noqa: ASYNC220
        ours, theirs = socket.socketpair()
        with theirs:
            ours.sendall(json.dumps({"environment": dict(environment), "arguments": list(arguments)}).encode())
            ours.shutdown(socket.SHUT_WR)
            socket.send_fds(self._requests, [b"."], [theirs.fileno(), *streams])
        reader, writer = await asyncio.open_connection(sock=ours)
        return Forked(int(await reader.readline()), reader, writer)


class _Session:
    """Of tests: outside of one (`make chaos`, whose figures are published) each process is started by itself."""

    parent: Parent | None = None


def parent() -> Parent | None:
    """Of whom processes are to be forked, if of anybody."""
    return _Session.parent


@contextmanager
def forking(models: Path) -> Iterator[None]:
    """From here on processes are forked of one that has everything loaded, with the model from this folder."""
    _Session.parent = made = Parent(models)
    try:
        yield
    finally:
        _Session.parent = None
        made.end()
