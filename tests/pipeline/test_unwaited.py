"""What is written at the end of a batch is not waited for: nothing of it may ask, for nobody would see the answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conductor import batch
from tests.pipeline.world import World

MAYA = "801"
ASKS = re.compile(r"^\s*SELECT\b|\bRETURNING\b", re.IGNORECASE)


async def test_nothing_asks_where_nobody_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    within = False
    unwaited, execute = batch.unwaited, psycopg.AsyncCursor.execute

    @asynccontextmanager
    async def noted(connection: AsyncConnection) -> AsyncIterator[None]:
        nonlocal within
        async with unwaited(connection):
            within = True
            try:
                yield
            finally:
                within = False

    async def heard(self: Any, query: Any, *args: Any, **more: Any) -> Any:
        if within:
            told.append(query.decode() if isinstance(query, bytes) else str(query))
        return await execute(self, query, *args, **more)

    monkeypatch.setattr(batch, "unwaited", noted)
    monkeypatch.setattr(psycopg.AsyncCursor, "execute", heard)
    await world.says(
        MAYA, "hello", "1", "wages", "3", "1", "knife", "no", "human", "missing", "stop", "start", "delete"
    )
    for table in ("contacts", "conversations", "cases", "notices", "outbox", "messages", "inbox"):
        assert any(re.match(rf"(INSERT INTO|UPDATE) {table}\b", query) for query in told), table
    assert [query for query in told if ASKS.search(query)] == []
