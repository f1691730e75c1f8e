"""A copy of what is kept of a person: her words, and none of her proofs."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from bot.app import App
from bot.store import export
from bot.store.tables import audit, cases
from tests.conftest import Clock
from tests.wishes.people import Person
from tests.wishes.test_erase import MARK, report

pytestmark = pytest.mark.slow


async def test_all_of_hers_is_there_and_can_be_read(app: App, clock: Clock) -> None:
    maya, other = Person(app, clock, "+96550000001"), Person(app, clock, "+96550000002")
    await maya.begins(secret="4071")
    await report(maya)
    await other.begins()
    await other.says("Rosefinch writes this")
    reference = (await maya.app_rows(select(cases.c.reference)))[0].reference
    async with app.database.begin() as connection:
        who = await export.subject_of(connection, reference)
        assert who == await maya.subject()
        found = await export.person(connection, app.secrets, who, clock())
    assert found is not None
    text = json.dumps(found, ensure_ascii=False)
    assert MARK in text
    assert "+96550000001" in text
    assert "+96550000002" not in text
    assert "Rosefinch" not in text
    assert "4071" not in text
    assert "hash" not in text
    assert found["cases"][0]["facts"]
    assert {"contacts", "addresses", "conversations", "messages", "outbox", "cases", "case_events"} <= set(found)
    assert [r.action for r in await maya.app_rows(select(audit.c.action))] == ["exported"]


async def test_nobody_is_nobody(app: App, clock: Clock) -> None:
    async with app.database.begin() as connection:
        assert await export.subject_of(connection, "0000000") is None
        assert await export.person(connection, app.secrets, uuid7(), clock()) is None
