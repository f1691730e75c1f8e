"""T19: after hours in which nobody was answered: one line that the answer is late, in her hours only, oldest first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.contract import Inbound
from bot.store import alive
from tests.conftest import NOON
from tests.pipeline.world import World

SITA = "5550001"


def _written(world: World, hours: float, words: str, number: int) -> Inbound:
    """What she wrote so long ago, and Telegram delivers now."""
    event = f"{880_000 + number}:{SITA}:{number}:-"
    return world.inbound(SITA, words, event_id=event, sent_at=world.now - timedelta(hours=hours))


async def _came(world: World) -> None:
    await world.turns()
    await world.sends()


async def test_T19_the_backlog_is_answered_oldest_first_with_one_line_that_it_is_late(world: World) -> None:
    backlog = [_written(world, 23 - n, words, n) for n, words in enumerate(("wages", "1", "menu"))]
    await world.app.receive(backlog)
    await _came(world)
    said = await world.said(SITA)
    assert said[0] == "system.late"
    assert said.count("system.late") == 1
    assert await world.heard(SITA) == ["wages", "1", "menu"]
    await world.says(SITA, "2")  # and from now on answers are not late
    assert (await world.said(SITA)).count("system.late") == 1


async def test_T19_nothing_is_late_after_a_minute(world: World) -> None:
    await world.app.receive([_written(world, 0.02, "wages", 1)])
    await _came(world)
    assert "system.late" not in await world.said(SITA)


async def test_T19_danger_is_answered_without_such_a_line(world: World) -> None:
    await world.app.receive([_written(world, 5, "knife", 1)])
    await _came(world)
    assert not (await world.said(SITA))[0].startswith("system.")
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page'") == 1


@pytest.mark.parametrize("agreed", [True, False])
async def test_T19_a_late_answer_is_no_direct_reply_at_night(world: World, agreed: bool) -> None:
    """She wrote in the afternoon; at two at night somebody else may hold the phone. Who agreed to be written to has the
    answer in the morning, who did not is answered when she writes again."""
    await world.says(SITA, "wages")
    before = len(world.provider.sent)
    consent = {"consent_contact_at": world.now} if agreed else {}
    await world.set_person((await world.where(SITA)).subject_id, timezone="UTC", **consent)
    world.clock.move(days=1, hours=(26 - NOON.hour) % 24)
    await world.app.receive([_written(world, 11, "1", 1)])
    await _came(world)
    assert len(world.provider.sent) == before
    reasons = await world.rows("SELECT DISTINCT reason FROM outbox WHERE state = 'held'")
    assert [r.reason for r in reasons] == ["safe_hours" if agreed else "no_consent"]
    world.clock.move(hours=9)
    await world.sends()
    morning = [text for _, _, text in world.provider.sent[before:]]
    assert morning[:1] == (["Sorry, this answer is late."] if agreed else [])
    before = len(world.provider.sent)
    await world.says(SITA, "menu")
    assert len(world.provider.sent) > before


def test_T19_whoever_was_away_for_longer_than_telegram_waits_is_told(tmp_path: Path) -> None:
    assert alive.away(tmp_path, NOON) is None
    alive.touch(tmp_path, NOON)
    assert alive.away(tmp_path, NOON + timedelta(minutes=59)) is None
    gone = alive.away(tmp_path, NOON + timedelta(hours=25))
    assert gone is not None
    assert gone > alive.KEPT


@pytest.mark.parametrize("told", ["", "yesterday", "2026-11-26T10:00:00", "\x00\xff"])
def test_T19_a_spoilt_note_stops_no_start(tmp_path: Path, told: str) -> None:
    (tmp_path / alive.NAME).write_text(told, "latin-1")
    assert alive.away(tmp_path, NOON) is None
