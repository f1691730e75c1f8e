"""A turn that always fails: set aside after three tries, said honestly, paged; nobody else notices (T25)."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.conductor import Conductor
from bot.conductor.left import DEATHS
from bot.conductor.turn import Turn
from bot.engine.events import Said
from bot.engine.inputs import Outcome
from bot.store.waiting import peek
from handlers import casework
from handlers.context import Context
from tests.conftest import NOON
from tests.pipeline.world import World

MAYA = "501"
OTHERS = [f"6{i:03}" for i in range(20)]


@pytest.fixture
def tried(world: World, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The hand-over fails for one person, wherever it is asked for; it is counted for everybody."""
    counted: Counter[str] = Counter()
    real = casework.hand_over

    async def hand_over(ctx: Context, **args: Any) -> Outcome:
        counted["maya" if ctx.person.country == "XX" else "others"] += 1
        if ctx.person.country == "XX":
            raise RuntimeError("a fault of ours")
        return await real(ctx, **args)

    monkeypatch.setattr(casework, "hand_over", hand_over)
    return counted


async def _mark(world: World) -> None:
    await world.says(MAYA, "hello there")
    await world.set_person((await world.where(MAYA)).subject_id, country="XX")


async def test_poison_is_set_aside_after_three_tries_and_nobody_else_notices(world: World, tried: Counter[str]) -> None:
    await _mark(world)
    for person in OTHERS[:10]:
        await world.writes(person, "human")
    await world.writes(MAYA, "human")
    for person in OTHERS[10:]:
        await world.writes(person, "human")
    attempts = []
    for _ in range(3):
        await world.app.conductor.run_once()
        attempts.append(await world.one("SELECT max(attempts) FROM inbox"))
        waiting = await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'")
        assert waiting == (1 if len(attempts) < 3 else 0)  # the others were handled the first time
    assert attempts == [1, 2, 3]
    assert tried["others"] >= len(OTHERS)
    (row,) = await world.rows("SELECT attempts, error, done_at FROM inbox WHERE state = 'quarantined'")
    assert (row.attempts, row.error, row.done_at) == (3, "turn_failed", world.now)
    pages = await world.rows("SELECT kind, severity, subject_id FROM notices WHERE audience = 'page'")
    assert [tuple(p) for p in pages] == [("quarantined", "critical", (await world.where(MAYA)).subject_id)]
    assert (await world.said(MAYA))[-1] == "system.trouble"
    assert (await world.said(MAYA)).count("system.trouble") == 1
    for person in OTHERS:
        assert (await world.said(person))[-1] == "human.here"


@pytest.mark.parametrize("fault", [FileNotFoundError, TimeoutError, ConnectionResetError])
async def test_a_fault_of_a_turn_is_never_taken_for_a_database_that_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """Or everybody in the batch would wait for ever: such a batch is tried again as it is."""
    real = casework.hand_over

    async def hand_over(ctx: Context, **args: Any) -> Outcome:
        if ctx.person.country == "XX":
            raise fault("away")
        return await real(ctx, **args)

    monkeypatch.setattr(casework, "hand_over", hand_over)
    await _mark(world)
    await world.writes(MAYA, "human")
    await world.writes(OTHERS[0], "human")
    for _ in range(3):
        await world.app.conductor.run_once()
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'quarantined'") == 1
    assert (await world.said(OTHERS[0]))[-1] == "human.here"
    assert world.app.database.failed_at == -math.inf


