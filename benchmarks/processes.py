"""Processes that are measured: started with a clean environment, ready when they say so, killed at the end.

Law: what is started here ends here, and what it said is kept in a file, for whoever asks why it failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bot.settings import ROOT
from tests.fakes.service import PATIENCE, clean_environment

PARTS = (
    "bot", "handlers", "desk", "flows", "knowledge", "locales", "nlu_data", "migrations", "alembic.ini",
    "pyproject.toml",
)  # fmt: skip


def copy_checkout(folder: Path) -> Path:
    """A checkout of its own, in which nothing was started yet: nothing is compiled, nothing kept."""
    for part in PARTS:
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    return folder


@asynccontextmanager
async def running(
    command: Sequence[str],
    log: Path,
    ready: Callable[[], Awaitable[bool]],
    environment: Mapping[str, str],
    place: Path = ROOT,
) -> AsyncIterator[int]:
    """Its pid, once it is ready. Raises RuntimeError with what it said when it ends before."""
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=place, env=clean_environment(environment), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        async with asyncio.timeout(PATIENCE):
            while not await ready():
                if process.returncode is not None:
                    raise RuntimeError(f"{command[0]} ended:\n{_end(log)}")
                await asyncio.sleep(0.05)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _end(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:]


async def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


async def healthy(port: int) -> bool:
    """Whether our service says that it is ready."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        with contextlib.suppress(httpx.TransportError):
            return (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200
    return False
