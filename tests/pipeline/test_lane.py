"""A look at the lane costs what it takes out, however many wait behind it, and whatever the planner thinks of their
number. What stands before it and may not leave is read past, row by row: with a grave case until the minute's job has
withdrawn it, with a human for as long as she has the conversation.

Law: the statements are those that the service really sends; what they read is counted by PostgreSQL while they run.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from benchmarks import crowd
from bot.settings import Settings
from bot.store import lane, tables
from bot.store.database import Connection, Database
from tests.fakes.plans import read_of
from tests.fakes.statements import Asked, heard
from tests.pipeline.telling import MAYA, TOPIC, WORDS, Telling, quiet
from tests.pipeline.world import World

PEOPLE, EACH = 2000, 500  # subscribers; rows in the lane of each of three accounts
TAKEN = 9  # in one look by the accounts' rates: Telegram 3, WhatsApp 5, SMS 1
MOST = 30 * TAKEN  # rows read for them: some of each table that is asked
HEAD = 100  # rows of each account that stand before all others and may not leave
PAST = 10  # rows read, at most, to pass one of them
_ALL_TO_TELL = (
    "UPDATE contacts SET consent_contact_at = now()",
    "UPDATE conversations SET owner = 'bot', reply_due_at = NULL, last_inbound_at = :silent",
    "INSERT INTO subscriptions (id, subject_id, topic, made_at)"
    " SELECT gen_random_uuid(), id, :topic, now() FROM contacts",
)
_HEAD = (
    "SELECT subject_id, conversation_id FROM (SELECT *, row_number() OVER"
    " (PARTITION BY lane_channel, lane_account ORDER BY seq) AS place FROM outbox WHERE state = 'lane') AS lane"
    " WHERE place <= :head"
)
_TAKEN_BY_A_HUMAN = (
    f"UPDATE conversations SET owner = 'human' WHERE id IN (SELECT conversation_id FROM ({_HEAD}) AS head)"
)
_IN_DANGER = (
    "INSERT INTO cases (id, subject_id, reference, conversation_id, kind, severity, stage, opened_at)"
    " SELECT gen_random_uuid(), subject_id, (9000000 + row_number() OVER ())::text, conversation_id,"
    f" 'report_unpaid_wages', 'critical', 'new', CAST(:now AS timestamptz) FROM ({_HEAD}) AS head"
)


@pytest.fixture
async def owner(settings: Settings, world: World) -> Database:
    assert settings.database_owner_url is not None
    database = Database(settings.database_owner_url.get_secret_value(), pool_size=1)
    world._others.append(database)
    return database


async def _poured(world: World, telling: Telling, owner: Database) -> None:
    """The lane is full; nothing of it is counted by the planner yet."""
    await crowd.fill(owner, world.app.secrets, PEOPLE, world.now, case_of_each=2, open_cases=PEOPLE // 2)
    given = {"topic": TOPIC, "silent": world.now - timedelta(hours=5)}
    for statement in _ALL_TO_TELL:
        await world.run(statement, **{name: value for name, value in given.items() if f":{name}" in statement})
    which = await telling.begun(words=dict.fromkeys(("ne", "hi", "ar"), WORDS["en"]))
    one = await telling.known(which)
    await telling.room.list_all(one)
    assert await telling.room.pour(one, most=EACH) == 3 * EACH


async def _looked(world: World, telling: Telling) -> tuple[int, list[Asked]]:
    """What a look would take, and what it asks; everything is as before afterwards."""
    async with world.app.database.engine.connect() as connection:
        with heard(world.app.database) as asked:
            claimed = await telling.lane(connection)
        await connection.rollback()
    return len(claimed), asked


async def test_a_look_reads_what_it_takes_however_many_wait(world: World, telling: Telling, owner: Database) -> None:
    await _poured(world, telling, owner)
    for counted in (False, True):
        if counted:
            async with owner.begin() as connection:
                await connection.execute(text("ANALYZE"))
        taken, asked = await _looked(world, telling)
        assert (taken, len(asked)) == (TAKEN, 4)
        assert await read_of(world.app.database, asked) <= MOST, f"counted: {counted}"


async def test_the_test_sees_a_look_that_reads_what_others_wait_for(
    world: World, telling: Telling, owner: Database
) -> None:
    await _poured(world, telling, owner)
    async with owner.begin() as connection:
        await connection.execute(text("DROP INDEX ix_outbox_lane_place"))
    taken, asked = await _looked(world, telling)
    assert taken == TAKEN
    assert await read_of(world.app.database, asked) > 2 * EACH


async def _read_past(world: World, telling: Telling) -> None:
    """The others leave all the same, and the head costs so much for each row of it."""
    taken, asked = await _looked(world, telling)
    assert taken == TAKEN
    assert 3 * HEAD < await read_of(world.app.database, asked) <= MOST + PAST * 3 * HEAD


async def test_a_head_that_a_human_has_is_read_past(world: World, telling: Telling, owner: Database) -> None:
    await _poured(world, telling, owner)
    await world.run(_TAKEN_BY_A_HUMAN, head=HEAD)
    await _read_past(world, telling)


async def test_a_head_in_danger_is_read_past_until_the_next_minute(
    world: World, telling: Telling, owner: Database
) -> None:
    await _poured(world, telling, owner)
    await world.run(_IN_DANGER, head=HEAD, now=world.now)
    await _read_past(world, telling)
    await telling.minute()
    taken, asked = await _looked(world, telling)
    assert taken == TAKEN
    assert await read_of(world.app.database, asked) <= MOST


async def test_until_an_accounts_moment_has_come_one_question_is_all(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    await telling.begun()
    assert await telling.minute() == 1
    await world.run("UPDATE channel_lanes SET next_send_at = :at", at=world.now + timedelta(seconds=1))
    taken, asked = await _looked(world, telling)
    assert (taken, len(asked)) == (0, 1)
    world.clock.move(seconds=1)
    taken, asked = await _looked(world, telling)
    assert (taken, len(asked)) == (1, 4)
    await world.sends()
    world.clock.move(seconds=1)
    taken, asked = await _looked(world, telling)
    assert (taken, len(asked)) == (0, 1)  # nothing waits any more


async def test_what_the_version_before_put_into_the_lane_leaves_after_the_next_minute(
    world: World, telling: Telling
) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    await telling.begun()
    assert await telling.minute() == 1
    await world.run(f"UPDATE {tables.outbox.name} SET lane_channel = NULL, lane_account = NULL")
    assert await world.sends() == 0
    await telling.minute()
    await world.sends()
    assert len(telling.heard(MAYA)) == 1


async def test_so_many_are_named_at_once_and_each_time_it_is_committed(
    world: World, telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"80{number}" for number in range(5)]
    for address in people:
        await telling.subscriber(address)
    await quiet(telling)
    await telling.begun()
    assert await telling.minute() == len(people)
    await world.run(f"UPDATE {tables.outbox.name} SET lane_channel = NULL, lane_account = NULL")
    monkeypatch.setattr(lane, "NAMED", 2)
    name, named = lane.name_places, []

    async def counted(connection: Connection) -> int:
        left = await world.one("SELECT count(*) FROM outbox WHERE state = 'lane' AND lane_channel IS NULL")
        done = await name(connection)
        named.append((left, done))
        return done

    monkeypatch.setattr(lane, "name_places", counted)
    await telling.minute()
    assert named == [(5, 2), (3, 2), (1, 1)]  # others see what was named before
