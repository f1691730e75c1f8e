"""The loop of a worker, and what the door and a handler say of a person's time zone: one function each."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import OperationalError

from bot.content import Content
from bot.outgoing import Policy
from bot.store import wake as wake_room
from bot.store.database import OUTBOX_CHANNEL
from bot.store.rows import zone_name
from bot.store.wake import Wake
from tests.conversations.harness import Phone, recording


async def test_no_fault_ends_a_worker_and_a_stop_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake_room, "FAULT_SECONDS", 0.0)
    wake, calls = Wake(cast(Any, None)), 0

    async def once() -> int:
        nonlocal calls
        calls += 1
        match calls:
            case 1:
                raise OperationalError("away", None, Exception())
            case 2:
                raise RuntimeError("a fault of ours")
            case 3:
                return 1
            case 4:
                wake.set(OUTBOX_CHANNEL)  # it waits for this, not for its minute
                return 0
        wake.stop()
        return 0

    await wake.work(once, OUTBOX_CHANNEL, 60.0)
    assert calls == 5


async def test_a_worker_rests_no_longer_than_webhooks_wait() -> None:
    """What they wait for is one commit; how long the worker has worked says how long it may last at most."""
    wake, answers = Wake(cast(Any, None)), iter([True, True, False])
    wake.pressed = lambda: next(answers)
    await wake._rest(3600.0)
    assert next(answers, None) is None


@pytest.mark.parametrize(
    ("own", "country", "hint", "zone"),
    [
        ("Asia/Tokyo", "QA", "KW", "Asia/Tokyo"),
        (None, "QA", "KW", "Asia/Qatar"),
        (None, None, "KW", "Asia/Kuwait"),
        (None, "FR", "KW", "Asia/Kathmandu"),
        (None, None, None, "Asia/Kathmandu"),
    ],
)
async def test_one_time_zone_of_a_person(
    content: Content, own: str | None, country: str | None, hint: str | None, zone: str
) -> None:
    phone = Phone(recording(content), "sms", "en")
    person = phone.subject.person
    person.timezone, person.country, phone.conversation.country_hint = own, country, hint
    policy = Policy.read(content.knowledge.get("contact_policy"), content.knowledge.get("duty"))
    assert phone._new_turn().ctx.zone() == zone
    assert policy.zone(person, hint) == ZoneInfo(zone)
    assert zone_name(person, hint, policy.zones, policy.default_zone) == zone
