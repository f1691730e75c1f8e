"""Digests and alerts: counts to who chose them, each thing once, never in quiet hours, never a word or a name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.digests import Digests
from bot.rostering import Roster
from bot.store import digests as store
from bot.store import rota
from bot.transports.bell import Ring
from bot.transports.errors import OutcomeUnknown, Unreachable
from desk import permissions
from desk.alerts import DeskCounts
from tests.conftest import NOON
from tests.pipeline.at_the_desk import hire, staff, works
from tests.pipeline.test_pages import Bell
from tests.pipeline.world import World

MAYA = "501"
H = timedelta(hours=1)
EIGHT = datetime(2026, 11, 25, 2, 20, tzinfo=UTC)  # 8:05 in Kathmandu, on a Wednesday
SUNDAY = datetime(2026, 11, 29, 2, 20, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 22:15


def teller(world: World, bells: Mapping[str, Bell], *, own: bool = False) -> Digests:
    counts = DeskCounts(permissions.load(world.app.content.root), world.clock)
    database = world.database() if own else world.app.database
    return Digests(database, world.app.secrets, world.app.content, bells, counts, clock=world.clock)


async def team(world: World) -> tuple[UUID, UUID]:
    """A caseworker and a supervisor of ours, with mail; languages none, so that they are told in English."""
    asha = await hire(world, "asha", email="asha@help.example")
    chief = await hire(world, "chief", "supervisor", email="chief@help.example")
    await world.run("""UPDATE organisations SET settings = '{"main": true}'""")
    return asha, chief


async def chooses(world: World, user: UUID, **alerts: Any) -> None:
    settings = json.dumps({"alerts": alerts})
    await world.run("UPDATE users SET settings = CAST(:s AS jsonb) WHERE id = :u", s=settings, u=user)


async def tells(worker: Digests) -> int:
    await worker.plan()
    return await worker.send()


def said(bell: Bell) -> list[tuple[str, str]]:
    return [(to.partition("@")[0], ring.text.partition("\n")[0]) for to, ring, _ in bell.rung]


async def test_a_case_that_somebody_gave_her_is_told_once_and_without_content(world: World) -> None:
    asha, chief = await team(world)
    mail = Bell()
    worker = teller(world, {"email": mail})
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    assert (await world.app.staff.give(where, staff(chief, "supervisor"), asha)).name == "given"
    assert await tells(worker) == 1
    assert said(mail) == [("asha", "Given to you: 1. At the desk: http://127.0.0.1:8000/desk")]
    assert await tells(worker) == 0, "once"
    (_, ring, _) = mail.rung[0]
    reference = await world.one("SELECT reference FROM cases")
    assert reference not in ring.text.replace(" ", "")
    assert MAYA not in ring.text + ring.subject
    assert "/desk/settings/reach" in ring.text, "how to end it"
    world.clock.move(minutes=6)
    await world.app.staff.give(where, staff(chief, "supervisor"), chief)
    await world.app.staff.give(where, staff(chief, "supervisor"), asha)
    assert await tells(worker) == 1, "given back to her is told anew"


async def test_what_waits_longer_than_promised_is_told_to_who_had_it(world: World) -> None:
    asha, _ = await team(world)
    mail = Bell()
    worker = teller(world, {"email": mail})
    await works(world, asha, NOON - H, 9)
    await world.says(MAYA, "human")
    await world.app.staff.take(await world.where(MAYA), staff(asha))
    assert await tells(worker) == 0
    await world.run("UPDATE conversations SET reply_due_at = :at", at=world.now + H)
    assert await tells(worker) == 0
    world.clock.move(minutes=70)
    assert await tells(worker) == 1
    assert said(mail) == [
        ("asha", "Of yours, waiting longer than promised: 1. At the desk: http://127.0.0.1:8000/desk")
    ]
    await world.run(
        "UPDATE conversations SET owner = 'waiting', owner_user_id = NULL, earlier_user_id = :u,"
        " late_at = reply_due_at",
        u=asha,
    )
    await world.run("UPDATE cases SET assigned_to = NULL")
    assert await tells(worker) == 0, "passed on at the same moment: it was told"
    await world.run("UPDATE conversations SET reply_due_at = NULL, late_at = NULL")
    world.clock.move(minutes=5)
    assert await tells(worker) == 0, "a clock that stopped is not late"


async def test_each_morning_what_is_due_and_on_sundays_the_list_of_the_week(world: World) -> None:
    asha, _ = await team(world)
    mail = Bell()
    worker = teller(world, {"email": mail})
    await world.says(MAYA, "human")
    await world.run("UPDATE conversations SET reply_due_at = NULL")
    await world.run("UPDATE cases SET assigned_to = :u, answer_due_at = :at", u=asha, at=EIGHT + 3 * H)
    assert await tells(worker) == 0, "not in the middle of the day"
    world.clock.at = EIGHT - timedelta(minutes=10)
    assert await tells(worker) == 0, "not before eight"
    world.clock.at = EIGHT
    assert await tells(worker) == 1
    assert said(mail) == [("asha", "Of yours, due today: 1. Late already: 0. At the desk: http://127.0.0.1:8000/desk")]
    world.clock.move(minutes=30)
    assert await tells(worker) == 0, "once a day"
    world.clock.at = EIGHT + 24 * H
    assert await tells(worker) == 1
    assert "Late already: 1" in said(mail)[-1][1]
    await world.run("UPDATE cases SET closed_at = :at", at=world.now)
    world.clock.at = EIGHT + 48 * H
    assert await tells(worker) == 0, "what is solved is not due"
    await world.run("UPDATE cases SET closed_at = NULL, answer_due_at = NULL")
    world.clock.at = SUNDAY
    assert await tells(worker) == 1
    assert said(mail)[-1] == ("chief", "The list of this week: 1. At the desk: http://127.0.0.1:8000/desk")


async def test_empty_hours_go_to_supervisors_and_shifts_that_are_offered_to_colleagues(world: World) -> None:
    asha, _ = await team(world)
    bimala = await hire(world, "bimala", email="bimala@help.example")
    mail = Bell()
    worker, roster = teller(world, {"email": mail}), Roster(world.app.content)
    shift = await works(world, asha, NOON - 5 * H, 14)
    async with world.app.database.begin() as connection:
        assert await roster.warn(connection, world.now) == 2
    assert await tells(worker) == 1
    ((who, text),) = said(mail)
    assert who == "chief"
    assert text.startswith("Nobody is planned, 2. The next: ")
    assert text.endswith("At the desk: http://127.0.0.1:8000/desk/rota")
    async with world.app.database.begin() as connection:
        await rota.offer(connection, shift, world.now)
    assert await tells(worker) == 2
    assert {to for to, _ in said(mail)[1:]} == {"bimala", "chief"}, "not to whose it is"
    async with world.app.database.begin() as connection:
        assert await roster.accept(connection, shift, bimala, world.now)
    assert await tells(worker) == 0


async def test_nothing_in_quiet_hours_to_who_is_away_or_wants_nothing(world: World) -> None:
    asha, chief = await team(world)
    mail, chat = Bell(), Bell()
    worker = teller(world, {"email": mail, "telegram": chat})
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    await world.app.staff.give(where, staff(chief, "supervisor"), asha)
    await world.run("UPDATE conversations SET reply_due_at = NULL")
    world.clock.at = NIGHT
    assert await tells(worker) == 0
    await chooses(world, asha, way="", quiet=["09:00", "09:00"])
    for wants in ({"way": "none"}, {"way": "telegram"}, {"way": "", "kinds": ["cover"]}):
        await chooses(world, asha, quiet=["09:00", "09:00"], **wants)
        assert await tells(worker) == 0, wants
    await chooses(world, asha, way="", quiet=["09:00", "09:00"])
    async with world.app.database.begin() as connection:
        await rota.away(connection, asha, "sick", (world.now - H, world.now + H), world.now)
    assert await tells(worker) == 0, "who is away is left alone"
    await world.run("DELETE FROM absences")
    assert await worker.plan() == 1
    await chooses(world, asha, way="none")
    assert await worker.send() == 1
    assert (await world.one("SELECT state FROM digests"), mail.rung, chat.rung) == ("withdrawn", [], [])


async def test_two_workers_tell_once_and_what_may_have_left_is_not_told_again(world: World) -> None:
    asha, chief = await team(world)
    mail = Bell()
    workers = [teller(world, {"email": mail}, own=True) for _ in range(2)]
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    await world.app.staff.give(where, staff(chief, "supervisor"), asha)
    await asyncio.gather(*(worker.plan() for worker in workers))
    await asyncio.gather(*(worker.send() for worker in workers))
    assert len(mail.rung) == 1
    await world.run("UPDATE digests SET state = 'queued'")
    async with world.app.database.begin() as connection:
        assert len(await store.claim(connection, world.now)) == 1  # and this worker dies
    await world.leases_run_out("digests")
    assert await workers[0].send() == 0
    assert await world.one("SELECT state FROM digests") == "unknown"
    assert len(mail.rung) == 1


@pytest.mark.parametrize(
    ("error", "state", "tries"), [(Unreachable("x"), "sent", 2), (OutcomeUnknown("x"), "unknown", 1)]
)
async def test_what_did_not_leave_is_tried_again(world: World, error: Exception, state: str, tries: int) -> None:
    asha, chief = await team(world)
    mail = Bell()
    mail.script.append(error)
    worker = teller(world, {"email": mail})
    await world.says(MAYA, "human")
    await world.app.staff.give(await world.where(MAYA), staff(chief, "supervisor"), asha)
    assert await tells(worker) == 1
    world.clock.move(minutes=6)
    await worker.send()
    (row,) = await world.rows("SELECT state, attempts FROM digests")
    assert (row.state, row.attempts) == (state, tries)


@pytest.mark.parametrize("odd", [ValueError("a line feed in an address"), "a\0b"])
async def test_one_that_cannot_be_told_keeps_nobody_else_from_hearing(world: World, odd: Exception | str) -> None:
    asha, chief = await team(world)
    told: list[str] = []

    class Odd(Bell):
        async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
            told.append(to.partition("@")[0])
            if to.startswith("asha") and isinstance(odd, Exception):
                raise odd
            return odd if to.startswith("asha") and isinstance(odd, str) else "c1"

    worker = teller(world, {"email": Odd()})
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    for user in (asha, await hire(world, "bimala", email="bimala@help.example")):
        await world.app.staff.give(where, staff(chief, "supervisor"), user)
        await worker.plan()
    for _ in range(3):
        await worker.send()
        world.clock.move(minutes=1)
        await world.leases_run_out("digests")
    assert sorted(told) == ["asha", "bimala"]
    assert [row.state for row in await world.rows("SELECT state FROM digests ORDER BY state")] == ["failed", "sent"]
