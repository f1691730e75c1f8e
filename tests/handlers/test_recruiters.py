"""What is said of a recruiter: by the list, by its day, by a cap that somebody signed."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store.licences import alike
from handlers import recruiters
from handlers.context import Context
from tests.conftest import NOON
from tests.conversations.telling import licence
from tests.handlers.people import context


class Capped:
    """Knowledge in which Nepal has a cap."""

    def __init__(self, facts: Any, **more: Any) -> None:
        self._facts, self._more = facts, more

    def get(self, name: str) -> Mapping[str, Any]:
        """The file; of recruiting with the cap."""
        found = deepcopy(dict(self._facts.get(name)))
        if name == "recruiting":
            found["countries"]["NP"]["fee"] |= {"cap": {"value": 10000, "currency": "NPR"}, **self._more}
        return found


@pytest.fixture
def ctx() -> Context:
    return context(country_hint="NP")


SIGNED = {"checked_on": "2026-11-01", "reviewer": "a lawyer"}


@pytest.mark.parametrize(
    ("written", "name", "fits"),
    [
        ("everst overseas", "Everest Overseas Pvt Ltd", True),
        ("everset", "Everest Overseas Pvt Ltd", True),
        ("overseas everest", "Everest Overseas Pvt Ltd", True),
        ("evere", "Everest Overseas Pvt Ltd", True),
        ("overseas pvt ltd", "Everest Overseas Pvt Ltd", False),
        ("everest lumbini", "Everest Overseas Pvt Ltd", False),
        ("eve", "Steven Travels", False),
        ("sita", "Gita Manpower", True),
        ("abc", "Abd Manpower", False),
    ],
)
def test_small_slips_are_the_same_name(written: str, name: str, fits: bool) -> None:
    assert alike(written, name.casefold()) is fits


async def test_at_most_five_are_offered_and_each_leads_to_itself(ctx: Context) -> None:
    rows = [licence(f"Himal {word}", f"{n}/1") for n, word in enumerate(["A", "B", "C", "D", "E", "F"])]
    ctx.shelf.world.licences += rows  # type: ignore[attr-defined]
    found = await recruiters.find(ctx, leaving="NP", agent="himal")
    assert found.name == "several"
    assert len(found.slots["candidates"]) == 5
    for offered in found.slots["candidates"]:
        shown = await recruiters.show(ctx, leaving="NP", agent="himal", licence=offered["id"])
        assert {"row": [shown.slots["name"], shown.slots["number"]]} == offered["value"]


@pytest.mark.parametrize(("days", "old"), [(59, "no"), (60, "no"), (61, "yes")])
async def test_a_list_is_old_after_sixty_days(ctx: Context, days: int, old: str) -> None:
    ctx.shelf.world.licences.append(licence("Himal", "1", as_of=days))  # type: ignore[attr-defined]
    assert (await recruiters.show(ctx, leaving="NP", agent="1", licence=None)).slots["old"] == old
    assert (await recruiters.find(ctx, leaving="NP", agent="zzz")).slots["old"] == old


@pytest.mark.parametrize(("days_left", "state"), [(-1, "expired"), (0, "licensed"), (None, "undated")])
async def test_the_last_day_counts(ctx: Context, days_left: int | None, state: str) -> None:
    more = {} if days_left is None else {"days_left": days_left}
    ctx.shelf.world.licences.append(licence("Himal", "1", **more))  # type: ignore[attr-defined]
    found = await recruiters.find(ctx, leaving="NP", agent="1")
    assert (await recruiters.show(ctx, leaving="NP", agent="1", licence=found.slots["licence"])).name == state


async def test_no_list_is_not_the_same_as_not_in_the_list(ctx: Context) -> None:
    assert (await recruiters.find(ctx, leaving="NP", agent="Himal")).name == "no_list"
    ctx.shelf.world.licences.append(licence("Sagar", "1"))  # type: ignore[attr-defined]
    assert (await recruiters.find(ctx, leaving="NP", agent="Himal")).name == "missing"
    assert (await recruiters.find(ctx, leaving="IN", agent="Himal")).name == "no_list"


async def test_a_cap_that_nobody_signed_is_not_named(ctx: Context) -> None:
    ctx.knowledge = Capped(ctx.knowledge)
    assert (await recruiters.fee(ctx, leaving="NP")).name == "unknown"
    ctx.knowledge = Capped(ctx.knowledge, **SIGNED)
    assert (await recruiters.fee(ctx, leaving="NP")).slots == {"cap": {"value": 10000, "currency": "NPR"}}


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"value": "10000.01", "currency": "NPR"}, "above"),
        ({"value": "10000", "currency": "NPR"}, "within"),
        ({"value": "9000", "currency": None}, "within"),
        ({"value": "9000", "currency": "INR"}, "unsure"),
        ({"value": "much"}, "unsure"),
        (None, "unsure"),
    ],
)
async def test_what_was_asked_for_is_weighed_in_one_currency(ctx: Context, asked: object, answer: str) -> None:
    ctx.knowledge = Capped(ctx.knowledge, **SIGNED)
    assert (await recruiters.weigh(ctx, leaving="NP", asked=asked)).name == answer


async def test_the_country_of_the_number_when_people_leave_from_there(ctx: Context) -> None:
    assert (await recruiters.origin(ctx)).slots == {"leaving": "NP"}
    ctx.conversation.country_hint = "KW"
    assert (await recruiters.origin(ctx)).name == "unknown"
    assert (await recruiters.origin(ctx, leaving="KW")).slots == {"leaving": "KW"}
    assert ctx.now == NOON
    assert timedelta(days=60) == recruiters.OLD


async def test_a_licence_ends_with_the_day_where_she_is(ctx: Context) -> None:
    """In Kathmandu it is the 25th while it is still the 24th by UTC."""
    ctx.now = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    row = licence("Everest Overseas", "1", days_left=0)
    assert str(row.valid_until) == "2026-11-24"
    assert recruiters._state(ctx, row, row.imported_at) == "expired"
