"""T45: nothing leaves outside the hours that she named, but a direct answer and within the hour she agreed to.

Law: the door is one pure function, so that many days cost little; a million of them run in `make chaos`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.outgoing import decide, until
from bot.store.rows import Conversation, Person
from handlers import casework, waiting
from tests.handlers import people
from tests.pipeline.world import World
from tests.proof.days import POLICY, UTC, UUID, simulate

NIGHT = datetime(2026, 11, 24, 17, 15, tzinfo=UTC)  # 23:00 in Kathmandu
DAYS = 50_000


def test_T45_no_send_outside_the_window_in_fifty_thousand_days() -> None:
    told = simulate(DAYS)
    assert told.outside == []
    assert told.longer == []
    assert told.sent > DAYS / 2  # they were not all held
    assert told.held > DAYS / 4


def _talk(ago: timedelta, agreed: bool) -> Conversation:
    heard = NIGHT - ago
    return Conversation(
        UUID(int=2),
        "sms",
        "7001",
        last_inbound_at=heard,
        agreed_until=heard + timedelta(hours=1) if agreed else None,
    )


@pytest.mark.parametrize("origin", ["bot", "human"])
@pytest.mark.parametrize(
    ("minute", "agreed", "leaves"),
    [
        (9, False, True),
        (11, False, False),
        (9, True, True),
        (11, True, True),
        (59, True, True),
        (61, True, False),
        (59, False, False),
    ],
)
def test_T45_the_agreed_hour_at_minutes_9_11_59_and_61(minute: int, agreed: bool, leaves: bool, origin: str) -> None:
    person, talk = Person(UUID(int=1)), _talk(timedelta(minutes=minute), agreed)
    decision = decide(POLICY, person, talk, origin=origin, epoch=0, now=NIGHT)
    assert (decision.state == "queued") is leaves
    left = (until(POLICY, person, talk, NIGHT) - NIGHT).total_seconds() / 60
    assert left == (0 if not leaves else max(10 - minute, 60 - minute if agreed else 0))


def test_T45_duress_closes_the_agreed_hour() -> None:
    person = Person(UUID(int=1), seized_at=NIGHT)
    decision = decide(POLICY, person, _talk(timedelta(minutes=11), True), origin="bot", epoch=0, now=NIGHT)
    assert (decision.state, decision.reason) == ("held", "seized")


@pytest.mark.parametrize("can_write", ["yes", "no", None])
async def test_T45_asked_anew_only_a_yes_opens_the_hour_again(can_write: str | None) -> None:
    ctx = people.context(agreed_until=people.NOON + timedelta(minutes=30))
    await waiting.ending(ctx, can_write=can_write)
    assert ctx.conversation.agreed_until is None
    await casework.agree_hour(ctx)
    assert ctx.conversation.agreed_until == people.NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "hours", "now", "ends"),
    [
        ("Asia/Kuwait", (19 * 60, 21 * 60), "2026-11-24T20:30", "2026-11-24T21:00"),
        ("Asia/Kuwait", (22 * 60, 6 * 60), "2026-11-24T23:00", "2026-11-25T06:00"),
        ("Asia/Kuwait", (22 * 60, 6 * 60), "2026-11-24T05:59", "2026-11-24T06:00"),
        ("America/New_York", (60, 150), "2026-03-08T01:30", "2026-03-08T01:59:59"),  # 2:30 does not exist that day
        ("America/New_York", (90, 600), "2026-11-01T01:45", "2026-11-01T01:59:59"),  # then 1:00 comes again, unsafe
        ("Asia/Beirut", (480, 1200), "2026-03-29T19:00", "2026-03-29T20:00"),
    ],
)
def test_T45_what_a_provider_is_given_ends_with_the_window(
    zone: str, hours: tuple[int, int], now: str, ends: str
) -> None:
    at, end = (datetime.fromisoformat(t).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for t in (now, ends))
    person = Person(UUID(int=1), timezone=zone, consent_contact_at=at, safe_from=hours[0], safe_until=hours[1])
    assert abs(until(POLICY, person, Conversation(UUID(int=2), "sms", "7001"), at) - end) <= timedelta(seconds=1)


async def test_T45_the_sender_tells_the_provider_how_long(world: World) -> None:
    """Without consent a direct answer may leave for ten minutes; a minute of them is gone when it is sent."""
    await world.writes("5551", "hello")
    await world.turns()
    world.clock.move(minutes=1)
    await world.sends()
    assert world.provider.valid == [9 * 60]
