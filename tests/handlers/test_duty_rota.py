"""What is promised when shifts are planned: computed from them, and honest where nobody is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store.spans import joined, without
from bot.store.staffed import Planned
from handlers import duty
from tests.conftest import NOON
from tests.handlers.people import facts

H = timedelta(hours=1)


def rota(*spans: tuple[float, float], on_call: tuple[tuple[float, float], ...] = (), **more: Any) -> dict[str, Any]:
    """The duty file with shifts, in hours from noon."""
    made = tuple((NOON + a * H, NOON + b * H) for a, b in spans)
    called = tuple((NOON + a * H, NOON + b * H) for a, b in on_call)
    until = max((end for _, end in made), default=NOON)
    return {**facts().get("duty"), duty.PLANNED: Planned(made, called, until, **more)}


def test_a_promise_counts_only_the_minutes_of_shifts() -> None:
    told = duty.promise(rota((-1, 0.1), (5, 9)), "high", NOON)  # 240 minutes: 6 now, the others from 17:00 on
    assert (told.on_duty, told.at) == (True, NOON + 5 * H + timedelta(minutes=235))


def test_an_empty_shift_means_the_night_wording() -> None:
    """Noon is a staffed hour by the opening hours; nobody is planned, so nobody reads."""
    told = duty.promise(rota((5, 9)), "critical", NOON)
    assert (told.on_duty, told.at) == (False, NOON + 5 * H + timedelta(minutes=15))
    assert duty.next_opening(rota((5, 9)), NOON) == NOON + 5 * H


def test_who_is_on_call_counts_for_what_is_critical_only() -> None:
    night = rota((-3, -1), (20, 24), on_call=((-1, 8),))
    assert duty.promise(night, "critical", NOON).on_duty
    assert not duty.promise(night, "high", NOON).on_duty


def test_days_that_nobody_planned_yet_are_taken_from_the_opening_hours_but_not_the_next_two() -> None:
    opens = duty.next_opening(rota((-3, -1)), NOON)
    assert opens >= NOON + timedelta(hours=48)
    assert opens.strftime("%H:%M") == "12:00", "within opening hours, the day after tomorrow"


def test_two_who_read_at_once_do_not_double_the_minutes() -> None:
    one, two = rota((0, 9)), rota((0, 9), (1, 8))
    assert duty.promise(one, "high", NOON) == duty.promise(two, "high", NOON)


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        (((-5, 9),), [(19, 33), (43, 57)]),  # 7:00 to 21:00, tomorrow and after it
        (((-5, 9), (19, 33), (43, 57)), []),
        (((-5, 4), (5, 9), (19, 33), (43, 57)), [(4, 5)]),
        (((-5, 8.8), (19, 33), (43, 57)), []),  # twelve minutes are a change of shift
    ],
)
def test_gaps_are_found_two_days_ahead(shifts: Any, expected: list[tuple[float, float]]) -> None:
    found = duty.gaps(rota(*shifts), NOON, ahead=48 * H, least=timedelta(minutes=30))
    assert found == [(NOON + a * H, NOON + b * H) for a, b in expected]


def test_without_a_rota_nothing_is_missing() -> None:
    assert duty.gaps(facts().get("duty"), NOON, ahead=48 * H, least=timedelta(minutes=30)) == []


def test_spans_are_cut_and_joined() -> None:
    a, b, c, d = (datetime(2026, 11, 24, h, tzinfo=UTC) for h in (1, 2, 3, 4))
    assert without([(a, d)], (b, c)) == [(a, b), (c, d)]
    assert without([(a, b)], (c, d)) == [(a, b)]
    assert without([(b, c)], (a, d)) == []
    assert joined([(c, d), (a, b), (b, c)]) == [(a, d)]


def test_who_reads_a_language_is_told_by_shifts() -> None:
    told = rota((0, 9), readers={"ne": ((NOON, NOON + 9 * H),), "si": ((NOON + 5 * H, NOON + 9 * H),), "am": ()})
    assert duty.reads_at(told, "ne", NOON) == NOON
    assert duty.reads_at(told, "si", NOON) == NOON + 5 * H
    assert duty.reads_at(told, "tl", NOON) is None
    assert duty.reads_at(told, "am", NOON) is None, "somebody could, and no shift says when"
    assert duty.readers(told) == ("am", "ne", "si")
