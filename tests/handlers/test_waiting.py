"""What is told to somebody who waits for a human, and what becomes of an answer to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store.records import CHECK_IN, Reminder
from handlers import cases, casework, handoff, waiting
from handlers.context import Context
from tests.conftest import NOON
from tests.handlers.people import case, context

MIDNIGHT = NOON + timedelta(hours=12)  # in Kathmandu; the rota has nobody
OPENS = datetime(2026, 11, 25, 1, 15, tzinfo=UTC)  # 7:00 in Kathmandu


async def in_danger(
    kind: str = "report_violence", country: str | None = "KW", now: datetime = NOON
) -> tuple[Context, str]:
    ctx = context()
    ctx.now, ctx.person.country = now, country
    raised = await cases.raise_alarm(ctx, kind=kind)
    return ctx, str(raised.slots["reference"])


@pytest.mark.parametrize(
    ("can_write", "life", "day", "night"),
    [
        ("no", None, "tells", "night_grave"),
        ("yes", "no", "asks", "night"),
        ("yes", "yes", "asks_grave", "night_grave"),
        ("yes", "nothing", "asks_grave", "night_grave"),
        ("yes", None, "asks", "night_grave"),
        (None, None, "asks", "night_grave"),
    ],
)
async def test_how_a_danger_ends(can_write: str | None, life: str | None, day: str, night: str) -> None:
    for now, name, at in ((NOON, day, NOON + timedelta(minutes=15)), (MIDNIGHT, night, OPENS)):
        ctx, reference = await in_danger(now=now)
        outcome = await waiting.ending(ctx, can_write=can_write, life=life, reference=reference)
        assert outcome.name == name
        assert datetime.fromisoformat(outcome.slots["at"]["at"]) == at
        assert outcome.slots.get("emergency", "112") == "112"


@pytest.mark.parametrize(("life", "name"), [("yes", "night_noted"), ("no", "night_bare"), (None, "night_bare")])
async def test_at_night_without_a_number_none_is_made_up(life: str | None, name: str) -> None:
    ctx, reference = await in_danger(country=None, now=MIDNIGHT)
    assert (await waiting.ending(ctx, life=life, reference=reference)).name == name


@pytest.mark.parametrize(
    "values", [{"kind": "report_stranded"}, {"kind": "child"}, {"kind": "report_violence", "facts": {"child": "yes"}}]
)
async def test_no_bare_number_for_a_child_nor_where_it_has_a_choice(values: dict[str, Any]) -> None:
    ctx = context()
    ctx.now, ctx.person.country = MIDNIGHT, "KW"
    ctx.cases.append(case(severity="critical", **values))
    assert (await waiting.ending(ctx, reference="482 917 3")).name == "night_bare"
    assert (await waiting.stay(ctx)).name == "noted_night"


@pytest.mark.parametrize(
    ("severity", "by_day", "late", "told"),
    [
        ("critical", "reads", "again", ("page", "report_violence")),
        ("high", "worse", "noted_late", ("queue", "late")),
        ("medium", "noted", "noted_late", ("queue", "late")),
    ],
)
async def test_the_line_while_she_writes_on(severity: str, by_day: str, late: str, told: tuple[str, str]) -> None:
    ctx = context()
    ctx.cases.append(case("report_violence", severity=severity, answer_due_at=NOON + timedelta(minutes=30)))
    outcome = await waiting.stay(ctx)
    assert (outcome.name, ctx.notices) == (by_day, [])
    assert datetime.fromisoformat(outcome.slots["at"]["at"]) == NOON + timedelta(minutes=30)
    ctx.now = NOON + timedelta(minutes=31)
    assert (await waiting.stay(ctx)).name == late
    assert [(n.audience, n.kind) for n in ctx.notices] == [told]


async def test_the_gravest_unanswered_case_is_the_one_that_is_waited_for() -> None:
    ctx = context()
    ctx.cases += [
        case("talk_to_human", answer_due_at=NOON + timedelta(days=1)),
        case("report_death", severity="high", answer_due_at=NOON + timedelta(hours=2)),
        case("report_violence", severity="critical", answered_at=NOON, answer_due_at=NOON - timedelta(hours=2)),
    ]
    outcome = await waiting.stay(ctx)
    assert outcome.name == "worse"
    assert datetime.fromisoformat(outcome.slots["at"]["at"]) == NOON + timedelta(hours=2)


# --- an answer to a caseworker


async def test_an_answer_goes_to_the_same_case_and_is_due_anew() -> None:
    ctx = context(owner="bot")
    other = case("report_unpaid_wages", reference="1111116", conversation_id=None)
    mine = case("talk_to_human", conversation_id=ctx.conversation.id, answered_at=NOON, answer_due_at=NOON)
    ctx.cases += [other, mine]
    outcome = await casework.pass_on(ctx, said=["in March"], sent=None)
    assert outcome.name == "on_duty"
    assert ctx.conversation.owner == "waiting"
    assert (mine.facts, other.facts) == ({"said": ["in March"]}, {})
    assert mine.answer_due_at == datetime.fromisoformat(outcome.slots["at"]["at"])
    assert mine.answer_due_at > NOON
    assert [(n.audience, n.kind, n.case_id) for n in ctx.notices] == [("queue", "answered_us", mine.id)]


async def test_at_night_an_answer_is_promised_for_the_day() -> None:
    ctx = context()
    ctx.now = MIDNIGHT
    ctx.cases.append(case("report_violence", severity="critical", answered_at=NOON))
    outcome = await casework.pass_on(ctx, said=["yes"])
    assert outcome.name == "off_duty"
    assert datetime.fromisoformat(outcome.slots["at"]["at"]) == OPENS + timedelta(minutes=15)


async def test_what_nobody_answered_keeps_its_time_when_she_asks_for_a_person() -> None:
    ctx = context()
    ctx.cases.append(case("report_death", severity="high", answer_due_at=NOON + timedelta(minutes=5)))
    await casework.hand_over(ctx)
    assert ctx.cases[0].answer_due_at == NOON + timedelta(minutes=5)
    ctx.cases[0].answered_at = NOON
    await casework.hand_over(ctx)
    assert ctx.cases[0].answer_due_at == NOON + timedelta(hours=4)


async def test_who_asks_for_a_person_is_not_told_an_earlier_time_than_her_case_is_due() -> None:
    ctx = context()
    ctx.cases.append(case("report_unpaid_wages", answer_due_at=NOON + timedelta(days=2)))
    outcome = await casework.hand_over(ctx, severity="high")
    assert ctx.cases[0].answer_due_at == NOON + timedelta(hours=4)
    assert datetime.fromisoformat(outcome.slots["at"]["at"]) == ctx.cases[0].answer_due_at
    assert [n.severity for n in ctx.notices] == ["high"]


@pytest.mark.parametrize(("owner", "until"), [("human", True), ("waiting", False), ("bot", False)])
async def test_only_after_a_human_her_words_are_an_answer(owner: str, until: bool) -> None:
    ctx = context(owner=owner)
    ctx.conversation.session = {"stack": [{"flow": "wages"}], "shared": {"country": "KW"}}
    ctx.cases.append(case("talk_to_human"))
    await casework.release(ctx)
    assert (handoff.ANSWER_UNTIL in ctx.conversation.session["shared"]) is until
    assert ("stack" in ctx.conversation.session) is (owner == "bot")  # what stood open before is over
    assert ctx.conversation.session["shared"]["country"] == "KW"


# --- the line at night


@pytest.mark.parametrize(
    ("country", "hours", "earlier"),
    [
        ("MY", None, "2026-11-25T00:00:00+00:00"),  # 8:00 there, an hour and a quarter before somebody reads
        ("KW", None, None),  # 21:15 there: her hours are over, and begin after somebody reads
        ("KW", (20 * 60, 23 * 60), "2026-11-24T19:30:00+00:00"),  # her own hours: 22:30
        ("KW", (22 * 60, 2 * 60), "2026-11-24T19:30:00+00:00"),  # over midnight
    ],
)
async def test_a_moment_before_a_person_reads(country: str, hours: tuple[int, int] | None, earlier: str | None) -> None:
    ctx = context()
    ctx.now, ctx.person.country = MIDNIGHT, country
    if hours:
        ctx.person.safe_from, ctx.person.safe_until = hours
    outcome = await waiting.earlier(ctx)
    assert outcome.name == ("fits" if earlier else "none")
    assert datetime.fromisoformat(outcome.slots["at"]["at"]) == OPENS
    if earlier:
        assert datetime.fromisoformat(outcome.slots["earlier"]["at"]) == datetime.fromisoformat(earlier)


async def test_nothing_is_offered_shortly_before_somebody_reads() -> None:
    ctx = context()
    ctx.now, ctx.person.country = OPENS - timedelta(minutes=85), "NP"
    ctx.person.safe_from, ctx.person.safe_until = 0, 24 * 60
    assert (await waiting.earlier(ctx)).name == "none"  # an hour from now is less than half an hour before
    ctx.now = OPENS - timedelta(minutes=90)
    fits = await waiting.earlier(ctx)
    assert datetime.fromisoformat(fits.slots["earlier"]["at"]) == OPENS - timedelta(minutes=30)


async def test_her_yes_is_one_reminder_for_that_moment() -> None:
    ctx = context()
    await waiting.plan_check_in(ctx, earlier=ctx.moment(OPENS))
    (planned,) = await ctx.shelf.mine(Reminder)
    assert (planned.flow, planned.topic, planned.due_at, planned.slots) == (CHECK_IN, CHECK_IN, OPENS, {})


@pytest.mark.parametrize(
    ("now", "hours", "at"),
    [
        # 2:00 to 3:00 does not come in the night of 28 March: what follows 1:59 is 3:00.
        ("2027-03-27T23:40:00+00:00", (120, 180), None),
        # It comes twice on 31 October: an hour after 2:10 it is 2:10 again, and 2:30 is the second one.
        ("2027-10-31T00:10:00+00:00", (120, 360), "2027-10-31T01:30:00+00:00"),
    ],
)
async def test_an_earlier_moment_is_right_when_the_clocks_change(
    monkeypatch: pytest.MonkeyPatch, now: str, hours: tuple[int, int], at: str | None
) -> None:
    ctx = context()
    ctx.now, ctx.person.timezone = datetime.fromisoformat(now), "Europe/Berlin"
    ctx.person.safe_from, ctx.person.safe_until = hours
    monkeypatch.setattr(waiting.duty, "next_opening", lambda rota, moment: ctx.now + timedelta(hours=6))
    outcome = await waiting.earlier(ctx)
    told = outcome.slots.get("earlier")
    assert (datetime.fromisoformat(told["at"]) if told else None) == (datetime.fromisoformat(at) if at else None)
