"""Pages: who is called after whom, over what, once; until somebody comes, or nobody is left and it is red."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.pager import Pager
from bot.store import calling, pages
from bot.transports.bell import Ring
from bot.transports.errors import Misconfigured, Unreachable
from tests.conftest import NOON
from tests.pipeline.at_the_desk import hire, staff, works
from tests.pipeline.world import World

MAYA = "501"
H = timedelta(hours=1)


@dataclass
class Bell:
    """Takes calls, or fails as told."""

    rung: list[tuple[str, Ring, UUID]] = field(default_factory=list)
    script: deque[Exception] = field(default_factory=deque)

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        """Take one."""
        if self.script:
            raise self.script.popleft()
        self.rung.append((to, ring, ref))
        return f"c{len(self.rung)}"


def pager(world: World, bells: Mapping[str, Bell], *, alerts: tuple[str, ...] = (), own: bool = False) -> Pager:
    database = world.database() if own else world.app.database
    return Pager(database, world.app.secrets, world.app.content, bells, clock=world.clock, alerts=alerts)


async def _team(world: World) -> dict[str, UUID]:
    """Two on duty who read Nepali, one on call, a supervisor, a partner."""
    team = {
        name: await hire(
            world, name, role, languages=["ne", "en"], phone=f"+97798000000{n}", email=f"{name}@help.example"
        )
        for n, (name, role) in enumerate(
            [("asha", "caseworker"), ("bimala", "caseworker"), ("chief", "supervisor"), ("friends", "partner")]
        )
    }
    await works(world, team["asha"], NOON - H, 9)
    await works(world, team["bimala"], NOON - H, 9)
    return team


def called(bell: Bell) -> list[str]:
    return [to[-1] for to, _, _ in bell.rung]


async def _steps(world: World) -> list[str]:
    return [
        f"{row.step}:{row.channel}:{row.state}"
        for row in await world.rows("SELECT step, channel, state FROM pages ORDER BY queued_at, step, channel")
    ]


async def test_one_after_the_other_until_nobody_is_left(world: World) -> None:
    await _team(world)
    voice, mail = Bell(), Bell()
    worker = pager(world, {"voice": voice, "email": mail}, alerts=("duty@help.example",))
    await world.says(MAYA, "he has a knife")
    assert await worker.run_once() == 3
    assert called(voice) == ["0"]
    assert {to for to, _, _ in mail.rung} == {"asha@help.example", "duty@help.example"}
    assert await worker.run_once() == 0, "nobody is called twice"
    for minutes, last in ((4, "0"), (2, "1"), (5, "2"), (5, "3")):
        world.clock.move(minutes=minutes)
        await worker.run_once()
        assert called(voice)[-1] == last
    assert await world.one("SELECT red_at IS NULL FROM notices WHERE audience = 'page'")
    world.clock.move(minutes=5)
    assert await worker.run_once() == 0
    assert await world.one("SELECT red_at IS NOT NULL FROM notices WHERE audience = 'page'")
    assert called(voice) == ["0", "1", "2", "3"]
    assert await world.one("SELECT count(*) FROM pages WHERE state = 'sent'") == 9


async def test_what_is_called_has_no_content(world: World) -> None:
    await _team(world)
    voice, mail = Bell(), Bell()
    await world.says(MAYA, "he has a knife")
    await pager(world, {"voice": voice, "email": mail}).run_once()
    reference = await world.one("SELECT reference FROM cases")
    (_, ring, ref) = voice.rung[0]
    assert ring.spoken == "साथी। कृपया 1 थिच्नुहोस्।"
    for word in ("knife", "violence", "critical", "case", "helpline"):
        assert word not in f"{ring.spoken} {ring.subject} {ring.text}".lower()
    assert reference[:3] in ring.text
    assert ref == await world.one("SELECT id FROM pages WHERE channel = 'voice'")


async def test_who_is_rung_is_offered_it_and_the_desk_can_say_why(world: World) -> None:
    team = await _team(world)
    await world.says(MAYA, "he has a knife")
    await pager(world, {}).run_once()
    (row,) = await world.rows("SELECT offered_to, offer FROM notices WHERE audience = 'page'")
    assert (row.offered_to, row.offer) == (team["asha"], ["on_duty", "few_open"])


async def test_a_pressed_key_gives_time_and_taking_it_ends_it(world: World) -> None:
    team = await _team(world)
    voice = Bell()
    worker = pager(world, {"voice": voice})
    await world.says(MAYA, "he has a knife")
    await worker.run_once()
    answer = await world.app.acknowledge(str(voice.rung[0][2]), "1")
    assert "<Hangup" in answer
    world.clock.move(minutes=9)
    await worker.run_once()
    assert called(voice) == ["0"], "she said that she comes"
    world.clock.move(minutes=2)
    await worker.run_once()
    assert called(voice) == ["0", "1"], "and she did not"
    await world.app.staff.take(await world.where(MAYA), staff(team["bimala"]))
    world.clock.move(minutes=60)
    await worker.run_once()
    assert called(voice) == ["0", "1"]


async def test_other_keys_and_other_ids_are_no_answer(world: World) -> None:
    for page, key in (("nonsense", "1"), (str(UUID(int=5)), "1"), (str(UUID(int=5)), "2")):
        assert await world.app.acknowledge(page, key) == ""


async def test_several_pagers_call_once(world: World) -> None:
    await _team(world)
    voice = Bell()
    workers = [pager(world, {"voice": voice}, own=True) for _ in range(3)]
    await world.says(MAYA, "he has a knife")
    await asyncio.gather(*(w.run_once() for w in workers))
    await asyncio.gather(*(w.run_once() for w in workers))
    assert called(voice) == ["0"]


async def test_a_provider_that_fails_is_tried_again_and_then_the_next_one_is_called(world: World) -> None:
    await _team(world)
    voice = Bell(script=deque([Unreachable("x"), Unreachable("x"), Unreachable("x")]))
    worker = pager(world, {"voice": voice})
    await world.says(MAYA, "he has a knife")
    for _ in range(3):
        await worker.run_once()
        world.clock.move(seconds=21)
    rows = await world.rows("SELECT channel, state, reason, attempts FROM pages ORDER BY channel")
    assert next((r.channel, r.state, r.reason, r.attempts) for r in rows if r.channel == "voice") == (
        "voice",
        "failed",
        "x",
        3,
    )
    await worker.run_once()
    assert called(voice) == ["1"], "nobody waits five minutes for a call that was not made"


async def test_at_night_who_is_on_call_is_woken_and_only_for_what_is_critical(world: World) -> None:
    team = await _team(world)
    night = await hire(world, "night", languages=["en"], phone="+9779800000009")
    await works(world, night, NOON + 9 * H, 10, "on_call")
    voice = Bell(script=deque())
    worker = pager(world, {"voice": voice})
    world.clock.move(hours=11)
    await world.says(MAYA, "wages", "1", "Kuwait", "1", "1", "3 months 180 KD", "1")
    await worker.run_once()
    assert called(voice) == []
    await world.says("502", "he has a knife")
    await worker.run_once()
    assert called(voice) == ["9"]
    assert team


async def test_a_line_of_the_queue_is_offered_and_mailed_only_when_it_is_late(world: World) -> None:
    team = await _team(world)
    voice, mail = Bell(), Bell()
    worker = pager(world, {"voice": voice, "email": mail})
    await world.says(MAYA, "human")
    await worker.run_once()
    assert (voice.rung, mail.rung) == ([], [])
    assert await world.one("SELECT offered_to FROM notices") == team["asha"]
    world.clock.move(days=6)
    await works(world, team["bimala"], world.now - H, 9)
    await worker.run_once()
    assert voice.rung == [], "a phone rings for a page only"
    assert [to for to, _, _ in mail.rung] == ["bimala@help.example"], "who is there then"
    world.clock.move(minutes=31)
    await worker.run_once()
    assert [to for to, _, _ in mail.rung][1:] == ["chief@help.example"]


async def test_i_am_fine_makes_it_a_line_and_closes_nothing(world: World) -> None:
    await _team(world)
    voice = Bell()
    worker = pager(world, {"voice": voice})
    await world.says(MAYA, "he has a knife", "I am fine")
    assert "fine.noted" in await world.said(MAYA)
    await worker.run_once()
    assert voice.rung == []
    (row,) = await world.rows("SELECT audience, lowered_at, taken_at FROM notices WHERE kind = 'report_violence'")
    assert (row.audience, row.lowered_at is not None, row.taken_at) == ("queue", True, None)
    assert await world.one("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1


async def test_a_way_that_is_not_configured_stops_nobody(world: World) -> None:
    await _team(world)
    await world.says(MAYA, "he has a knife")
    mail = Bell(script=deque([Misconfigured("not_live")]))
    worker = pager(world, {"email": mail})
    await worker.run_once()
    await worker.run_once()
    steps: list[Any] = await _steps(world)
    assert "duty:voice:failed" in steps
    assert any(s.startswith("backup:") for s in steps), "all ways failed: the next one at once"


async def test_danger_said_again_rings_nobody_twice(world: World) -> None:
    await _team(world)
    voice = Bell()
    worker = pager(world, {"voice": voice})
    await world.says(MAYA, "he has a knife", "a knife", "my rope")
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page' AND taken_at IS NULL") >= 2
    await worker.run_once()
    await worker.run_once()
    assert called(voice) == ["0"]


async def test_a_worker_that_died_with_a_call_is_followed_by_another(world: World) -> None:
    await _team(world)
    voice = Bell()
    await world.says(MAYA, "he has a knife")
    dead, other = pager(world, {}), pager(world, {"voice": voice}, own=True)
    await dead.plan()
    async with world.app.database.begin() as connection:
        held = await calling.claim(connection, world.now)
    assert {c.channel for c in held} == {"voice", "email"}
    assert await other.run_once() == 0, "somebody has them"
    await world.leases_run_out("pages")
    await other.run_once()
    assert called(voice) == ["0"]
    async with world.app.database.begin() as connection:
        assert not await calling.write(connection, held[0], state="sent"), "the one that came back late writes nothing"


async def test_who_did_not_answer_is_not_asked_first(world: World) -> None:
    team = await _team(world)
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    await world.app.staff.take(where, staff(team["asha"]))
    await world.app.staff.escalate(where, staff(team["asha"]), reason="ill")
    mail = Bell()
    await pager(world, {"email": mail}).run_once()
    assert [to for to, _, _ in mail.rung] == ["bimala@help.example"]
    talk = await world.rows("SELECT owner, reply_due_at, late_at FROM conversations")
    assert (talk[0].owner, talk[0].reply_due_at > world.now, talk[0].late_at) == ("waiting", True, None)


async def test_nobody_is_called_who_would_not_find_the_case(world: World) -> None:
    """A partner's caseworker sees nothing of our cases: five minutes of danger would ring at her in vain."""
    team = await _team(world)
    await world.run("UPDATE organisations SET settings = '{\"main\": true}'")
    await world.run("INSERT INTO organisations (id, name) VALUES (gen_random_uuid(), 'Shelter')")
    for name in ("asha", "bimala", "chief"):
        await world.run(
            "UPDATE users SET organisation_id = (SELECT id FROM organisations WHERE name = 'Shelter') WHERE id = :u",
            u=team[name],
        )
    ours = await hire(world, "ours", languages=["ne"], phone="+9779800000099")
    await world.run(
        "UPDATE users SET organisation_id = (SELECT id FROM organisations WHERE name = 'Saathi') WHERE id = :u", u=ours
    )
    await works(world, ours, NOON - H, 9)
    await world.says(MAYA, "he has a knife")
    bells = {"voice": Bell(), "email": Bell()}
    await pager(world, bells).run_once()
    assert {row.user_id for row in await world.rows("SELECT user_id FROM pages")} == {ours}
    await world.run("DELETE FROM pages")
    await world.run("UPDATE notices SET called = 0, called_at = NULL")
    await world.run("UPDATE cases SET organisation_id = (SELECT id FROM organisations WHERE name = 'Shelter')")
    await pager(world, bells).run_once()
    assert {row.user_id for row in await world.rows("SELECT user_id FROM pages")} <= {team["asha"], team["bimala"]}
    assert await world.one("SELECT count(*) FROM pages") >= 1


