"""Reminders before leaving: which day is meant."""

from __future__ import annotations

from datetime import date

import pytest

from handlers import departure
from tests.handlers.people import context


@pytest.mark.parametrize(
    ("day", "outcome"),
    [("2024-02-29", "over"), ("2028-02-29", "over"), ("", "unread"), ("2026-12-20", "planned")],
)
async def test_days(day: str, outcome: str) -> None:
    assert (await departure.plan(context(country_hint="NP"), day=day)).name == outcome


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2026, 3, 15), date(2027, 3, 15)),
    ],
)
def test_a_year_later(day: date, later: date) -> None:
    assert departure.after(day) == later
