"""When a human reads: minutes count only while somebody is on duty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.duty import next_opening, promise

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MINUTES = {"critical": 15, "high": 240, "medium": 1440, "low": 4320}


def rota(*shifts: tuple[str, str, list[str]], closed: tuple[object, ...] = (), zone: str = "Asia/Kathmandu") -> Any:
    return {
        "timezone": zone,
        "shifts": [{"from": a, "until": b, "days": days} for a, b, days in shifts],
        "closed_on": list(closed),
        "answer_minutes": MINUTES,
    }


DAY = rota(("07:00", "21:00", DAYS))
NIGHT = rota(("22:00", "06:00", DAYS))
WEEK = rota(("09:00", "17:00", DAYS[:5]))


def at(text: str, zone: str = "Asia/Kathmandu") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("duty", "severity", "now", "on_duty", "due"),
    [
        (DAY, "critical", "2026-11-24T12:00", True, "2026-11-24T12:15"),
        (DAY, "critical", "2026-11-24T12:01", True, "2026-11-24T12:20"),  # rounded up to five minutes
        (DAY, "critical", "2026-11-24T12:00:01", True, "2026-11-24T12:20"),
        (DAY, "critical", "2026-11-24T07:00", True, "2026-11-24T07:15"),
        (DAY, "critical", "2026-11-24T20:45", True, "2026-11-24T21:00"),
        (DAY, "critical", "2026-11-24T20:50", True, "2026-11-25T07:05"),  # ten minutes today, five tomorrow
        (DAY, "critical", "2026-11-24T21:00", False, "2026-11-25T07:15"),
        (DAY, "critical", "2026-11-24T06:59", False, "2026-11-24T07:15"),
        (DAY, "high", "2026-11-24T19:00", True, "2026-11-25T09:00"),
        (DAY, "medium", "2026-11-24T12:00", True, "2026-11-26T08:00"),  # 9 hours, 14 hours, 1 hour
        (NIGHT, "critical", "2026-11-24T23:59", True, "2026-11-25T00:15"),
        (NIGHT, "critical", "2026-11-25T05:55", True, "2026-11-25T22:10"),
        (NIGHT, "critical", "2026-11-25T12:00", False, "2026-11-25T22:15"),
        (WEEK, "high", "2026-11-27T15:00", True, "2026-11-30T11:00"),  # Friday to Monday
        (WEEK, "critical", "2026-11-28T12:00", False, "2026-11-30T09:15"),
        (
            rota(("07:00", "21:00", DAYS), closed=("2026-11-25",)),
            "critical",
            "2026-11-24T21:30",
            False,
            "2026-11-26T07:15",
        ),
        (
            rota(("07:00", "21:00", DAYS), closed=("2026-11-24",)),
            "critical",
            "2026-11-24T12:00",
            False,
            "2026-11-25T07:15",
        ),
        (
            rota(("22:00", "06:00", DAYS), closed=("2026-11-25",)),
            "critical",
            "2026-11-25T01:00",
            True,
            "2026-11-25T01:15",
        ),
        (
            rota(("08:00", "12:00", DAYS), ("14:00", "18:00", DAYS)),
            "high",
            "2026-11-24T10:00",
            True,
            "2026-11-24T16:00",
        ),
    ],
)
def test_a_promise(duty: Any, severity: str, now: str, on_duty: bool, due: str) -> None:
    made = promise(duty, severity, at(now))
    assert (made.on_duty, made.at) == (on_duty, at(due))


def test_a_closed_day_may_be_written_without_quotes() -> None:
    duty = rota(("07:00", "21:00", DAYS)) | yaml.safe_load("closed_on: [2026-11-24]")
    assert promise(duty, "critical", at("2026-11-24T12:00")).on_duty is False


def test_nobody_for_more_than_a_week_is_far_away_and_not_an_error() -> None:
    now = at("2026-11-24T12:00")
    for duty in (rota(), rota(("07:00", "21:00", []))):
        assert promise(duty, "critical", now).at >= now + timedelta(days=9)
        assert next_opening(duty, now) >= now + timedelta(days=9)


def test_hours_are_wall_time_over_a_change_of_clocks() -> None:
    beirut = rota(("07:00", "21:00", DAYS), zone="Asia/Beirut")
    before = at("2026-03-28T22:00", "Asia/Beirut")
    assert promise(beirut, "critical", before).at == at("2026-03-29T07:15", "Asia/Beirut")
    assert next_opening(beirut, before) == at("2026-03-29T07:00", "Asia/Beirut")


@pytest.mark.parametrize(
    ("duty", "now", "opens"),
    [
        (DAY, "2026-11-24T12:00", "2026-11-24T12:00"),
        (DAY, "2026-11-24T21:00", "2026-11-25T07:00"),
        (DAY, "2026-11-24T05:00", "2026-11-24T07:00"),
        (NIGHT, "2026-11-24T03:00", "2026-11-24T03:00"),
        (WEEK, "2026-11-27T17:00", "2026-11-30T09:00"),
    ],
)
def test_the_next_opening(duty: Any, now: str, opens: str) -> None:
    assert next_opening(duty, at(now)) == at(opens)


@settings(max_examples=200, deadline=None)
@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    duty=st.sampled_from([DAY, NIGHT, WEEK]),
    severity=st.sampled_from(["critical", "high"]),
)
def test_a_promise_is_kept_while_somebody_is_there(now: datetime, duty: Any, severity: str) -> None:
    made = promise(duty, severity, now)
    assert made.at >= now + timedelta(minutes=MINUTES[severity])
    assert (made.at.minute % 5, made.at.second) == (0, 0)
    assert made.on_duty == (next_opening(duty, now) == now)
    ready = made.at - timedelta(minutes=5)  # somebody is on duty until then, not counting the rounding
    assert (
        promise(duty, severity, ready).on_duty or promise(duty, severity, made.at - timedelta(microseconds=1)).on_duty
    )
