"""Referrals: what they hold, who may decide, and what is asked later; the services by country and person."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.store.records import Feedback, Referral, Reminder
from handlers import follow_up, references, referral, services
from handlers.context import Actor, Context
from tests.conftest import NOON
from tests.handlers.people import case, context, facts

NEVER = ("survivor", "victim", "traffick", "undocumented", "no_papers", "pregnant", "status")


@pytest.fixture
def ctx() -> Context:
    return context(country_hint="NP")


async def _asked(ctx: Context, **values: Any) -> Referral:
    given = {"need": "shelter", "service": "np_shelter_women", "name": "Sita", "topic": "training"}
    await referral.ask(ctx, **{**given, "receiver": {"text": "services.np_shelter_women.receiver"}, **values})
    row: Referral = (await ctx.shelf.mine(Referral))[-1]
    return row


def _staff(ctx: Context) -> Context:
    ctx.actor = Actor("staff")
    return ctx


# -- what leaves


@pytest.mark.parametrize("need", [n for n in facts().get("services")["needs"] if n != "money"])
@pytest.mark.parametrize("whom", [None, "woman", "man", "with_child", "pregnant", "no_papers"])
@pytest.mark.parametrize("home", ["NP", "IN", "BD", "KE"])
async def test_what_a_referral_holds(need: str, whom: str | None, home: str) -> None:
    """A name, a language and the need; never who she is, whatever she said and whatever her cases are called."""
    ctx = context(country_hint="NP")
    ctx.person.language = "ne"
    ctx.cases.append(case("report_forced_labour", facts={"words": "I am a survivor, trafficked"}))
    offered = await services.offer(ctx, home=home, need=need, whom=whom)
    assert offered.slots["whom"] is None
    service = offered.slots["service"] or (offered.slots.get("services") or [{"id": None}])[0]["id"]
    chosen = await services.choose(ctx, home=home, service=service)
    row = await _asked(ctx, need=need, service=service, receiver=chosen.slots.get("receiver"))
    assert row.facts == {"name": "Sita", "language": "ne", "need": need}
    told = json.dumps([row.service, row.receiver, row.topic, row.facts]).casefold()
    assert not [word for word in NEVER if word in told]
    said = [facts().texts[i].english.casefold() for i in (row.receiver, f"follow_up.{row.topic}.say") if i]
    assert not [word for word in NEVER for text in said if word in text]


async def test_it_is_a_case_of_its_own_and_a_caseworker_joins_them(ctx: Context) -> None:
    ctx.cases.append(case("report_unpaid_wages"))
    row = await _asked(ctx)
    assert ctx.cases[0].kind == "returnee"
    assert row.case_id == ctx.cases[0].id
    assert [(n.audience, n.kind) for n in ctx.notices] == [("queue", "referral")]


async def test_asked_twice_is_one(ctx: Context) -> None:
    first = await _asked(ctx)
    again = await _asked(ctx, name="Gita")
    assert (first.id, len(await ctx.shelf.mine(Referral)), again.facts["name"]) == (again.id, 1, "Gita")
    assert len(ctx.cases) == 1


# -- who is taken


async def test_a_place_for_women_is_offered_to_women(ctx: Context) -> None:
    for whom, name in (("woman", "several"), ("man", "one"), (None, "one"), ("pregnant", "person")):
        assert (await services.offer(ctx, home="NP", need="shelter", whom=whom)).name == name, whom
    assert (await services.offer(ctx, home="NP", need="shelter", whom="man")).slots["service"] == "np_shelter"


async def test_only_where_it_matters_it_is_asked_for_whom(ctx: Context) -> None:
    needs = facts().get("services")["needs"]
    asked = {
        (h, n)
        for h in ("NP", "IN", "BD")
        for n in needs
        if (await services.whom(ctx, home=h, need=n)).name == "matters"
    }
    assert asked == {("NP", "shelter")}


async def test_what_nobody_is_sure_of_is_not_offered(ctx: Context) -> None:
    low = [n for n, s in facts().get("services")["services"].items() if s["confidence"] == "low"]
    assert low
    for need in facts().get("services")["needs"]:
        found = await services.offer(ctx, home="NP", need=need, whom="woman")
        offered = {row["id"] for row in found.slots.get("services") or ()} | {found.slots["service"]}
        assert not offered & set(low)


async def test_a_line_is_called_and_nothing_is_sent(ctx: Context) -> None:
    found = await services.choose(ctx, home="NP", service="np_mind_line")
    assert found.name == "line"
    assert "1166" in json.dumps(found.slots)


async def test_nobody_unnamed_is_named(ctx: Context) -> None:
    assert (await services.choose(ctx, home="NP", service="any_training")).name == "person"
    assert (await services.choose(ctx, home="NP", service="gone")).name == "person"


# -- what becomes of it


async def test_staff_decide_and_the_person_reads_her_own_word(ctx: Context) -> None:
    row = await _asked(ctx)
    for action, state in ((referral.accept, "accepted"), (referral.complete, "completed")):
        found = await action(_staff(ctx), referral=str(row.id))
        assert (found.name, row.state, row.decided_at) == (state, state, NOON)
    news = [r.slots for r in await ctx.shelf.mine(Reminder) if r.flow == "referral_news"]
    assert [n["news"] for n in news] == ["accepted", "completed"]
    assert all(n["word"] == {"text": "follow_up.training.say"} for n in news)
    said = await referral.news(ctx, news="rejected", word=news[0]["word"])
    assert (said.name, said.slots["word"]) == ("rejected", {"text": "follow_up.training.say"})


async def test_nobody_else_decides(ctx: Context) -> None:
    row = await _asked(ctx)
    assert (await referral.accept(ctx, referral=str(row.id))).name == "not_staff"
    assert row.state == "asked"


async def test_only_in_its_order(ctx: Context) -> None:
    row = await _asked(ctx)
    assert (await referral.complete(_staff(ctx), referral=str(row.id))).name == "unknown"
    assert (await referral.reject(_staff(ctx), referral=str(row.id))).name == "rejected"
    assert (await referral.accept(_staff(ctx), referral=str(row.id))).name == "unknown"
    assert (await referral.accept(_staff(ctx), referral="nonsense")).name == "unknown"


async def test_a_rejected_one_is_not_asked_about_later(ctx: Context) -> None:
    row = await _asked(ctx)
    await follow_up.plan(ctx, referral=str(row.id), word=referral.word(row.topic))
    await referral.reject(_staff(ctx), referral=str(row.id))
    assert {r.state for r in await ctx.shelf.mine(Reminder) if r.flow == "follow_up"} == {"cancelled"}


# -- later


async def test_four_times_and_on_the_same_day(ctx: Context) -> None:
    await follow_up.plan(ctx, referral="x", word=referral.word("health"))
    due = [r.due_at.date().isoformat() for r in await ctx.shelf.mine(Reminder)]
    assert sorted(due) == ["2026-12-24", "2027-02-24", "2027-05-24", "2027-11-24"]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [((2027, 1, 31), 1, (2027, 2, 28)), ((2026, 12, 5), 12, (2027, 12, 5)), ((2026, 11, 30), 3, (2027, 2, 28))],
)
def test_a_month_that_is_too_short_has_a_last_day(day: Any, months: int, then: Any) -> None:
    assert follow_up.after(datetime(*day, tzinfo=UTC), months) == datetime(*then, tzinfo=UTC)


async def test_answers_are_counted_without_her_and_kept_with_her_case(ctx: Context) -> None:
    row = await _asked(ctx)
    found = await follow_up.note(ctx, month=3, referral=str(row.id), income="bad", debt="some", safe="bad")
    assert found.name == "worried"
    assert ctx.cases[0].facts["after_3_months"] == {"income": "bad", "debt": "some", "safe": "bad"}
    assert row.outcome == "worse"
    assert row.facts == {"name": "Sita", "need": "shelter"}, "answers are no part of what a receiver gets"
    counted = {(f.kind, f.safe, f.helped) for f in ctx.shelf.world.of(Feedback)}  # type: ignore[attr-defined]
    assert counted == {
        ("follow_up.3", 1, None),
        ("follow_up.3.income", None, 1),
        ("follow_up.3.debt", None, 2),
    }
    assert ("queue", "not_safe_later") in {(n.audience, n.kind) for n in ctx.notices}


async def test_nothing_said_is_nothing_counted(ctx: Context) -> None:
    assert (await follow_up.note(ctx, month=1, referral=None)).name == "fine"
    assert not ctx.shelf.world.of(Feedback)  # type: ignore[attr-defined]


async def test_never_again_calls_off_all_of_them(ctx: Context) -> None:
    await follow_up.plan(ctx, referral="x", word=referral.word("health"))
    await follow_up.leave(ctx)
    assert {r.state for r in await ctx.shelf.mine(Reminder)} == {"cancelled"}


async def test_the_business_is_asked_about_after_a_year(ctx: Context) -> None:
    assert [(await follow_up.begin(ctx, month=m)).slots["late"] for m in (1, 6, 12, None)] == ["no", "no", "yes", "no"]
    ctx.person.profile["topic"] = "school"
    assert (await follow_up.begin(ctx)).slots["word"] == {"text": "follow_up.school.say"}
    assert references.grouped("4829173") == "482 917 3"
