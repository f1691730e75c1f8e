"""Saathi as the assistant that is compared: the real service, four flows of `benchmarks/saathi/` in place of its own.

Law: everything else is as it is delivered: understanding, danger, encryption, cases for caseworkers, every commit on
the disk. Lifted is the account's own pace alone (25 messages a second at Telegram), which is not what is measured; the
pause of a second between two messages to one chat stays.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg

from benchmarks.phones import BotApi, ByPolling, ByWebhook
from benchmarks.processes import copy_checkout, healthy, running
from bot.settings import ROOT
from bot.store.embedded import Server
from tests.fakes.database import copied
from tests.fakes.post import PUBLIC, SECRET
from tests.fakes.service import free_port
from tests.fakes.telegram import TOKEN

FLOWS = ROOT / "benchmarks" / "saathi" / "flows"
PER_SECOND = 100_000
APART = ("web", "worker")  # roles, as deploy/compose.yml has them


def install(folder: Path) -> Path:
    """A checkout of its own, with the flows of the comparison."""
    copy_checkout(folder)
    shutil.copytree(FLOWS, folder / "flows", dirs_exist_ok=True)
    parsed = ROOT / "var" / "parsed"  # what is not changed is not parsed again (bot/content/kept.py)
    parsed.mkdir(parents=True, exist_ok=True)
    (folder / "var").mkdir()
    (folder / "var" / "parsed").symlink_to(parsed, target_is_directory=True)
    return folder


class Saathi:
    """One installation on a database of its own, started as often as one likes. `mode` webhook or polling; `roles`: of
    its processes, the one that listens first."""

    def __init__(
        self, checkout: Path, copy: Server, data: Path, api: BotApi, mode: str, roles: Sequence[str] = ("all",)
    ) -> None:
        self._checkout, self._data, self._mode = checkout, data, mode
        self._ports, self._api = {role: free_port() for role in roles}, api
        self.url = copy.url_app
        self._settings = {
            "SAATHI_ENV": "development",
            "SAATHI_DATA_DIR": str(data),
            "SAATHI_DATABASE_URL": copy.url_app,
            "SAATHI_DATABASE_OWNER_URL": copy.url_owner,
            "SAATHI_PUBLIC_URL": PUBLIC,
            "SAATHI_TELEGRAM_TOKEN": TOKEN,
            "SAATHI_TELEGRAM_WEBHOOK_SECRET": SECRET,
            "SAATHI_TELEGRAM_API_URL": api.url,
            "SAATHI_TELEGRAM_MODE": mode,
            "SAATHI_LOG_LEVEL": "WARNING",
        }
        with psycopg.connect(copy.url_owner) as connection:
            connection.execute(
                "INSERT INTO channel_accounts (channel, account, per_second) VALUES ('telegram', %s, %s)",
                (TOKEN.partition(":")[0], PER_SECOND),
            )

    @asynccontextmanager
    async def started(self) -> AsyncIterator[tuple[int, ...]]:
        """Its processes, once they are ready."""
        async with AsyncExitStack() as stack:
            yield tuple([await stack.enter_async_context(self._process(role)) for role in self._ports])

    def _process(self, role: str) -> AbstractAsyncContextManager[int]:
        port = self._ports[role]
        command = [sys.executable, "-m", "bot", "serve", "--role", role]
        command += ["--health-port" if role == "worker" else "--port", str(port)]
        log = self._data / f"saathi-{self._mode}-{role}.log"
        return running(command, log, lambda: healthy(port), self._settings, self._checkout)

    def talked_with(self) -> ByWebhook | ByPolling:
        """As Telegram does."""
        return (
            ByWebhook(self._api, next(iter(self._ports.values()))) if self._mode == "webhook" else ByPolling(self._api)
        )


@asynccontextmanager
async def saathi(
    server: Server, checkout: Path, data: Path, api: BotApi, mode: str, roles: Sequence[str] = ("all",)
) -> AsyncIterator[Saathi]:
    """On a fresh copy of the schema, gone at the end."""
    with copied(server) as copy:
        yield Saathi(checkout, copy, data, api, mode, roles)
