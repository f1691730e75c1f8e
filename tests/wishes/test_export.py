"""A copy of what is kept of a person: her words, and none of her proofs."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from bot.app import App
from bot.store import export
from bot.store.tables import audit, cases, family_codes
from tests.conftest import Clock
from tests.wishes.people import Person
from tests.wishes.test_erase import MARK, report

pytestmark = pytest.mark.slow
ID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")  # a part of one may be any four digits


def written(found: object) -> str:
    """What somebody who opens the copy reads, without ids."""
    return ID.sub("id", json.dumps(found, ensure_ascii=False))


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
    text = written(found)
    assert MARK in text
    assert "+96550000001" in text
    assert "+96550000002" not in text
    assert "Rosefinch" not in text
    assert not re.search(r"\b4071\b", text)
    assert "hash" not in text
    assert found["cases"][0]["facts"]
    assert {"contacts", "addresses", "conversations", "messages", "outbox", "cases", "case_events"} <= set(found)
    assert [r.action for r in await maya.app_rows(select(audit.c.action))] == ["exported"]


async def test_what_she_hides_is_not_in_it(app: App, clock: Clock) -> None:
    """She made both codes and wrote her second word: who reads the copy learns none of it."""
    maya = Person(app, clock, "777001", "telegram")
    await maya.begins(secret="4071")
    await report(maya)
    for text in ("menu", "more", "my settings", "a second PIN", "4071", "0629", "0629"):
        await maya.says(text)
    codes = []
    for answers in (("Which is which?", "Code A"), ("A new code", "Code B")):
        read = [line for text in ("family code", "4071", *answers) for line in await maya.says(text)]
        codes += [line[:19] for line in read if line[:4].isdecimal()]
    assert len(codes) == 2
    rows = await maya.app_rows(select(family_codes.c.kind).order_by(family_codes.c.made_at))
    assert sorted(row.kind for row in rows) == ["decoy", "real"]
    await maya.says("0629")
    assert (await maya.row()).seized_at is not None
    async with app.database.begin() as connection:
        found = await export.person(connection, app.secrets, await maya.subject(), clock())
    assert found is not None
    text = written(found)
    for hidden in (*codes, "decoy", "seized", "duress", "0629", "4071", "always says", "other digits"):
        assert not re.search(rf"\b{hidden}\b", text), hidden
    assert not {"notices", "family_codes", "code_uses", "certificate_links"} & set(found)
    assert MARK in text


async def test_what_a_caseworker_wrote_to_her_is_hers(app: App, clock: Clock) -> None:
    """Only what the bot said of her codes and words is starred, in the history and in the outbox."""
    maya = Person(app, clock, "777001", "telegram")
    await maya.begins(secret="4071")
    await report(maya)
    await app.staff.reply(await maya.home(), "The office opens on Sunday at nine.", case_id=None)
    async with app.database.begin() as connection:
        found = await export.person(connection, app.secrets, await maya.subject(), clock())
    assert found is not None
    for table in ("messages", "outbox"):
        assert "opens on Sunday" in json.dumps(found[table]), table
        assert "human.reply" not in json.dumps(found[table])


async def test_nobody_is_nobody(app: App, clock: Clock) -> None:
    async with app.database.begin() as connection:
        assert await export.subject_of(connection, "0000000") is None
        assert await export.person(connection, app.secrets, uuid7(), clock()) is None
