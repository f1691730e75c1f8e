"""Questions are counted from the history, by hours that are over: once each, and nothing of anybody is kept."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

from bot.jobs import drop_off
from tests.pipeline.world import World


async def _count(world: World) -> int:
    return await drop_off.count_questions(world.app.database, world.app.secrets, world.clock())


async def _results(world: World) -> dict[str, int]:
    rows = await world.rows("SELECT result, sum(times) AS n FROM flow_counts GROUP BY result")
    return {row.result: row.n for row in rows}


async def test_each_question_is_counted_once_when_its_half_day_is_over(world: World) -> None:
    await world.says("9001", "my wages")
    assert await world.one("SELECT count(*) FROM messages WHERE author = 'bot'") > 0
    assert await _count(world) == 0  # she may still answer
    world.clock.move(hours=14)
    counted = await _count(world)
    assert counted > 0
    assert await _results(world) == {"left": counted}
    assert await _count(world) == 0


async def test_an_answer_and_the_same_question_again_are_told_apart(world: World) -> None:
    await world.says("9001", "my wages")
    world.clock.move(minutes=1)
    await world.says("9001", "qqqq zzzz")
    world.clock.move(hours=14)
    await _count(world)
    found = await _results(world)
    assert found.get("left") == 1
    assert sum(found.values()) >= 2


async def test_tryouts_and_letters_about_ourselves_are_not_counted(world: World) -> None:
    await world.says("9001", "my wages")
    await world.says("9002", "my wages")
    await world.run("UPDATE contacts SET simulated = true WHERE id = :i", i=(await world.where("9001")).subject_id)
    await world.run(
        "UPDATE messages SET retention = 'box' WHERE conversation_id = :c",
        c=(await world.where("9002")).conversation_id,
    )
    world.clock.move(hours=14)
    assert await _count(world) == 0


async def test_hours_long_gone_are_left_out_since_their_texts_are(world: World) -> None:
    await world.says("9001", "my wages")
    world.clock.move(hours=40)
    assert await _count(world) == 0
    marks = await world.one("SELECT min(hour) FROM flow_hours")
    assert world.clock() - marks < timedelta(hours=24)


async def test_an_hour_is_counted_in_pieces_however_much_was_said(world: World) -> None:
    """All of its conversations, and of the half day after it, lay in memory at once: at each hour a peak that was never
    given back."""
    await world.says("9001", "my wages")
    columns = [
        row.name
        for row in await world.rows(
            "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'messages'"
        )
    ]
    values = {"id": "gen_random_uuid()", "body_enc": "decode(repeat('ab', 5000), 'hex')"}
    picked = ", ".join(values.get(name, name) for name in columns)
    await world.run(
        f"INSERT INTO messages ({', '.join(columns)}) SELECT {picked} FROM (SELECT * FROM messages WHERE author = 'bot'"
        " LIMIT 1) AS m, generate_series(1, 4000)"
    )
    world.clock.move(hours=14)
    tracemalloc.start()
    try:
        assert await _count(world) > 0
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 12_000_000  # of 20 MB


async def test_a_spoilt_key_ends_nobody_else_s_counting(world: World) -> None:
    await world.says("9001", "my wages")
    await world.says("9002", "my wages")
    where = await world.where("9001")
    world.clock.move(hours=14)
    counted = "SELECT coalesce(sum(times), 0) FROM flow_counts"
    await world.run("UPDATE keys SET wrapped = 'x' WHERE subject_id = :i", i=where.subject_id)
    assert await _count(world) > 0
    assert await world.one(counted) > 0
