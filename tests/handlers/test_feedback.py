"""Whom we ask how it was, and how it is counted."""

from __future__ import annotations

from datetime import date

import pytest

from bot.cli import feedback as command
from bot.store.records import Feedback, Reminder
from handlers import closing, feedback
from handlers.context import Context
from tests.handlers.people import case, context, facts

KINDS = [k for k in facts().get("triage")["severity"] if k != "default"]
NEVER = {
    "express_self_harm",
    "report_violence",
    "report_confinement",
    "report_forced_labour",
    "child",
    "pregnancy_or_child",
    "report_missing",
    "report_death",
}


@pytest.fixture
def ctx() -> Context:
    made = context(country_hint="NP")
    made.person.profile["feedback"] = "yes"
    return made


def test_whom_we_never_ask_is_what_the_rule_says() -> None:
    assert set(facts().get("feedback")["never"]) == NEVER
    assert set(KINDS) >= NEVER


@pytest.mark.parametrize("kind", KINDS)
async def test_never_after_self_harm_abuse_children_and_loss(ctx: Context, kind: str) -> None:
    ctx.cases.append(case(kind))
    found = await feedback.ask_later(ctx, reference="482 917 3")
    assert found.name == ("not_asked" if kind in NEVER else "planned")
    assert len(await ctx.shelf.mine(Reminder)) == (0 if kind in NEVER else 2)


@pytest.mark.parametrize("values", [{"severity": "critical"}, {"facts": {"child": "yes"}}])
async def test_never_when_it_was_grave_or_a_child_s(ctx: Context, values: dict[str, object]) -> None:
    ctx.cases.append(case("report_unpaid_wages", **values))
    assert (await feedback.ask_later(ctx)).name == "not_asked"


async def test_another_open_case_of_abuse_counts_too(ctx: Context) -> None:
    ctx.cases += [case("report_unpaid_wages"), case("report_violence", reference="5550001")]
    assert (await feedback.ask_later(ctx, reference="4829173")).name == "not_asked"


@pytest.mark.parametrize("said", [None, "no"])
async def test_only_who_allowed_it(ctx: Context, said: str | None) -> None:
    ctx.person.profile["feedback"] = said
    ctx.cases.append(case("report_unpaid_wages"))
    assert (await feedback.ask_later(ctx)).name == "not_asked"


async def test_a_case_that_is_closed_is_asked_about_if_she_allowed_it(ctx: Context) -> None:
    ctx.cases.append(case("report_unpaid_wages"))
    assert (await closing.close(ctx)).name == "closed"
    assert [(r.flow, (r.due_at - ctx.now).days) for r in await ctx.shelf.mine(Reminder)] == [
        ("feedback", 0),
        ("feedback", 30),
    ]


@pytest.mark.parametrize(("kind", "said"), [("report_violence", "yes"), ("report_unpaid_wages", "no")])
async def test_closing_asks_nobody_else(ctx: Context, kind: str, said: str) -> None:
    ctx.person.profile["feedback"] = said
    ctx.cases.append(case(kind))
    await closing.close(ctx)
    assert await ctx.shelf.mine(Reminder) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_leave_is_asked_of_nobody_whom_we_never_ask(ctx: Context, kind: str) -> None:
    ctx.person.profile.pop("feedback")
    ctx.closed.append(case(kind))
    assert (await feedback.known(ctx)).name == ("no" if kind in NEVER else "open")


async def test_once_however_many_cases_are_closed_and_a_no_calls_it_off(ctx: Context) -> None:
    ctx.cases.append(case("report_unpaid_wages"))
    await feedback.ask_later(ctx)
    await feedback.ask_later(ctx)
    assert [(r.due_at - ctx.now).days for r in await ctx.shelf.mine(Reminder)] == [0, 30]
    await feedback.forbid(ctx)
    assert {r.state for r in await ctx.shelf.mine(Reminder)} == {"cancelled"}


async def test_answers_have_a_month_and_nobody(ctx: Context) -> None:
    assert (await feedback.note(ctx, safe="good", helped="some", respected="bad")).name == "counted"
    assert (await feedback.note(ctx, safe="bad")).name == "unsafe"
    assert (await feedback.note(ctx)).name == "counted"
    rows = ctx.shelf.world.of(Feedback)  # type: ignore[attr-defined]
    assert {(r.safe, r.helped, r.respected, r.month) for r in rows} == {
        (3, 2, 1, date(2026, 11, 1)),
        (1, None, None, date(2026, 11, 1)),
    }


async def test_an_empty_file_says_that_there_is_nothing(ctx: Context) -> None:
    assert (await feedback.changes(ctx)).name == "none"


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ((9, 7, 5), ("9", "7", "5")),
        ((9, 7, 4), ("9", "-", "-")),
        ((90, 0, 0), ("90", "-", "-")),
        ((4, 3, 2), ("-", "-", "-")),
        ((0, 5, 80), ("-", "-", "80")),
    ],
)
def test_small_counts_are_hidden_and_their_neighbour(row: tuple[int, int, int], shown: tuple[str, ...]) -> None:
    assert command.shown(row) == shown


def test_quarters() -> None:
    assert command.quarter("2026-q4") == date(2026, 10, 1)
    assert command.following(date(2026, 10, 1)) == date(2027, 1, 1)
    assert command.following(date(2026, 7, 1)) == date(2026, 10, 1)
    assert command.previous(date(2026, 11, 24)) == date(2026, 7, 1)
    assert command.previous(date(2027, 2, 1)) == date(2026, 10, 1)
    listed = command.listed({("help", "safe"): (9, 7, 5)}, date(2026, 10, 1))
    assert listed[0].startswith("2026-Q4")
    assert listed[1].split() == ["help", "safe", "9", "7", "5"]
    assert command.listed({}, date(2026, 10, 1)) == ["2026-Q4: no answers"]
