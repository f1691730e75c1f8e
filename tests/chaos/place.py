"""Where a storm may rage: an embedded server of its own, in a folder of its own, with stormy providers."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store import embedded
from bot.store.migrate import migrate
from tests.chaos.storm import Storm
from tests.chaos.weather import StormyTelegram, StormyTwilio, Weather
from tests.fakes.world import World, world


def _make() -> tuple[Path, embedded.Server]:
    directory = Path(tempfile.mkdtemp(prefix="saathi-chaos-"))
    directory.chmod(0o711)
    server = embedded.ensure(directory)  # durable: what was acknowledged must be on the disk
    migrate(server.url_owner)
    return directory, server


def _remove(directory: Path) -> None:
    embedded.remove(directory)
    shutil.rmtree(directory)


@asynccontextmanager
async def place() -> AsyncIterator[World]:
    """A helpline with calm providers; everything is gone at the end."""
    directory, server = await asyncio.to_thread(_make)
    try:
        async with world(server, directory / "world") as here:
            yield here
    finally:
        await asyncio.to_thread(_remove, directory)


@asynccontextmanager
async def storm(seed: int, *, short: bool = False, hanging: bool = True) -> AsyncIterator[Storm]:
    """A storm that has not begun; everything is gone at the end. `short`: nothing in it takes half a minute; `hanging`:
    a provider may keep us waiting for as long."""
    weather = Weather(seed, hanging=hanging and not short)
    directory, server = await asyncio.to_thread(_make)
    try:
        made = world(server, directory / "world", lambda: StormyTwilio(weather), lambda: StormyTelegram(weather))
        async with made as here:
            yield Storm(here, directory, weather, seed, hasten=short)
    finally:
        await asyncio.to_thread(_remove, directory)
