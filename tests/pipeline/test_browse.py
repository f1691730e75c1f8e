"""Who only asks about rules and numbers: no case, no consent, no country of hers, and nothing left after a day."""

from __future__ import annotations

from bot.store import retention
from tests.pipeline.world import World

MAYA = "501"


async def test_who_asks_about_rules_leaves_nothing_after_a_day(world: World) -> None:
    await world.says(MAYA, "the rules for passport in kuwait", "1", "1", "3")
    assert await world.said(MAYA) == [
        "rights.unchecked",
        "elsewhere.sector",
        "elsewhere.body",
        "rights.useful",
        "rights.again",
        "rights.bye",
    ]
    await _nothing_of_a_person(world)
    (row,) = await world.rows("SELECT kind, helped, month FROM feedback")
    assert (row.kind, row.helped, row.month) == ("rights.KW.passport", 3, world.now.date().replace(day=1))
    await _gone_after_a_day(world)
    assert await world.one("SELECT count(*) FROM feedback") == 1


async def test_who_asks_for_a_number_leaves_nothing_after_a_day(world: World) -> None:
    await world.says(MAYA, "lawyer number in kuwait")
    assert await world.said(MAYA) == ["contacts.found", "contacts.next"]
    await _nothing_of_a_person(world)
    await _gone_after_a_day(world)


async def _nothing_of_a_person(world: World) -> None:
    for table in ("cases", "notices", "case_events"):
        assert await world.one(f"SELECT count(*) FROM {table}") == 0, table
    (person,) = await world.rows("SELECT consent_store_at, consent_refused_at, country FROM contacts")
    assert tuple(person) == (None, None, None)
    assert {r.retention for r in await world.rows("SELECT retention FROM messages")} == {"browse"}


async def _gone_after_a_day(world: World) -> None:
    world.clock.move(hours=25)
    await retention.purge(world.app.database, world.app.secrets, world.now)
    assert await world.one("SELECT count(*) FROM messages") == 0
    assert await world.one("SELECT count(*) FROM inbox") == 0
    assert await world.one("SELECT count(*) FROM conversations WHERE session_enc IS NOT NULL") == 0
