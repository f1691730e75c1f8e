"""Two who were joined wrongly are two again: each under a key of her own, each with her history, nothing lost."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from bot.app import App
from bot.store import export, unmerge, users
from bot.store.tables import contacts, merges, metadata
from tests.conftest import Clock
from tests.wishes.people import Person, jobs
from tests.wishes.test_erase import MARK, report
from tests.wishes.test_merge import code_of, sealed_under

pytestmark = pytest.mark.slow


@pytest.fixture
def maya(app: App, clock: Clock) -> Person:
    return Person(app, clock, "+96550000001")


@pytest.fixture
def new_phone(app: App, clock: Clock) -> Person:
    return Person(app, clock, "777001", "telegram")


async def _rows(app: App) -> dict[str, int]:
    """How many rows of people there are, by table."""
    found = {}
    async with app.database.begin() as connection:
        for table in metadata.sorted_tables:
            if "subject_id" in table.c and table.name not in ("merges", "case_events", "keys"):
                found[table.name] = len((await connection.execute(select(table.c.subject_id))).all())
    return found


async def _boss(app: App) -> UUID:
    async with app.database.begin() as connection:
        return await users.add(connection, login=f"b-{uuid7()}", name="Boss", role="supervisor", password_hash="none")


async def test_taken_apart_again_each_has_her_own(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    await maya.begins(secret="4071")
    await report(maya)
    await new_phone.says("hello")
    await new_phone.says("1")
    older, younger, code = await maya.subject(), await new_phone.subject(), await code_of(maya)
    said = {p.address: len(await p.thread()) for p in (maya, new_phone)}
    before = {"older": await sealed_under(app, older), "younger": await sealed_under(app, younger)}
    await new_phone.says(f"link {code}")
    said[new_phone.address] = len(await new_phone.thread())
    people = await _rows(app)
    assert await jobs(app, clock) == (0, 1)
    assert await maya.subject() == await new_phone.subject() == older
    boss = await _boss(app)
    async with app.database.begin() as connection:
        (merge_id,) = (await connection.execute(select(merges.c.id))).one()
        args = {"user_id": boss, "reason": "mistake", "now": clock.at}
        assert await unmerge.undo(connection, app.secrets, merge_id, **args)
    assert (await maya.subject(), await new_phone.subject()) == (older, younger)
    for person in (maya, new_phone):
        assert len(await person.thread()) == said[person.address]
    assert any(MARK in str(line.body) for line in await maya.thread())
    assert not any(MARK in str(line.body) for line in await new_phone.thread())
    assert await _rows(app) == people
    # Every sealed cell of either opens under its own key; at the older one the row of the merge itself came.
    assert await sealed_under(app, older) == before["older"] + 1
    assert await sealed_under(app, younger) > before["younger"]
    await maya.news()
    await new_phone.news()
    assert "a person writes by" in (await maya.says("8"))[0]
    assert "a person writes by" not in (await new_phone.says("8"))[0]
    async with app.database.begin() as connection:
        args = {"user_id": boss, "reason": "mistake", "now": clock.at}
        assert not await unmerge.undo(connection, app.secrets, merge_id, **args)


async def test_a_copy_of_hers_says_nothing_of_it(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    await maya.begins(secret="4071")
    await new_phone.says("hello")
    await new_phone.says(f"link {await code_of(maya)}")
    assert await jobs(app, clock) == (0, 1)
    async with app.database.begin() as connection:
        copy = await export.person(connection, app.secrets, await maya.subject(), clock.at)
    assert copy is not None
    assert not {"merges", "merge_asks", "case_links", "glass_openings", "case_transfers"} & set(copy)


async def test_stop_since_then_holds_for_both(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    await maya.begins(secret="4071")
    await new_phone.says("hello")
    await new_phone.says(f"link {await code_of(maya)}")
    assert await jobs(app, clock) == (0, 1)
    boss = await _boss(app)
    async with app.database.begin() as connection:
        await connection.execute(update(contacts).values(opted_out_at=clock.at, consent_contact_at=None))
        (merge_id,) = (await connection.execute(select(merges.c.id))).one()
        args = {"user_id": boss, "reason": "forced", "now": clock.at}
        assert await unmerge.undo(connection, app.secrets, merge_id, **args)
        rows = (await connection.execute(select(contacts.c.opted_out_at, contacts.c.consent_contact_at))).all()
    assert [(row.opted_out_at, row.consent_contact_at) for row in rows] == [(clock.at, None)] * 2
