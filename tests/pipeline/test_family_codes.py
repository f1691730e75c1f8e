"""Family codes in the database: every code that opens nothing is answered alike, by the same questions to it (T39)."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest

from handlers import cases, closing, codes
from handlers.context import Context
from tests.fakes.statements import heard
from tests.pipeline.world import World

NEVER = "7482917300461295"  # well typed or not, nobody has it


async def act(world: World, address: str, change: Any) -> None:
    """A handler on this person's context, written as a turn is."""
    await world.app.staff.prepare(await world.where(address), change)


async def a_code(world: World, address: str, kind: str = "real") -> str:
    """A worker with an open case, and a code of hers."""
    made: list[str] = []

    async def change(ctx: Context) -> None:
        if not ctx.cases:
            ctx.references = lambda: f"{900000 + len(address) * 1000 + sum(map(ord, address))}"
            await cases.open_case(ctx, kind="report_unpaid_wages")
        made.append(str((await codes.make(ctx, kind=kind)).slots["code"]))

    await world.says(address, "hello")
    await act(world, address, change)
    return made[0].replace(" ", "")


async def revoke_all(ctx: Context) -> None:
    while (told := await codes.mine(ctx)).name == "some":
        await codes.revoke(ctx, code=told.slots["codes"][0]["id"])


async def close_case(ctx: Context) -> None:
    await closing.close(ctx)


async def prepared(world: World) -> dict[str, str]:
    """A code of each sort, by what became of it."""
    made = {name: await a_code(world, name) for name in ("live", "revoked", "closed")}
    made["always"] = await a_code(world, "always", "decoy")
    await act(world, "revoked", revoke_all)
    await act(world, "closed", close_case)
    await act(world, "always", close_case)
    typed = made["live"]
    made["mistyped"] = typed[:-1] + str((int(typed[-1]) + 1) % 10)
    made["short"], made["never"] = typed[:-1], NEVER
    made["long"] = typed + "5"
    return made


async def answer(world: World, address: str, text: str) -> tuple[list[str], list[str]]:
    """(the replies as they lie in the history, what was asked of the database) of one message."""
    before = len(await world.lines(address))
    await world.writes(address, text)
    with heard(world.app.database) as said:
        await world.turns()
    await world.sends()
    lines = (await world.lines(address))[before:]
    told = [json.dumps(line.body, sort_keys=True) for line in lines if line.direction == "out"]
    return told, [re.sub(r"\s+", " ", one.statement) for one in said]


async def test_t39_codes_that_open_nothing_are_answered_alike(world: World) -> None:
    made = await prepared(world)
    made["expired"] = await a_code(world, "expired")
    old = {"s": (await world.where("expired")).subject_id, "at": world.now - timedelta(seconds=1)}
    await world.run("UPDATE family_codes SET expires_at = :at WHERE subject_id = :s", **old)
    dark = ["never", "revoked", "closed", "expired", "mistyped", "short", "long"]
    answers = {}
    for name in [*dark, "live", "always"]:
        await world.says(f"family of {name}", "hello", "hello")
        answers[name] = await answer(world, f"family of {name}", made[name])
    replies = {name: told for name, (told, _) in answers.items()}
    assert {len(told) for told in replies.values()} == {1}
    assert len({told[0] for name, told in replies.items() if name in dark}) == 1
    assert replies["live"] == replies["always"]
    assert replies["live"] != replies["never"]
    assert "family_status.open" in replies["live"][0]
    asked = {name: said for name, (_, said) in answers.items()}
    assert all(asked[name] == asked["never"] for name in dark), "the same questions in the same order"
    reads = [s for s in asked["never"] if s.startswith("SELECT")]
    assert [s for s in asked["live"] if s.startswith("SELECT")] == reads


async def test_t39_too_often_is_answered_as_a_wrong_code(world: World) -> None:
    code = await a_code(world, "worker")
    await world.says("family", "hello")
    told = [(await answer(world, "family", code))[0] for _ in range(7)]
    assert len({t[0] for t in told[:5]}) == 1
    await world.says("another", "hello", "hello")
    wrong = (await answer(world, "another", NEVER))[0]
    assert told[5] == told[6] == wrong


async def test_t40_taken_back_in_one_message_and_silent_from_the_next_question_on(world: World) -> None:
    code = await a_code(world, "worker")
    await world.says("family", "hello", code)
    assert (await world.said("family"))[-1] == "family_status.open"
    await act(world, "worker", revoke_all)
    await world.says("family", code)
    assert (await world.said("family"))[-1] == "family_status.nothing"


async def test_a_code_stands_in_no_log_notice_or_event_and_in_the_history_as_any_text(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        code = await a_code(world, "worker")
        for _ in range(7):
            await world.says("family", code)
    fours = " ".join(code[i : i + 4] for i in range(0, 16, 4))
    logged = "\n".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records)
    tables = ("notices", "case_events", "code_tries", "code_uses")
    stored = [row for table in tables for row in await world.rows(f"SELECT * FROM {table}")]
    assert stored
    for form in (code, fours):
        assert form not in logged
        assert form not in str(stored)
    assert (await world.heard("family"))[0] == code
    kinds = [row.kind for row in await world.rows("SELECT kind FROM notices")]
    assert "many_codes" in kinds


async def test_what_she_sees_of_the_use_is_hers_alone(world: World) -> None:
    code = await a_code(world, "worker")
    await world.says("family", code, code)
    rows = await world.rows("SELECT subject_id FROM code_uses")
    assert {row.subject_id for row in rows} == {(await world.where("worker")).subject_id}
    tried = await world.rows("SELECT subject_id FROM code_tries")
    assert {row.subject_id for row in tried} == {(await world.where("family")).subject_id}
    seen: list[Any] = []

    async def look(ctx: Context) -> None:
        seen.append(await codes.mine(ctx))

    await act(world, "worker", look)
    assert seen[0].slots["lines"]["list"][0]["row"][2] == "2×"
    assert len(rows) == len(tried) == 2


async def test_a_code_in_a_closed_conversation_is_answered_and_opens_nothing_again(world: World) -> None:
    code = await a_code(world, "worker")
    await a_code(world, "family")  # she has a matter of her own, which a human closes
    await act(world, "family", close_case)
    world.clock.move(hours=2)
    await world.says("family", code)
    assert (await world.said("family"))[-1] == "family_status.open"
    where = await world.where("family")
    assert not await world.rows("SELECT 1 FROM cases WHERE subject_id = :s AND closed_at IS NULL", s=where.subject_id)


async def test_days_later_a_code_goes_before_the_open_question(world: World) -> None:
    code = await a_code(world, "worker")
    await world.says("family", "wages")
    world.clock.move(hours=timedelta(days=2).total_seconds() / 3600)
    await world.says("family", code)
    assert (await world.said("family"))[-2:] == ["family_status.open", "resume.continue"]
