"""The ledger of erasures: what it takes down, what it forgives, and that several processes may start at once (T48)."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from bot.store import erase
from bot.store.ledger import Ledger
from tests.pipeline.world import World

pytestmark = pytest.mark.slow


async def _erased(world: World, address: str) -> object:
    await world.writes(address, "wages")
    await world.turns()
    who = (await world.where(address)).subject_id
    async with world.app.database.begin() as connection:
        await erase.erase(connection, who, world.now, reason="asked")
    return who


async def test_T48_it_notes_each_once_and_is_closed_to_others(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "kept" / "erased.ledger")
    assert ledger.read() == set()
    first = await _erased(world, "777001")
    assert await ledger.note(world.app.database) == 1
    assert await ledger.note(world.app.database) == 0
    second = await _erased(world, "777002")
    assert await ledger.note(world.app.database, world.now) == 1
    assert ledger.read() == {first, second}
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert "777001" not in ledger.path.read_text()


async def test_T48_a_torn_last_line_is_written_again(world: World, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "erased.ledger")
    who = await _erased(world, "777001")
    await ledger.note(world.app.database)
    whole = ledger.path.read_text()
    ledger.path.write_text(f"2026-01-01 {uuid4()}\n{whole[:-20]}")
    assert len(ledger.read()) == 1
    assert await ledger.note(world.app.database) == 1
    assert who in ledger.read()


async def test_T48_several_processes_erase_again_once(world: World, tmp_path: Path) -> None:
    await world.writes("777001", "wages")
    await world.turns()
    who = (await world.where("777001")).subject_id
    ledger = Ledger(tmp_path / "erased.ledger")
    ledger._append([("2026-11-24", who), ("2026-11-24", uuid4())])
    done = await asyncio.gather(*(ledger.carry_out(world.database(), world.now) for _ in range(3)))
    assert sorted(done) == [0, 0, 1]
    assert await world.one("SELECT count(*) FROM audit WHERE reason = 'ledger'") == 1
    assert await world.one("SELECT count(*) FROM messages") == 0
