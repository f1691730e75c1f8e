"""Workers beside each other: whoever finds what it understood in other hands looks elsewhere among those who wait."""

from __future__ import annotations

from uuid import UUID

from bot.conductor.batch import ROWS, SUBJECTS
from bot.store import turns
from bot.store.waiting import WIDE, peek
from tests.pipeline.world import World

PEOPLE = SUBJECTS * 3


async def crowd(world: World, lines: int = 1) -> list[str]:
    """So many people, all of whom wait."""
    people = [f"6{number:03}" for number in range(PEOPLE)]
    for line in range(lines):
        await world.app.receive([world.inbound(person, f"line {line}") for person in people])
    return people


async def flood(world: World, number: int) -> None:
    """So many receipts that wait."""
    await world.run(
        "INSERT INTO inbox (kind, payload_enc, received_at, ready_at)"
        " SELECT 'receipt', '', :now, :now FROM generate_series(1, :number)",
        now=world.now,
        number=number,
    )


async def look(world: World, *, beside: bool) -> list[UUID | None]:
    """Whose rows a look brings, in order."""
    rows = await peek(world.app.database, world.app.secrets, world.now, ROWS, SUBJECTS, beside=beside)
    return [row.subject_id for row in rows]


async def test_what_another_worker_has_in_hand_is_stepped_around(world: World) -> None:
    await crowd(world)
    first = await world.rows("SELECT subject_id FROM inbox WHERE state = 'waiting' ORDER BY id LIMIT :n", n=SUBJECTS)
    conductor = world.new_conductor()
    async with world.app.database.begin() as other:
        assert len(await turns.lock(other, [row.subject_id for row in first])) == SUBJECTS
        assert await conductor.run_once() == 0  # all that it understood is in the other's hands
        handled = 0
        for _ in range(40):  # by chance each look finds some of theirs, too
            handled += await conductor.run_once()
        assert handled == PEOPLE - SUBJECTS
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == SUBJECTS
    while await conductor.run_once():
        pass
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 0


async def test_a_look_beside_others_takes_whole_people_and_not_always_the_same(world: World) -> None:
    await crowd(world, lines=2)
    looks = [
        await peek(world.app.database, world.app.secrets, world.now, ROWS, SUBJECTS, beside=True) for _ in range(4)
    ]
    seen = set()
    for rows in looks:
        people = [row.subject_id for row in rows]
        assert len(set(people)) == SUBJECTS
        assert all(people.count(person) == 2 for person in people)  # what she wrote first is never left behind
        assert [row.id for row in rows] == sorted(row.id for row in rows)
        seen |= set(people)
    assert len(seen) > SUBJECTS
    alone = await peek(world.app.database, world.app.secrets, world.now, ROWS, SUBJECTS)
    oldest = await world.rows("SELECT subject_id FROM inbox WHERE state = 'waiting' ORDER BY id LIMIT :n", n=SUBJECTS)
    assert {row.subject_id for row in alone} == {row.subject_id for row in oldest}


async def test_a_flood_of_receipts_is_worked_off_by_one_looks_worth(world: World) -> None:
    await flood(world, ROWS * (WIDE - 2))
    await crowd(world)
    found = await look(world, beside=True)
    assert found.count(None) == ROWS
    assert len(set(found) - {None}) == SUBJECTS


async def test_of_receipts_alone_each_worker_takes_others(world: World) -> None:
    await flood(world, ROWS * WIDE)
    looks = [
        {row.id for row in await peek(world.app.database, world.app.secrets, world.now, ROWS, SUBJECTS, beside=True)}
        for _ in range(4)
    ]
    assert {len(ids) for ids in looks} == {ROWS}
    assert len(set[int]().union(*looks)) > ROWS


async def test_a_look_beside_others_is_no_longer_than_any_and_cuts_nobody_in_two(world: World) -> None:
    lines, people = 5, ROWS * WIDE // 5
    for line in range(lines):
        await world.app.receive([world.inbound(f"6{number:03}", f"line {line}") for number in range(people)])
    found = await look(world, beside=True)
    assert len(found) == ROWS // lines * lines
    assert {found.count(person) for person in found} == {lines}