async def test_a_number_that_cannot_be_opened_keeps_nobody_else_from_being_called(world: World) -> None:
    team = await _team(world)
    voice, mail = Bell(), Bell()
    await world.run("UPDATE user_profiles SET phone_enc = 'x' WHERE user_id = :id", id=team["asha"])
    await world.says(MAYA, "he has a knife")
    worker = pager(world, {"voice": voice, "email": mail})
    await worker.run_once()
    assert {to for to, _, _ in mail.rung} == {"asha@help.example"}
    assert await world.one("SELECT count(*) FROM pages WHERE state = 'failed'") == 1
    for _ in range(2):
        world.clock.move(minutes=6)
        await worker.run_once()
    assert called(voice)[0] == "1"


async def test_a_notice_that_cannot_be_planned_keeps_nobody_from_being_called_for_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _team(world)
    voice, mail = Bell(), Bell()
    await world.says(MAYA, "he has a knife")
    await world.says("502", "he has a knife")
    poisonous = (await world.where(MAYA)).subject_id
    step = Pager._step

    async def steps(self: Pager, connection: Any, notice: pages.Open, *rest: Any) -> Any:
        if notice.subject_id == poisonous:
            raise KeyError("a fault of ours")
        return await step(self, connection, notice, *rest)

    monkeypatch.setattr(Pager, "_step", steps)
    worker = pager(world, {"voice": voice, "email": mail}, alerts=("duty@help.example",))
    for _ in range(3):
        await worker.run_once()
    assert called(voice) == ["0"]
    told = [to for to, _, _ in mail.rung]
    assert told.count("duty@help.example") == 2, "for each of both, and once"


