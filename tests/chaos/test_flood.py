"""T26, shortly, against the running process: a flood of one number costs so much, and nobody waits until it is read."""

from __future__ import annotations

import pytest

from bot import content as content_room
from bot.settings import ROOT
from tests.chaos.flood import FLOODER, flood
from tests.e2e.conftest import here, running
from tests.fakes import database
from tests.fakes.world import World

__all__ = ["here", "running"]
pytestmark = pytest.mark.slow


async def test_T26_a_flood_over_sockets_is_bounded_and_holds_up_nobody(running: World) -> None:
    limits = content_room.load(ROOT).knowledge.get("contact_policy")["answers"]["sms"]
    told = await flood(running, 300, 8)
    print(f"\n{told}")
    assert told.flood == 300
    assert len(told.waited) == 8
    assert told.overtaken > 0  # they were answered while the flood was still being read
    # A minute may end within the flood, and an hour: then it is answered, and asked to wait, once more.
    assert told.answers <= 3 * limits["minute"] + 2
    assert 1 <= told.asked_to_wait <= 2
    kept = "SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.direction = 'in'"
    assert database.asked(running.url, kept) == [(308,)]
    assert running.effects()["inbox.done"] == 308
    assert FLOODER not in {m["to"] for m in running.twilio.calls.values()}
