"""Saathi as a process of its own: `python -m bot serve`, started, asked, killed and ended by tests.

Law: the real command with a real environment; whatever is started here is ended here, and every wait has an end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from bot.settings import ROOT
from tests.fakes import forks
from tests.fakes.forks import Forked

PATIENCE = 120.0  # seconds; the machine may be busy, nothing here is a measurement


_ports = itertools.count(os.getpid() * 37)


def free_port() -> int:
    """A port of the loopback address that nobody uses, and that no other test is given while this one still needs it:
    below those that the system hands out by itself, and beginning elsewhere in each process."""
    for number in itertools.islice(_ports, 1000):
        port = 10_000 + number % 20_000
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no free port")


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a process needs of ours, and no setting but these."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(settings)


class Service:
    """`async with Service(environment, log, port) as service:`; it is ready when `ready()` returns."""

    module = "bot"  # `python -m ...`; a test may set another on the instance before it starts
    afresh = False  # a test that is about the start itself sets it: nothing is loaded before

    def __init__(self, settings: Mapping[str, str], log: Path, port: int, arguments: Sequence[str] = ()) -> None:
        self._environment = clean_environment(settings)
        self._log = log
        self._arguments = ("serve", "--port", str(port), *arguments)
        self._process: Process | Forked | None = None
        self._file: IO[bytes] | None = None
        self.url = f"http://127.0.0.1:{port}"

    async def __aenter__(self) -> Self:
        self._file = self._log.open("ab")
        parent = None if self.afresh or self.module != "bot" else forks.parent()
        if parent is not None:
            with open(os.devnull, "rb") as nothing:  # noqa: ASYNC230
                streams = [file.fileno() for file in (nothing, self._file, self._file)]
                self._process = await parent.fork(self._environment, self._arguments, streams)
            return self
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self.module, *self._arguments),
            cwd=ROOT,
            env=self._environment,
            stdin=DEVNULL,
            stdout=self._file,
            stderr=self._file,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.kill()
        await self.ended()
        if self._file is not None:
            self._file.close()

    @property
    def process(self) -> Process | Forked:
        """The process, once it was started."""
        assert self._process is not None
        return self._process

    @property
    def output(self) -> str:
        """Everything it printed and logged, with what services before it wrote to the same file."""
        return self._log.read_text("utf-8", errors="replace")

    def kill(self) -> None:
        """SIGKILL: no clean-up, as when the power goes."""
        self.process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM: as when a new version is installed."""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Its exit code, when it has ended; negative = the signal that killed it."""
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def ready(self) -> None:
        """Until it answers that it is ready; fails when it ends before."""
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False) as client:
            while self.process.returncode is None:
                try:
                    if (await client.get(f"{self.url}/health/ready")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError(f"the service ended with {self.process.returncode}:\n{self.output[-2000:]}")


async def command(
    settings: Mapping[str, str], *arguments: str, given: bytes = b"", afresh: bool = False
) -> tuple[int, str, str]:
    """Run `saathi ...` to its end; returns exit code, standard output, standard error. `afresh`: nothing is loaded."""
    if not afresh and (parent := forks.parent()) is not None:
        return await _forked(parent, settings, arguments, given)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=ROOT,
        env=clean_environment(settings),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(given), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode(), err.decode()


async def _forked(
    parent: forks.Parent, settings: Mapping[str, str], arguments: Sequence[str], given: bytes
) -> tuple[int, str, str]:
    """The same by a fork, through pipes as well."""
    (stdin, tell), (hear_out, stdout), (hear_err, stderr) = os.pipe(), os.pipe(), os.pipe()
    theirs = (stdin, stdout, stderr)
    try:
        process = await parent.fork(clean_environment(settings), arguments, theirs)
    finally:
        for end in theirs:
            os.close(end)
    try:
        ends = (asyncio.to_thread(_tell, tell, given), *(asyncio.to_thread(_hear, end) for end in (hear_out, hear_err)))
        _, out, err = await asyncio.wait_for(asyncio.gather(*ends), PATIENCE)
        code = await asyncio.wait_for(process.wait(), PATIENCE)
    finally:
        process.kill()
    return code, out.decode(), err.decode()


def _tell(pipe: int, given: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(pipe, "wb") as file:
        file.write(given)


def _hear(pipe: int) -> bytes:
    with open(pipe, "rb") as file:
        return file.read()
