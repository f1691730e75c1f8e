"""The desk on an application of its own: real content, read once, and a real database; nothing runs by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import app as composition
from bot import content as content_room
from bot import databases
from bot.app import App
from bot.content import Content
from bot.settings import Settings
from tests.conftest import Clock
from tests.desk.office import Desk, opened
from tests.pipeline.world import Table, World


@pytest.fixture
async def app(
    settings: Settings, clock: Clock, content: Content, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    """An application without understanding, as `--role web` has it."""
    monkeypatch.setattr(content_room, "load", lambda root: content)
    monkeypatch.setattr(databases, "migrate", lambda url: "")  # the template has the newest schema
    built = await composition.build(settings, clock=clock, understanding=False)
    yield built
    await built.close()


@pytest.fixture
async def world(
    settings: Settings, clock: Clock, content: Content, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """A service whose people can write: what they mean is a small table."""
    monkeypatch.setattr(composition, "load_understanding", lambda root, data_dir: Table())
    monkeypatch.setattr(content_room, "load", lambda root: content)
    monkeypatch.setattr(databases, "migrate", lambda url: "")
    made = World(await composition.build(settings, clock=clock), clock)
    yield made
    await made.close()


@pytest.fixture
async def desk(app: App) -> AsyncIterator[Desk]:
    """The desk, served."""
    async with opened(app) as made:
        yield made
