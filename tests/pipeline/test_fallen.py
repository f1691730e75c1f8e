"""What nobody understood is kept without whoever wrote it, and only where nobody can be hurt by that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.store import fallen, retention, users
from tests.pipeline.world import World

HELP = "can you tell Dipesh Rai in Doha about the ticket 4071"
KEPT = "can you tell _ in _ about the ticket _"


async def _lines(world: World) -> list[str]:
    return [row.line for row in await world.rows("SELECT line FROM heard_lines ORDER BY line")]


async def test_a_line_that_nobody_understood_is_kept_without_names_numbers_and_places(world: World) -> None:
    await world.says("9001", HELP)
    row = (await world.rows("SELECT * FROM heard_lines"))[0]
    assert (row.line, row.intent, row.why) == (KEPT, "nlu_fallback", "unknown")
    assert row.day == world.clock.at.date()
    assert row.id.version == 4  # not by time
    assert set(row._mapping) == {"id", "day", "language", "line", "intent", "why"}  # of nobody


async def test_what_was_understood_is_not_kept(world: World) -> None:
    await world.says("9001", "my wages")
    await world.says("9002", "menu")
    assert await _lines(world) == []


async def test_what_is_none_of_the_offered_answers_is_kept_and_typed_answers_are_not(world: World) -> None:
    await world.says("9001", "my wages")
    before = await _lines(world)
    await world.says("9001", "where is the ticket please")
    assert before == []
    assert await _lines(world) == ["where is the ticket please"]


@pytest.mark.parametrize("before", ["he has a knife", "a rope", "stop", "human"])
async def test_nothing_is_kept_in_danger_after_stop_or_while_a_human_is_awaited(world: World, before: str) -> None:
    await world.says("9001", before, HELP)
    assert await _lines(world) == []


@pytest.mark.parametrize(
    ("kind", "severity"), [("report_violence", "critical"), ("child", "high"), ("express_self_harm", "high")]
)
async def test_nothing_is_kept_later_of_those_who_must_be_guarded(world: World, kind: str, severity: str) -> None:
    """Their case is closed, nothing is awaited, the bot has the conversation again."""
    await world.says("9001", "he has a knife")
    at = world.clock.at
    await world.run("UPDATE cases SET closed_at = :at, kind = :kind, severity = :s", at=at, kind=kind, s=severity)
    await world.run("UPDATE conversations SET owner = 'bot', session_enc = NULL")
    await world.run("UPDATE notices SET taken_at = :at", at=at)
    await world.says("9001", HELP)
    assert await _lines(world) == []


async def test_nothing_is_kept_of_who_said_no_to_keeping(world: World) -> None:
    await world.says("9001", "hello")
    await world.run("UPDATE contacts SET consent_refused_at = :at", at=world.clock.at)
    await world.says("9001", HELP)
    assert HELP not in await _lines(world)
    assert KEPT not in await _lines(world)


async def test_nothing_is_kept_of_simulated_people(world: World) -> None:
    await world.says("9001", "hello")
    await world.run("UPDATE contacts SET simulated = true")
    await world.says("9001", HELP)
    assert KEPT not in await _lines(world)


async def _label(world: World, line: str, label: str, user_id: UUID) -> bool:
    async with world.app.database.begin() as connection:
        said: dict[str, Any] = {"line": line, "heard_in": "", "language": "en", "label": label}
        return await fallen.label(connection, **said, user_id=user_id, now=world.clock.at)


async def test_lines_and_labels_are_gone_after_ninety_days(world: World) -> None:
    await world.says("9001", HELP)
    async with world.app.database.begin() as connection:
        user_id = await users.add(connection, login="a", name="Asha", role="specialist", password_hash="none")
    assert await _label(world, KEPT, "ask_reintegration", user_id)
    assert not await _label(world, "never heard", "ask_reintegration", user_id)
    for days, left in ((90, 1), (91, 0)):
        now = world.clock.at.replace(hour=23)
        await retention.purge(world.app.database, world.app.secrets, now + timedelta(days=days))
        assert await world.one("SELECT count(*) FROM heard_lines") == left
    assert await world.one("SELECT count(*) FROM line_labels") == 0
