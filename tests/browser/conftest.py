"""A browser for the pages: the system's Chromium under Playwright, or a printed reason to skip."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bot import app as composition
from bot import content as content_room
from bot import databases
from bot.content import Content
from bot.settings import Settings
from tests.desk.office import Desk, opened
from tests.pipeline.world import Table, World

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENT = 30_000  # milliseconds that anything may take; the machine may be busy, nothing here is a measurement
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this system: neither chromium, chromium-browser nor google-chrome is in PATH")
    expect.set_options(timeout=PATIENT)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        await running.close()


@pytest.fixture
async def browser_page(browser: Browser) -> AsyncIterator[Page]:
    """A page with storage of its own, 1400x900. The test fails if a script of the page failed or the content policy
    refused something."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
    page = await context.new_page()
    page.set_default_timeout(PATIENT)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    await context.close()
    assert errors == []


class RealClock:
    """The browser's clock is the real one, and codes are of it."""

    @property
    def at(self) -> datetime:
        return datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **amount: float) -> None:
        """Time passes by itself."""


@pytest.fixture
async def world(settings: Settings, content: Content, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(composition, "load_understanding", lambda root, data_dir: Table())
    monkeypatch.setattr(content_room, "load", lambda root: content)
    monkeypatch.setattr(databases, "migrate", lambda url: "")  # the template has the newest schema
    clock = RealClock()
    made = World(await composition.build(settings, clock=clock), clock)  # type: ignore[arg-type]
    yield made
    await made.close()


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made
