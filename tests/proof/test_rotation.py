"""Keys are wrapped anew while people write: nobody loses a word, and the old secret opens nothing afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.cli import keys as cli
from bot.store import rotation
from bot.store.keys import Keys
from bot.store.tables import keys
from bot.vault.keyring import Keyring, WrappedByAnother, development_secret
from tests.pipeline.world import World

pytestmark = pytest.mark.slow
NEW = "a-new-secret-of-tests-that-is-long-enough"


async def _both(world: World) -> tuple[Keyring, Keyring, Keyring]:
    """The old secret alone, both (newest first), the new one alone; the world's own process knows both, old first."""
    old = await asyncio.to_thread(development_secret, world.app.settings.data_dir)
    world.app.secrets.keyring = Keyring([old, NEW])  # the first step of an operator
    return Keyring([old]), Keyring([NEW, old]), Keyring([NEW])


async def test_rotating_under_traffic_loses_no_word(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    old, both, new = await _both(world)
    people = [f"777{n:03}" for n in range(30)]
    for person in people:
        await world.writes(person, "wages")
    await world.turns()
    # The second step, which reaches one process after the other: the newest first.
    secrets = await Keys.load(world.app.database, both)
    rotating = replace(world.app, secrets=secrets)
    stop = asyncio.Event()

    async def traffic() -> int:
        rounds = 0
        while not stop.is_set():
            for person in people[rounds % 5 :: 5]:
                await world.writes(person, f"the words of round {rounds}")
            await world.writes(f"888{rounds:03}", "wages")  # new people, whose keys an old process still wraps
            await world.turns()
            rounds += 1
        return rounds

    writing = asyncio.create_task(traffic())
    for _ in range(20):
        await rotation.rotate(world.app.database, both, chunk=3)
    stop.set()
    rounds = await writing
    assert rounds > 0
    assert await cli.rotate_all(rotating) == 0
    assert "none is left" in capsys.readouterr().out

    assert await rotation.left(world.app.database, both) == 0
    async with world.app.database.begin() as connection:
        wrapped = (await connection.execute(select(keys.c.wrapped))).scalars().all()
    assert len(wrapped) >= 3 + len(people) + rounds
    for each in wrapped:
        assert len(new.unwrap(each)) == 32
        with pytest.raises(WrappedByAnother):
            old.unwrap(each)
    world.app.secrets.keyring = new  # the last step: the old secret is gone everywhere
    for person in people:
        heard = await world.heard(person)
        assert heard[0] == "wages"
        assert all(line.startswith("the words of round") for line in heard[1:])
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    assert (await Keys.load(world.app.database, new)).system_key == secrets.system_key


async def test_a_key_that_a_turn_holds_is_left_for_the_next_look(world: World) -> None:
    _, both, _ = await _both(world)
    await world.writes("777000", "wages")
    total = await rotation.left(world.app.database, both)
    async with world.app.database.begin() as holder:
        await holder.execute(select(keys.c.id).where(keys.c.kind == "subject").with_for_update())
        assert await rotation.rotate(world.database(), both) == total - 1
    assert await rotation.left(world.app.database, both) == 1
    assert await rotation.rotate(world.app.database, both) == 1
    assert await rotation.rotate(world.app.database, both) == 0


async def test_a_missing_older_secret_is_said_and_changes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.writes("777000", "wages")
    stranger = replace(world.app, secrets=await Keys.load(world.app.database, world.app.secrets.keyring))
    stranger.secrets.keyring = Keyring([NEW])
    assert await cli.rotate_all(stranger) == 2
    told = capsys.readouterr()
    assert "does not list" in told.err
    assert NEW not in told.out + told.err
    await world.turns()
    assert await world.heard("777000") == ["wages"]