@pytest.mark.parametrize(("known", "told"), [("chief", ["2"]), ("asha", ["0"]), ("bimala", ["1"])])
async def test_without_an_operator_whoever_is_known_hears_of_what_cannot_be_planned(
    world: World, monkeypatch: pytest.MonkeyPatch, known: str, told: list[str]
) -> None:
    """A supervisor, else who is on duty, else anybody: the log alone wakes nobody."""
    team = await _team(world)
    if known != "chief":
        await world.run("UPDATE user_profiles SET phone_enc = NULL WHERE user_id <> :id", id=team[known])
        await world.run("UPDATE user_profiles SET email_enc = NULL")
    if known == "bimala":
        await world.run(
            "UPDATE shifts SET starts_at = starts_at + interval '2 days', ends_at = ends_at + interval '2 days'"
        )
    await world.says(MAYA, "he has a knife")

    async def fails(*_: Any) -> Any:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(Pager, "_step", fails)
    voice = Bell()
    worker = pager(world, {"voice": voice, "email": Bell()})
    for _ in range(3):
        await worker.run_once()
    assert called(voice) == told, "and once"


async def test_an_operator_s_mail_that_fails_is_followed_by_whoever_can_be_reached(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what cannot be planned: the supervisors, then who is on duty; and red, once nobody could be told."""
    team = await _team(world)
    await world.says(MAYA, "he has a knife")

    async def fails(*_: Any) -> Any:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(Pager, "_step", fails)
    gone, voice = Bell(script=deque([Misconfigured("auth")] * 99)), Bell(script=deque([Unreachable("x")] * 3))
    worker = pager(world, {"email": gone, "voice": voice}, alerts=("duty@help.example",))
    await worker.run_once()
    assert (voice.rung, await _steps(world)) == ([], ["duty:email:failed"])
    for _ in range(3):  # the supervisor's phone cannot be reached either, three times
        await worker.run_once()
        world.clock.move(seconds=21)
    assert {user for (user,) in await world.rows("SELECT user_id FROM pages") if user} == {team["chief"]}
    assert await world.one("SELECT count(*) FROM notices WHERE red_at IS NOT NULL") == 0
    for _ in range(3):
        await worker.run_once()
    assert sorted(called(voice)) == ["0", "1"], "both on duty, and once"
    assert await world.one("SELECT count(*) FROM notices WHERE red_at IS NOT NULL") == 0
    await world.run("UPDATE pages SET state = 'failed'")
    for _ in range(3):
        await worker.run_once()
    await world.run("UPDATE pages SET state = 'failed'")
    await worker.run_once()
    assert await world.one("SELECT count(*) FROM notices WHERE red_at IS NOT NULL AND audience = 'page'") == 1
    assert len(set(called(voice))) == len(called(voice)), "nobody twice"


async def test_what_cannot_be_planned_where_nobody_can_be_reached_is_red(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.says(MAYA, "he has a knife")

    async def fails(*_: Any) -> Any:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(Pager, "_step", fails)
    await pager(world, {}).run_once()
    assert await world.one("SELECT red_at IS NOT NULL FROM notices WHERE audience = 'page'")


@pytest.mark.parametrize("odd", [ValueError("a line feed in an address"), "a\0b", "x" * 9000])
async def test_a_bell_that_makes_no_sense_rings_so_often_and_no_more(world: World, odd: Exception | str) -> None:
    await _team(world)
    voice = Bell()
    rung = 0

    async def ring(to: str, given: Ring, *, ref: UUID) -> str:
        nonlocal rung
        rung += 1
        if isinstance(odd, Exception):
            raise odd
        return odd

    voice.ring = ring  # type: ignore[method-assign]
    await world.says(MAYA, "he has a knife")
    worker = pager(world, {"voice": voice})
    for _ in range(9):
        await worker.run_once()
        world.clock.move(seconds=21)
    tries = int(world.app.content.knowledge.get("targets")["rings"])
    assert await world.one("SELECT max(attempts) FROM pages") == tries
    assert rung <= tries * len(await world.rows("SELECT id FROM pages"))