class Dies(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


@pytest.mark.parametrize("where", ["understanding", "turn"])
async def test_a_message_that_ends_the_process_is_set_aside_at_last_and_nobody_else_waits_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    run, arrived_ = Turn.run, Conductor._arrived
    await world.says(MAYA, "hello there")
    hers = (await world.where(MAYA)).subject_id
    await world.writes(OTHERS[0], "human")
    await world.writes(MAYA, "human")
    await world.writes(OTHERS[1], "human")
    world.clock.move(minutes=2)

    async def runs(self: Turn, arrived: Any) -> None:
        if where == "turn" and self.subject.id == hers:
            raise Dies
        await run(self, arrived)

    async def arrives(self: Conductor, rows: Any) -> Any:
        if where == "understanding" and any(r.subject_id == hers for r in rows):
            raise Dies
        return await arrived_(self, rows)

    monkeypatch.setattr(Turn, "run", runs)
    monkeypatch.setattr(Conductor, "_arrived", arrives)
    deaths = 0
    while await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'"):
        worker = world.new_conductor()
        with contextlib.suppress(Dies):
            while await worker.run_once():
                pass
            deaths -= 1
        deaths += 1
        assert deaths <= DEATHS
    assert deaths == DEATHS
    (left,) = await world.rows("SELECT subject_id, lives, attempts FROM inbox WHERE state = 'quarantined'")
    assert tuple(left) == (hers, DEATHS, 0)
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'quarantined' AND severity = 'critical'") == 1
    assert (await world.said(MAYA))[-1] == "system.trouble"
    for person in OTHERS[:2]:
        assert (await world.said(person))[-1] == "human.here"


async def test_who_was_in_hand_when_workers_ended_has_failed_at_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed three times, for another reason: a turn that then fails once is tried again, like anybody's."""
    run, fate = Turn.run, [Dies, Dies, Dies, RuntimeError, RuntimeError]  # a batch that fails is tried one by one
    await world.says(MAYA, "hello there")
    await world.writes(MAYA, "human")
    world.clock.move(minutes=2)

    async def runs(self: Turn, arrived: Any) -> None:
        if fate:
            raise fate.pop(0)
        await run(self, arrived)

    monkeypatch.setattr(Turn, "run", runs)
    for _ in range(3):
        with contextlib.suppress(Dies):
            await world.new_conductor().run_once()
    worker = world.new_conductor()
    await worker.run_once()
    (row,) = await world.rows("SELECT state, attempts FROM inbox WHERE state <> 'done'")
    assert tuple(row) == ("waiting", 1)
    await worker.run_once()
    assert (await world.said(MAYA))[-1] == "human.here"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'quarantined'") == 0


async def test_workers_that_begin_together_count_one_life(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine of them, after a minute in which nobody worked: what the first eight had in hand was set aside by the
    ninth, as if it had ended eight lives."""
    real, go, there = Conductor._arrived, asyncio.Event(), asyncio.Event()
    await world.says(MAYA, "hello there")
    await world.writes(MAYA, "human")
    world.clock.move(minutes=2)

    async def arrives(self: Conductor, rows: Any) -> Any:
        there.set()
        await go.wait()
        return await real(self, rows)

    monkeypatch.setattr(Conductor, "_arrived", arrives)
    first = asyncio.create_task(world.new_conductor().run_once())
    await there.wait()
    for _ in range(DEATHS):
        other = asyncio.create_task(world.new_conductor().run_once())
        await asyncio.wait([other], timeout=0.3)
        other.cancel()
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'quarantined'") == 0
    go.set()
    await first
    assert (await world.said(MAYA))[-1] == "human.here"
    assert await world.rows("SELECT 1 FROM inbox WHERE state <> 'done' OR lives > 0 OR attempts > 0") == []


async def test_a_database_that_goes_away_ends_no_life(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.says(MAYA, "hello there")
    await world.writes(MAYA, "human")
    world.clock.move(minutes=2)
    worker = world.new_conductor()
    with monkeypatch.context() as patch:

        async def away(*_: Any) -> int:
            raise OperationalError("", {}, Exception())

        patch.setattr(worker, "_transaction", away)
        with pytest.raises(OperationalError):
            await worker.run_once()
    assert await world.one("SELECT max(lives) FROM inbox") == 1
    await worker.run_once()
    assert (await world.said(MAYA))[-1] == "human.here"
    assert await world.one("SELECT max(lives) FROM inbox") == 0


async def test_the_conversation_goes_on_after_it(world: World, tried: Counter[str]) -> None:
    await _mark(world)
    await world.writes(MAYA, "human")
    world.clock.move(seconds=10)
    await world.writes(MAYA, "status")
    await world.turns()  # a failure leaves what comes after it in its place
    for _ in range(3):
        await world.app.conductor.run_once()
    said = await world.said(MAYA)
    assert said[said.index("system.trouble") + 1] == "status.stranger"
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 0
    await world.sends()
    assert any(text.startswith("Something went wrong here") for _, _, text in world.provider.sent)


async def test_an_honest_line_that_fails_too_stops_nobody(
    world: World, tried: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = world.app.content
    broken = replace(content, texts={k: v for k, v in content.texts.items() if k != "system"})
    monkeypatch.setattr(world.app.conductor, "_content", broken)
    with pytest.raises(KeyError):
        broken.reply(Said("system.trouble"), "en")
    await _mark(world)
    await world.writes(MAYA, "human")
    await world.writes(OTHERS[0], "human")
    for _ in range(3):
        await world.app.conductor.run_once()
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'quarantined'") == 1
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'quarantined' AND severity = 'critical'") == 1
    assert (await world.said(OTHERS[0]))[-1] == "human.here"
    world.clock.move(seconds=30)
    await world.writes(MAYA, "status")
    await world.turns()
    assert "status.stranger" in await world.said(MAYA)


async def test_two_workers_set_it_aside_once(world: World, tried: Counter[str]) -> None:
    await _mark(world)
    await world.writes(MAYA, "human")
    await world.run("UPDATE inbox SET attempts = 2")
    workers = [world.new_conductor() for _ in range(2)]
    rows = await peek(world.app.database, world.app.secrets, world.now, 10, 10)
    for worker in workers:  # both saw it waiting, both failed
        ((subject_id, (arrived,)),) = (await worker._arrived(rows)).items()
        await worker._quarantine(subject_id, arrived, world.now)
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'quarantined'") == 1
    assert (await world.said(MAYA)).count("system.trouble") == 1


async def test_a_human_who_owns_the_conversation_hears_of_it_and_the_bot_says_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.says(MAYA, "hello there")
    await world.set_conversation((await world.where(MAYA)).conversation_id, owner="human", owner_epoch=1)

    async def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Turn, "run", fail)
    await world.writes(MAYA, "more")
    for _ in range(3):
        await world.app.conductor.run_once()
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'quarantined'") == 1
    (line,) = [x for x in await world.lines(MAYA) if x.direction == "out" and x.body["text_id"] == "system.trouble"]
    assert (line.state, line.reason) == ("withdrawn", "owner_changed")
    assert world.now > NOON
