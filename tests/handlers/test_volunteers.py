"""Volunteers: who joins by which code, what is asked of them, what comes back; what a search may say at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.store.records import Referral, Reminder
from bot.store.volunteer_records import SearchAnswer, SearchCopy, VolunteerCode, VolunteerLink
from handlers import referral, searches, volunteers
from handlers.context import Actor, Context
from tests.conftest import NOON
from tests.handlers.people import case, context, facts

CODE, MAYA = "123456782", UUID(int=9)
GOOD = {"with_name": "1", "name": "Sita", "with_place": "1", "country": "KW", "city": "Salmiya"}


@pytest.fixture
def ctx() -> Context:
    return context()


def invited(ctx: Context, **more: Any) -> None:
    ctx.shelf.add(VolunteerCode(**{"digits": CODE, "volunteer_id": MAYA, **more}))


async def test_a_code_joins_one_phone_once(ctx: Context) -> None:
    invited(ctx)
    assert (await volunteers.look(ctx, code="123 456 782")).name == "invited"
    assert ctx.person.consent_contact_at is None
    assert (await volunteers.join(ctx, code=CODE)).name == "joined"
    assert ctx.person.consent_contact_at == ctx.now
    assert (await volunteers.look(ctx, code=CODE)).name == "other"
    assert (await volunteers.join(ctx, code=CODE)).name == "other"
    assert [link.volunteer_id for link in await ctx.shelf.mine(VolunteerLink)] == [MAYA]


@pytest.mark.parametrize(
    "more",
    [{"volunteer_id": None}, {"revoked_at": NOON}, {"expires_at": NOON}, {"expires_at": NOON - timedelta(days=1)}],
)
async def test_a_code_that_invites_nobody_is_a_tip_s(ctx: Context, more: dict[str, Any]) -> None:
    invited(ctx, **more)
    assert (await volunteers.look(ctx, code=CODE)).name == "other"
    assert (await volunteers.look(ctx, code=None)).name == "other"


def asked(ctx: Context, **more: Any) -> SearchCopy:
    return ctx.shelf.add(SearchCopy(**{"volunteer_id": MAYA, "number": 17, **more}))


async def test_what_she_writes_is_kept_for_the_case(ctx: Context) -> None:
    row = asked(ctx)
    assert (await volunteers.show(ctx, copy=str(row.id))).name == "shown"
    assert (row.state, row.told_at) == ("told", ctx.now)
    await volunteers.answer(ctx, copy=str(row.id), seen="at the bakery")
    await volunteers.answer(ctx, copy=str(row.id), media={"kind": "image"})
    await volunteers.answer(ctx, copy=str(row.id))  # she knows nothing
    await volunteers.answer(ctx, copy="another", seen="of no search")
    kept = [(one.copy_id, one.words, one.files) for one in await ctx.shelf.mine(SearchAnswer)]
    assert kept == [(row.id, "at the bakery", 0), (row.id, None, 1)]
    assert not ctx.cases, "a volunteer has no case by it"
    assert not ctx.notices


async def test_what_is_over_is_neither_asked_nor_kept(ctx: Context) -> None:
    row = asked(ctx, state="over")
    assert (await volunteers.show(ctx, copy=str(row.id))).name == "over"
    assert (await volunteers.pick(ctx, copy=str(row.id))).name == "gone"
    assert (await volunteers.standing(ctx)).name == "none"
    await volunteers.answer(ctx, copy=str(row.id), seen="too late")
    assert not await ctx.shelf.mine(SearchAnswer)


async def test_she_comes_back_to_what_she_was_asked(ctx: Context) -> None:
    row = asked(ctx, state="told")
    assert (await volunteers.standing(ctx)).slots == {"copy": str(row.id)}
    assert (await volunteers.pick(ctx, copy=str(row.id))).name == "gone"  # the words are no more
    ctx.shelf.add(Reminder(flow="search_request", due_at=ctx.now, slots={"copy": str(row.id), "lines": "Sita"}))
    found = await volunteers.pick(ctx, copy=str(row.id))
    assert found.slots == {"lines": "Sita", "number": "17"}
    asked(ctx, state="told", number=18)
    offered = (await volunteers.standing(ctx)).slots["copies"]
    assert [one["value"] for one in offered] == ["17", "18"]
    assert (await volunteers.pick(ctx, copy=offered[0]["id"])).name == "found"


# --- what a search may say


def test_only_what_was_ticked_and_in_its_order() -> None:
    made = searches.compose(facts().get("tracing"), GOOD | {"age": "a18", "with_last": "1", "month": "2026-05"})
    assert not made.problems
    assert made.fields == {"name": "Sita", "place": {"country": "KW", "city": "Salmiya"}, "last": "2026-05"}
    assert [row["row"][0]["text"] for row in made.lines["list"]] == [
        "tracing.labels.name.say",
        "tracing.labels.place.say",
        "tracing.labels.last.say",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Sita 98"),
        ("name", "सीता ९८"),
        ("name", "S" * 31),
        ("name", "@sita"),
        ("name", "Sita\nRai passport/no"),
        ("city", "House 4"),
        ("city", "x" * 41),
    ],
)
def test_words_that_could_tell_more_do_not_leave(field: str, value: str) -> None:
    made = searches.compose(facts().get("tracing"), GOOD | {field: value})
    assert set(made.problems) == {"name" if field == "name" else "place"}


def test_nobody_is_looked_for_while_it_is_open_who_decides() -> None:
    assert searches.may_search({"claimed_role": "brother"})
    assert not searches.may_search({"decides": "open"})


# --- a referral that is offered first


async def offered(ctx: Context, *, by_bot: bool = True) -> Referral:
    ctx.cases.append(case("report_unpaid_wages"))
    ctx.actor = Actor("staff", UUID(int=7))
    made = await referral.offer(
        ctx,
        case_id=ctx.cases[0].id,
        service="legal",
        receiver={"text": "services.np_legal.receiver"},
        facts={"name": "Sita", "need": "legal", "language": None},
        told="Sita",
        by_bot=by_bot,
    )
    return next(r for r in await ctx.shelf.mine(Referral) if str(r.id) == made.slots["referral"])


async def test_an_offer_is_no_consent(ctx: Context) -> None:
    row = await offered(ctx)
    assert (row.state, row.facts, row.agreed_at) == ("offered", {"name": "Sita", "need": "legal"}, None)
    for action in (referral.send, referral.accept, referral.complete, referral.reject):
        assert (await action(ctx, referral=str(row.id))).name == "unknown"
    ctx.actor = Actor("person")
    assert (await referral.agree(ctx, referral=str(row.id))).name == "agreed"
    assert (row.state, row.agreed_at) == ("asked", ctx.now)
    assert (await referral.send(ctx, referral=str(row.id))).name == "not_staff"
    assert (await referral.withdraw(ctx, referral=str(row.id))).name == "not_staff"
    assert ("queue", "referral") in {(n.audience, n.kind) for n in ctx.notices}
    assert (await referral.offer(ctx, case_id=row.id, service="", receiver="", facts={}, told="")).name == "not_staff"


async def test_what_is_declined_or_taken_back_is_not_asked(ctx: Context) -> None:
    for action, state in ((referral.decline, "declined"), (referral.withdraw, "withdrawn")):
        row = await offered(ctx)
        await action(ctx, referral=str(row.id))
        assert row.state == state
        assert (await referral.offered(ctx, referral=str(row.id))).name == "over"
        assert (await referral.agree(ctx, referral=str(row.id))).name == "over"
    assert {r.state for r in await ctx.shelf.mine(Reminder)} == {"cancelled"}


async def test_who_asks_herself_leaves_the_bot_out_of_it(ctx: Context) -> None:
    row = await offered(ctx, by_bot=False)
    assert not await ctx.shelf.mine(Reminder)
    assert (await referral.agree(ctx, referral=str(row.id))).name == "agreed"
    assert not ctx.notices
