"""The pipeline on a real database: real content, engine and handlers; only the understanding is a small table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import app as composition
from bot import content as content_room
from bot import databases
from bot.content import Content
from bot.settings import Settings
from tests.conftest import Clock
from tests.pipeline.telling import Telling
from tests.pipeline.world import Table, World


@pytest.fixture
async def world(
    settings: Settings, clock: Clock, content: Content, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """A built service on its own database; nothing runs by itself."""
    monkeypatch.setattr(composition, "load_understanding", lambda root, data_dir: Table())
    monkeypatch.setattr(content_room, "load", lambda root: content)
    monkeypatch.setattr(databases, "migrate", lambda url: "")  # the template has the newest schema
    app = await composition.build(settings, clock=clock)
    made = World(app, clock)
    yield made
    await made.close()


@pytest.fixture
async def telling(world: World) -> Telling:
    """Broadcasts in that world, with who writes them and who agrees."""
    return await Telling.made(world)
