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
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from bot.settings import ROOT

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

    def __init__(self, settings: Mapping[str, str], log: Path, port: int, arguments: Sequence[str] = ()) -> None:
        self._environment = clean_environment(settings)
        self._log = log
        self._arguments = ("serve", "--port", str(port), *arguments)
        self._process: Process | None = None
        self._file: IO[bytes] | None = None
        self.url = f"http://127.0.0.1:{port}"

    async def __aenter__(self) -> Self:
        self._file = self._log.open("ab")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.module,
            *self._arguments,
            cwd=ROOT,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
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
    def process(self) -> Process:
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


async def command(settings: Mapping[str, str], *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
    """Run `saathi ...` to its end; returns exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=ROOT,
        env=clean_environment(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(given), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode(), err.decode()
