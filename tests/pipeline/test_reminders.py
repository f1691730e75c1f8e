"""Reminders: which become inputs of the inbox and when, that none is said twice, and what a turn makes of them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from bot.jobs import make
from bot.jobs.started import start_reminders
from bot.outgoing import Policy
from bot.rostering import Roster
from bot.store import reminders, saving, tables, turns
from bot.store.records import Reminder
from bot.store.shelf import shelves
from tests.pipeline.world import World

MAYA, RITA = "501", "502"
DAY = timedelta(days=1)


async def start(world: World, policy: Policy | None = None) -> int:
    """A minute of the job."""
    return await start_reminders(world.app.database, world.app.secrets, policy or world.policy, world.now)


async def person(world: World, address: str, **values: Any) -> None:
    """Somebody who wrote some days ago and may be written to."""
    await world.says(address, "hello")
    where = await world.where(address)
    await world.set_person(where.subject_id, **({"consent_contact_at": world.now, "country": "NP"} | values))


async def remind(world: World, address: str, *, flow: str = "menu", due: timedelta = DAY, **values: Any) -> None:
    """A reminder that a handler put on the shelf."""
    where = await world.where(address)
    async with world.app.database.begin() as connection:
        await turns.lock(connection, [where.subject_id], wait=True)
        subject = (await turns.load(connection, world.app.secrets, [where.subject_id]))[where.subject_id]
        conversation = subject.conversations[where.conversation_id]
        shelf = shelves(connection, world.app.secrets, world.now, world.app.staff.new_id)(subject, conversation)
        shelf.add(Reminder(flow=flow, due_at=world.now + due, **values))
        await saving.save(connection, world.app.secrets, [subject], world.now)


async def states(world: World) -> list[str]:
    return [r.state for r in await world.rows("SELECT state FROM reminders ORDER BY due_at, id")]


async def test_a_due_reminder_starts_its_flow_once(world: World) -> None:
    await person(world, MAYA)
    await remind(world, MAYA, slots={"topic": "sewing"})
    assert await start(world) == 0
    world.clock.move(days=1)
    assert await start(world) == 1
    assert await start(world) == 0
    assert await states(world) == ["done"]
    row = (await world.rows("SELECT kind, state, payload_enc FROM inbox WHERE kind = 'input'"))[0]
    assert row.state == "waiting"
    assert b"sewing" not in bytes(row.payload_enc)
    before = len(await world.said(MAYA))
    assert await world.turns() == 1
    assert (await world.said(MAYA))[before:] == ["menu.what"]
    assert await world.sends() == 1
    assert "reminder" not in world.provider.sent[-1][2]


@pytest.mark.parametrize(
    ("person_values", "conversation_values"),
    [
        ({"consent_contact_at": None}, {}),
        ({"opted_out_at": datetime.fromisoformat("2026-11-24T06:15:00+00:00")}, {}),
        ({"safe_from": 20 * 60, "safe_until": 22 * 60}, {}),
        ({}, {"owner": "waiting"}),
        ({}, {"owner": "human"}),
        ({}, {"blocked_at": datetime.fromisoformat("2026-11-24T06:15:00+00:00")}),
        ({}, {"agreed_until": datetime.fromisoformat("2026-11-25T08:00:00+00:00")}),
    ],
)
async def test_one_that_may_not_be_said_now_waits(
    world: World, person_values: dict[str, Any], conversation_values: dict[str, Any]
) -> None:
    await person(world, MAYA)
    await person(world, RITA)
    await remind(world, MAYA)
    await remind(world, RITA)
    where = await world.where(MAYA)
    if person_values:
        await world.set_person(where.subject_id, **person_values)
    if conversation_values:
        await world.set_conversation(where.conversation_id, **conversation_values)
    world.clock.move(days=1)
    assert await start(world) == 1
    waiting = await world.rows("SELECT subject_id FROM reminders WHERE state = 'waiting'")
    assert [r.subject_id for r in waiting] == [where.subject_id]


async def test_it_waits_for_her_safe_hours_and_no_longer(world: World) -> None:
    await person(world, MAYA, safe_from=20 * 60, safe_until=22 * 60)  # Kathmandu, where it is noon
    await remind(world, MAYA, due=timedelta(0))
    world.clock.move(hours=7, minutes=59)
    assert await start(world) == 0
    world.clock.move(minutes=1)
    assert await start(world) == 1


async def test_it_never_comes_into_a_conversation(world: World) -> None:
    """Though a direct reply to what she just wrote would leave."""
    await person(world, MAYA)
    await remind(world, MAYA)
    world.clock.move(days=1)
    await world.says(MAYA, "wages")
    world.clock.move(minutes=5)
    assert await start(world) == 0
    world.clock.move(minutes=56)
    assert await start(world) == 1


async def test_not_beside_a_message_that_nobody_handled_yet(world: World) -> None:
    await person(world, MAYA)
    await remind(world, MAYA)
    world.clock.move(days=1)
    await world.writes(MAYA, "hello")
    assert await start(world) == 0


async def test_whatsapp_waits_for_its_window(world: World) -> None:
    await world.says("+9779812345678", "hello", channel="whatsapp")
    where = await world.where("+9779812345678", channel="whatsapp")
    await world.set_person(where.subject_id, consent_contact_at=world.now)
    async with world.app.database.begin() as connection:
        values = {"subject_id": where.subject_id, "conversation_id": where.conversation_id, "flow": "menu"}
        times = {"due_at": world.now, "made_at": world.now, "state": "waiting", "id": world.app.staff.new_id()}
        await connection.execute(insert(tables.reminders).values(**values, **times))
    world.clock.move(days=1)
    assert await start(world) == 0


async def test_nothing_starts_by_itself_while_a_self_harm_case_is_open(world: World) -> None:
    await person(world, MAYA)
    await world.says(MAYA, "rope")
    await world.run("UPDATE conversations SET owner = 'bot', agreed_until = NULL")
    await remind(world, MAYA)
    world.clock.move(days=1)
    assert await start(world) == 0
    await world.run("UPDATE cases SET closed_at = :at", at=world.now)
    assert await start(world) == 1


async def test_nothing_is_said_by_itself_when_self_harm_was_told_beside_another_danger(world: World) -> None:
    """The case is one of violence; only its sealed facts know, so the turn decides."""
    await person(world, MAYA)
    await world.says(MAYA, "knife, he beats me")
    await world.says(MAYA, "rope")
    assert await world.one("SELECT count(*) FROM cases") == 1
    await world.run("UPDATE conversations SET owner = 'bot', agreed_until = NULL")
    await remind(world, MAYA)
    world.clock.move(days=1)
    before = await world.said(MAYA)
    assert await start(world) == 1
    await world.turns()
    assert await world.said(MAYA) == before


async def test_what_she_allowed_comes_after_a_human_closed_it(world: World) -> None:
    await person(world, MAYA)
    await remind(world, MAYA)
    where = await world.where(MAYA)
    await world.set_conversation(where.conversation_id, owner="closed")
    world.clock.move(days=1)
    assert await start(world) == 1
    await world.turns()
    assert (await world.said(MAYA))[-1] == "menu.what"
    assert await world.one("SELECT owner FROM conversations WHERE id = :id", id=where.conversation_id) == "bot"
    assert await world.sends() >= 1


async def test_one_at_a_time_in_a_conversation(world: World) -> None:
    await person(world, MAYA)
    for days in (1, 2, 3):
        await remind(world, MAYA, due=days * DAY)
    world.clock.move(days=4)
    assert await start(world) == 1
    assert await states(world) == ["done", "waiting", "waiting"]
    await world.turns()
    assert await start(world) == 0  # the first was said just now
    world.clock.move(hours=1, minutes=1)
    assert await start(world) == 1


async def test_many_in_chunks_and_those_that_wait_hold_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "CHUNK", 2)
    for number in range(5):
        await person(world, f"6{number}", opted_out_at=world.now)
        await remind(world, f"6{number}", due=timedelta(0))
    await person(world, MAYA)
    await remind(world, MAYA)
    world.clock.move(days=1)
    assert await start(world) == 1


async def test_several_workers_start_it_once(world: World) -> None:
    addresses = [f"7{n}" for n in range(6)]
    for address in addresses:
        await person(world, address)
        await remind(world, address)
    world.clock.move(days=1)
    databases = [world.database() for _ in range(3)]
    started = await asyncio.gather(*(start_reminders(d, world.app.secrets, world.policy, world.now) for d in databases))
    while await start(world):
        pass
    assert sum(started) <= 6
    assert await world.one("SELECT count(*) FROM inbox WHERE kind = 'input'") == 6
    assert await states(world) == ["done"] * 6


async def test_whose_turn_is_running_is_left_for_later(world: World) -> None:
    await person(world, MAYA)
    await remind(world, MAYA)
    world.clock.move(days=1)
    where = await world.where(MAYA)
    async with world.database().begin() as connection:
        await turns.lock(connection, [where.subject_id])
        assert await start(world) == 0
    assert await start(world) == 1


async def test_a_spoilt_one_holds_up_nobody(world: World) -> None:
    await person(world, MAYA)
    await person(world, RITA)
    await remind(world, MAYA)
    where = await world.where(MAYA)
    await world.run("UPDATE reminders SET slots_enc = 'x' WHERE subject_id = :id", id=where.subject_id)
    await remind(world, RITA)
    world.clock.move(days=1)
    assert await start(world) == 1


@pytest.mark.parametrize("what", ["taken", "no such flow"])
async def test_meanwhile_a_human_took_it_or_the_flow_is_no_more(world: World, what: str) -> None:
    await person(world, MAYA)
    await remind(world, MAYA, flow="menu" if what == "taken" else "gone")
    world.clock.move(days=1)
    assert await start(world) == 1
    if what == "taken":
        await world.run("UPDATE conversations SET owner = 'human', owner_epoch = owner_epoch + 1")
    before = await world.said(MAYA)
    session = await world.one("SELECT session_enc FROM conversations")
    assert await world.turns() == 1
    assert await world.said(MAYA) == before
    assert await world.one("SELECT state FROM inbox WHERE kind = 'input'") == "done"
    assert await world.one("SELECT count(*) FROM notices") == 0
    assert session is not None


async def test_the_jobs_do_it_by_the_clock(world: World) -> None:
    await person(world, MAYA)
    await remind(world, MAYA)
    world.clock.move(days=1)
    app = make(world.app.database, world.app.secrets, world.policy, Roster(world.app.content), world.clock)
    crons = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    every = {name: "* * * * *" for name in ("remind", "wishes", "targets", "fallback", "searches", "broadcast")}
    others = {"purge": "*/10 * * * *", "rota": "*/10 * * * *", "seal": "*/5 * * * *", "windows": "*/5 * * * *"}
    others |= {"digest": "*/5 * * * *", "box": "40 4 * * *"}
    assert crons == {**every, **others, "drop_off": "20 * * * *"}
    await app.tasks["remind"](0)
    assert await states(world) == ["done"]
    world.clock.move(days=40)
    await app.tasks["purge"](0)
    assert await states(world) == []


# --- the line at night that she allowed, while a human is awaited


NIGHT = timedelta(hours=12)  # after noon in Kathmandu: nobody is on duty
ALLOWED = timedelta(hours=5, minutes=45)  # then it is eight in Kuala Lumpur


async def heavy_at_night(world: World, answer: str = "1") -> UUID:
    """Her id: she wrote that it is too heavy, was asked whether the program may write later, and answered."""
    await world.says(MAYA, "hello")
    where = await world.where(MAYA)
    await world.set_person(where.subject_id, country="MY", language="en")
    world.clock.move(hours=NIGHT.total_seconds() / 3600)
    await world.says(MAYA, "rope")
    assert (await world.said(MAYA))[-1] == "self_harm.may_i"
    await world.says(MAYA, answer)
    assert await world.one("SELECT owner FROM conversations") == "waiting"
    while await world.sends():
        pass
    return where.subject_id


async def test_the_line_that_she_allowed_leaves_at_its_hour_without_any_other_leave(world: World) -> None:
    await heavy_at_night(world)
    assert await states(world) == ["waiting"]
    assert await world.one("SELECT consent_contact_at FROM contacts") is None
    world.clock.move(hours=5, minutes=44)
    assert await start(world) == 0
    world.clock.move(minutes=1)
    assert await start(world) == 1
    await world.turns()
    assert (await world.said(MAYA))[-1] == "check_in.night"
    assert await world.sends() == 1
    assert "as we agreed" in world.provider.sent[-1][2]
    assert await world.one("SELECT owner FROM conversations") == "waiting"
    assert await start(world) == 0


async def test_without_a_yes_nothing_is_planned(world: World) -> None:
    await heavy_at_night(world, "2")
    assert await states(world) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE conversations SET owner = 'human', owner_epoch = owner_epoch + 1",
        "UPDATE conversations SET owner = 'bot'",
        "UPDATE contacts SET opted_out_at = now()",
        "UPDATE contacts SET seized_at = now()",
        "UPDATE contacts SET safe_from = 1200, safe_until = 1320",
        "UPDATE conversations SET blocked_at = now()",
    ],
)
async def test_the_line_does_not_come_where_it_helps_nobody(world: World, change: str) -> None:
    """A human was there, or took it; she wrote STOP; the phone was taken; her hours are others now; she blocked us."""
    await heavy_at_night(world)
    await world.run(change)
    world.clock.move(hours=ALLOWED.total_seconds() / 3600)
    assert await start(world) == 0


async def test_the_line_does_not_come_hours_late(world: World) -> None:
    await heavy_at_night(world)
    world.clock.move(hours=6, minutes=46)
    assert await start(world) == 0


async def test_a_human_who_takes_it_meanwhile_is_before_the_line(world: World) -> None:
    await heavy_at_night(world)
    world.clock.move(hours=ALLOWED.total_seconds() / 3600)
    assert await start(world) == 1
    await world.run("UPDATE conversations SET owner = 'human', owner_epoch = owner_epoch + 1")
    before = await world.said(MAYA)
    await world.turns()
    assert await world.said(MAYA) == before
    assert await world.one("SELECT agreed_until FROM conversations") is None
