"""One server for all tests of the webhooks, each with an empty store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.web.webhooks import webhooks
from tests.fakes.line import Line, Store, settings
from tests.fakes.server import served


@pytest.fixture(scope="module")
async def standing() -> AsyncIterator[Line]:
    store = Store()
    async with (
        served(webhooks(settings(), store.receive, store.quarantine, store.acknowledge)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield Line(store, client)


@pytest.fixture
def line(standing: Line) -> Line:
    """One server for all these tests, each with an empty store."""
    standing.store.values.clear()
    standing.store.raw.clear()
    standing.store.keys.clear()
    standing.store.broken = False
    return standing
