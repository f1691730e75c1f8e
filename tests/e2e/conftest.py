"""A world with the service running, for the tests over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.embedded import Server
from tests.fakes.world import World, world


@pytest.fixture
async def here(server: Server, tmp_path: Path) -> AsyncIterator[World]:
    """A database and both providers; the test starts the service itself."""
    async with world(server, tmp_path) as made:
        yield made


@pytest.fixture
async def running(here: World) -> AsyncIterator[World]:
    """The same, with one service that is ready."""
    async with here.service() as service:
        await service.ready()
        yield here
