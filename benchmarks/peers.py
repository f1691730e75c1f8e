"""What people would use instead for the conversation of four lines, each as a process of its own.

Law: started as their documents say, and measured from outside; what is started here ends here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.phones import BotApi, ByPolling, ByWebhook
from benchmarks.processes import listens, running
from bot.settings import ROOT
from tests.fakes.service import free_port
from tests.fakes.telegram import TOKEN

BOTTENDER = ROOT / "benchmarks" / "bottender"


class TelegramBot:
    """`benchmarks/telegram_bot.py`, started as often as one likes, its state in one file."""

    def __init__(self, api: BotApi, folder: Path) -> None:
        self._api, self._file, self._log = api, folder / "state.pickle", folder / "telegram-bot.log"

    @asynccontextmanager
    async def started(self) -> AsyncIterator[tuple[int]]:
        """Its pid, once it asks for updates."""
        before = self._api.polls

        async def asks() -> bool:
            return self._api.polls > before

        command = [sys.executable, "-m", "benchmarks.telegram_bot", "--api", self._api.url, "--token", TOKEN]
        command += ["--file", str(self._file)]
        async with running(command, self._log, asks, {}) as pid:
            yield (pid,)

    def talked_with(self) -> ByPolling:
        """As Telegram does."""
        return ByPolling(self._api)


def bottender(folder: Path) -> Path | None:
    """Its project with all that it needs, fetched once; None without Node, or when it cannot be fetched. No script of a
    package is run."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(BOTTENDER, folder, dirs_exist_ok=True)
    if not (folder / "node_modules" / "bottender").exists():
        print("Setting up Bottender: 530 packages, 130 MB, two minutes ...", flush=True)
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"Bottender is left out, npm could not fetch it:\n{done.stderr[-500:]}", flush=True)
            return None
    return folder


class Bottender:
    """`benchmarks/bottender/`, its sessions in memory."""

    def __init__(self, api: BotApi, project: Path, folder: Path) -> None:
        self._api, self._project, self._log = api, project, folder / "bottender.log"
        self._port = free_port()

    @asynccontextmanager
    async def started(self) -> AsyncIterator[tuple[int]]:
        """Its pid, once it listens."""
        environment = {
            "NODE_ENV": "production",
            "TELEGRAM_ACCESS_TOKEN": TOKEN,
            "TELEGRAM_ORIGIN": self._api.url,
        }
        command = ["node", str(self._project / "node_modules" / "bottender" / "bin" / "cli.js"), "start"]
        command += ["--port", str(self._port)]
        async with running(command, self._log, lambda: listens(self._port), environment, self._project) as pid:
            yield (pid,)

    def talked_with(self) -> ByWebhook:
        """As Telegram does."""
        return ByWebhook(self._api, self._port)
