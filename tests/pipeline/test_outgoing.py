"""The door: what may leave now, what must wait and until when, what must not leave at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.outgoing import NEVER, Decision, Policy, decide
from bot.store.rows import Conversation, Person

ID = UUID(int=1)
NOON = datetime(2026, 11, 24, 6, 15, tzinfo=UTC)  # 12:00 in Kathmandu
NIGHT = datetime(2026, 11, 24, 17, 15, tzinfo=UTC)  # 23:00 in Kathmandu
ZONES = {"LB": "Asia/Beirut", "KW": "Asia/Kuwait", "XA": "America/New_York"}
POLICY = Policy(timedelta(minutes=10), timedelta(hours=24), 8 * 60, 20 * 60, ZONES, "Asia/Kathmandu")
YES: dict[str, object] = {"consent_contact_at": NOON - timedelta(days=9)}
QUEUED = Decision("queued")


def ask(
    now: datetime = NOON,
    *,
    ago: timedelta | None = timedelta(days=2),
    person: dict[str, object] | None = None,
    origin: str = "bot",
    epoch: int = 0,
    **conversation: object,
) -> Decision:
    """`ago`: how long before `now` the person wrote last."""
    values: dict[str, Any] = {
        "channel": "telegram",
        "last_inbound_at": now - ago if ago is not None else None,
        **conversation,
    }
    talk = Conversation(ID, account="7001", **values)
    who = Person(ID, **(YES if person is None else person))  # type: ignore[arg-type]
    return decide(POLICY, who, talk, origin=origin, epoch=epoch, now=now)


MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize("origin", ["bot", "human", "system"])
@pytest.mark.parametrize(
    ("ago", "state"),
    [
        (9 * MINUTES + timedelta(seconds=59), "queued"),
        (10 * MINUTES, "queued"),
        (10 * MINUTES + timedelta(seconds=1), "held"),
    ],
)
def test_a_direct_reply_leaves_for_ten_minutes(ago: timedelta, state: str, origin: str) -> None:
    assert ask(NIGHT, ago=ago, person={}, origin=origin).state == state


@pytest.mark.parametrize(("left", "state"), [(1, "queued"), (0, "held"), (-1, "held")])
def test_the_agreed_hour(left: int, state: str) -> None:
    decision = ask(NIGHT, ago=59 * MINUTES, person={}, agreed_until=NIGHT + left * MINUTES)
    assert decision.state == state
    assert decision.reason == (None if state == "queued" else "no_consent")


@pytest.mark.parametrize(
    ("ago", "decision"),
    [
        (timedelta(hours=23, minutes=59), QUEUED),
        (timedelta(hours=24), Decision("held", "window", NEVER)),
        (timedelta(hours=24, minutes=1), Decision("held", "window", NEVER)),
        (None, Decision("held", "window", NEVER)),
    ],
)
def test_the_window_of_whatsapp(ago: timedelta | None, decision: Decision) -> None:
    assert ask(ago=ago, channel="whatsapp") == decision
    assert ask(ago=ago, channel="whatsapp", origin="human") == decision
    assert ask(ago=ago, channel="telegram") == QUEUED
    if decision != QUEUED:  # an agreed hour does not open the provider's window
        assert ask(ago=ago, channel="whatsapp", agreed_until=NOON + 30 * MINUTES) == decision


@pytest.mark.parametrize("origin", ["bot", "human", "system"])
def test_without_consent_nothing_leaves_that_is_no_answer(origin: str) -> None:
    assert ask(person={}, origin=origin) == Decision("held", "no_consent", NEVER)
    assert ask(person={}, origin=origin, ago=None) == Decision("held", "no_consent", NEVER)


def test_after_stop_only_the_line_that_confirms_it_leaves() -> None:
    stopped = YES | {"opted_out_at": NOON}
    for origin in ("bot", "human"):
        assert ask(person=stopped, origin=origin, ago=MINUTES) == Decision("withdrawn", "opted_out")
    assert ask(person=stopped, origin="system", ago=MINUTES) == QUEUED


def test_to_who_blocked_us_nothing_leaves() -> None:
    for origin in ("bot", "human", "system"):
        assert ask(origin=origin, ago=MINUTES, blocked_at=NOON) == Decision("withdrawn", "blocked")


@pytest.mark.parametrize(
    ("owner", "now_epoch", "origin", "state"),
    [
        ("bot", 0, "bot", "queued"),
        ("waiting", 0, "bot", "queued"),
        ("bot", 1, "bot", "withdrawn"),
        ("bot", 2, "bot", "withdrawn"),
        ("human", 0, "bot", "withdrawn"),
        ("closed", 0, "bot", "queued"),  # the last thing it said, as it was ended
        ("closed", 1, "bot", "withdrawn"),
        ("human", 1, "human", "queued"),
        ("bot", 2, "human", "queued"),
        ("human", 1, "system", "queued"),
    ],
)
def test_what_the_bot_had_to_say_is_late_when_the_owner_changed(
    owner: str, now_epoch: int, origin: str, state: str
) -> None:
    decision = ask(ago=MINUTES, owner=owner, owner_epoch=now_epoch, origin=origin)
    assert decision.state == state
    assert decision.reason == ("owner_changed" if state == "withdrawn" else None)


def utc(zone: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("country", "hours", "now", "opens"),
    [
        (None, None, "2026-11-24T07:59", "2026-11-24T08:00"),
        (None, None, "2026-11-24T08:00", None),
        (None, None, "2026-11-24T19:59:59", None),
        (None, None, "2026-11-24T20:00", "2026-11-25T08:00"),
        ("KW", (540, 600), "2026-11-24T09:30", None),
        ("KW", (540, 600), "2026-11-24T10:00", "2026-11-25T09:00"),
        ("KW", (1320, 360), "2026-11-24T23:30", None),  # 22:00 to 6:00, over midnight
        ("KW", (1320, 360), "2026-11-24T03:00", None),
        ("KW", (1320, 360), "2026-11-24T06:00", "2026-11-24T22:00"),
        ("KW", (1320, 360), "2026-12-31T21:59", "2026-12-31T22:00"),
        ("KW", (480, 1200), "2026-12-31T23:00", "2027-01-01T08:00"),
        ("LB", None, "2026-03-28T21:00", "2026-03-29T08:00"),  # the night when summer time begins, at 0:00
        ("LB", None, "2026-10-24T21:00", "2026-10-25T08:00"),  # the night when it ends
        ("LB", (0, 480), "2026-03-28T21:00", "2026-03-29T01:00"),  # 0:00 does not exist on that day
        ("XA", (150, 600), "2026-03-07T12:00", "2026-03-08T03:30"),  # nor does 2:30 here
        ("XA", (90, 600), "2026-11-01T01:15", "2026-11-01T01:30"),  # 1:30 comes twice: the first of them
    ],
)
def test_safe_hours_are_wall_time_where_she_is(
    country: str | None, hours: tuple[int, int] | None, now: str, opens: str | None
) -> None:
    zone = ZONES.get(country or "", "Asia/Kathmandu")
    person: dict[str, object] = YES | {"country": country}
    if hours:
        person |= {"safe_from": hours[0], "safe_until": hours[1]}
    at = utc(zone, now)
    wanted = QUEUED if opens is None else Decision("held", "safe_hours", utc(zone, opens))
    assert ask(at, person=person) == wanted
    assert ask(at, person=person, origin="human") == wanted


def test_in_the_hour_that_comes_twice_it_still_waits() -> None:
    person: dict[str, object] = YES | {"country": "XA", "safe_from": 90, "safe_until": 600}
    second = utc("America/New_York", "2026-11-01T01:15", fold=1)
    decision = ask(second, person=person)
    assert decision.state == "held"
    assert decision.not_before is not None
    assert decision.not_before > second


def test_the_hint_of_a_number_is_a_zone_until_the_country_is_known() -> None:
    at = utc("Asia/Kuwait", "2026-11-24T07:00")  # 9:45 in Kathmandu
    assert ask(at) == QUEUED
    assert ask(at, country_hint="KW").reason == "safe_hours"
    assert ask(at, country_hint="KW", person=YES | {"country": "NP"}) == QUEUED
    assert ask(at, person=YES | {"timezone": "Asia/Kuwait", "country": "NP"}).reason == "safe_hours"


# --- whatever the circumstances

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
maybe = st.none() | moments
minutes = st.none() | st.integers(0, 1439)


@settings(max_examples=400, deadline=None)
@given(
    now=moments,
    ago=st.none() | st.timedeltas(timedelta(0), timedelta(hours=30)),
    agreed=st.none() | st.timedeltas(timedelta(hours=-2), timedelta(hours=2)),
    consent=maybe,
    start=minutes,
    end=minutes,
    country=st.sampled_from([None, "LB", "KW", "XA"]),
    channel=st.sampled_from(["telegram", "sms", "whatsapp"]),
    origin=st.sampled_from(["bot", "human"]),
)
def test_nothing_leaves_outside_her_hours_but_an_answer(
    now: datetime,
    ago: timedelta | None,
    agreed: timedelta | None,
    consent: datetime | None,
    start: int | None,
    end: int | None,
    country: str | None,
    channel: str,
    origin: str,
) -> None:
    person = Person(ID, country=country, consent_contact_at=consent, safe_from=start, safe_until=end)
    talk = Conversation(
        ID,
        channel,
        "7001",
        last_inbound_at=None if ago is None else now - ago,
        agreed_until=None if agreed is None else now + agreed,
    )
    decision = decide(POLICY, person, talk, origin=origin, epoch=0, now=now)
    open_window = channel != "whatsapp" or (ago is not None and ago < timedelta(hours=24))
    answer = (ago is not None and ago <= timedelta(minutes=10)) or (agreed is not None and agreed > timedelta(0))
    local = now.astimezone(ZoneInfo(ZONES.get(country or "", "Asia/Kathmandu")))
    first, last = 480 if start is None else start, 1200 if end is None else end
    safe = consent is not None and _within(local.time(), first, last)
    assert (decision.state == "queued") == (open_window and (answer or safe))
    if decision.state == "held":
        assert decision.not_before is not None
        assert decision.not_before > now
        if decision.reason == "safe_hours" and first != last:
            assert decision.not_before <= now + timedelta(hours=26)
            again = decide(
                POLICY, person, replace(talk, agreed_until=None), origin=origin, epoch=0, now=decision.not_before
            )
            closed_by_then = channel == "whatsapp" and again.reason == "window"
            assert closed_by_then or again.state == "queued" or _changes(local.date(), local.tzinfo)


def _within(at: time, start: int, end: int) -> bool:
    """Counted minute by minute around the clock, unlike the door."""
    minute, here = start, at.hour * 60 + at.minute
    while minute != end:
        if minute == here:
            return True
        minute = (minute + 1) % 1440
    return False


def _changes(day: date, zone: object) -> bool:
    """Whether the clocks change around this day."""
    assert isinstance(zone, ZoneInfo)
    ends = [datetime.combine(day + timedelta(days=d), time(12), zone).utcoffset() for d in (-1, 2)]
    return ends[0] != ends[1]
