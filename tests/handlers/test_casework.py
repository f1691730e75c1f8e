"""Between bot and caseworkers, and what a person decides: owner, promises, consent, stop, deletion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from handlers import cases, casework, privacy, profile, waiting, which
from handlers.context import Actor, Context
from tests.conftest import NOON
from tests.handlers.people import old_case


async def test_handing_over_and_back_changes_owner_and_epoch(ctx: Context) -> None:
    case = old_case(ctx)
    assert (await casework.hand_over(ctx)).name == "on_duty"
    assert (ctx.conversation.owner, ctx.conversation.owner_epoch) == ("waiting", 1)
    await casework.hand_over(ctx, severity="critical")
    assert ctx.conversation.owner_epoch == 1
    await casework.take(ctx, user_id=UUID(int=5))
    assert (ctx.conversation.owner, ctx.conversation.owner_epoch) == ("human", 2)
    assert (case.answered_at, case.stage) == (NOON, "working")
    assert (await casework.take(ctx, user_id=UUID(int=6))).name == "held"  # another colleague
    assert (ctx.conversation.owner_user_id, ctx.conversation.owner_epoch) == (UUID(int=5), 2)
    ctx.actor = Actor("staff", UUID(int=5))
    await casework.release(ctx)
    assert (ctx.conversation.owner, ctx.conversation.owner_user_id, ctx.conversation.owner_epoch) == ("bot", None, 3)
    assert [n.audience for n in ctx.notices] == ["queue", "queue"]


async def test_taking_answers_the_cases_of_this_conversation_only_and_once(ctx: Context) -> None:
    other = old_case(ctx, id=UUID(int=78), conversation_id=UUID(int=3))
    answered = old_case(ctx, id=UUID(int=79), answered_at=NOON - timedelta(hours=5), stage="referred")
    await casework.take(ctx)
    assert other.answered_at is None
    assert (answered.answered_at, answered.stage) == (NOON - timedelta(hours=5), "referred")


async def test_at_night_the_next_opening_is_promised(ctx: Context) -> None:
    ctx.now = datetime(2026, 11, 24, 18, 15, tzinfo=UTC)  # midnight in Kathmandu
    outcome = await casework.promise(ctx, severity="critical")
    assert outcome.name == "off_duty"
    assert datetime.fromisoformat(outcome.slots["at"]["at"]) == datetime(2026, 11, 25, 1, 15, tzinfo=UTC)
    assert outcome.slots["at"]["zone"] == "Asia/Kuwait"


async def test_the_agreed_hour_is_an_hour(ctx: Context) -> None:
    await casework.agree_hour(ctx)
    assert ctx.conversation.agreed_until == NOON + timedelta(hours=1)


async def test_consent_is_given_refused_and_given_again(ctx: Context) -> None:
    assert (await profile.consent(ctx)).name == "open"
    await profile.give_consent(ctx)
    assert (await profile.consent(ctx)).slots == {"agreed": "yes"}
    assert (ctx.person.consent_store_at, ctx.person.consent_contact_at) == (NOON, NOON)
    await profile.refuse_consent(ctx)
    person = ctx.person
    assert (person.consent_store_at, person.consent_contact_at, person.consent_refused_at) == (None, None, NOON)
    await profile.give_consent(ctx)
    assert person.consent_refused_at is None


async def test_stop_is_answered_once_and_humans_of_open_cases_are_told(ctx: Context) -> None:
    old_case(ctx)
    assert [(await profile.opt_out(ctx)).name for _ in range(2)] == ["stopped", "already"]
    assert [n.kind for n in ctx.notices] == ["opted_out"]
    assert (await profile.opt_in(ctx)).name == "started"
    assert ctx.person.opted_out_at is None


async def test_who_wants_to_be_deleted_is_heard_by_a_human(ctx: Context) -> None:
    await privacy.request_erasure(ctx, proved="no")
    assert ctx.person.erase_at is None
    await privacy.request_erasure(ctx, proved="yes")
    assert ctx.person.erase_at == NOON + timedelta(hours=48)
    assert [(n.audience, n.kind) for n in ctx.notices] == [
        ("queue", "unproved_erasure"),
        ("queue", "erasure_requested"),
    ]


async def test_what_is_told_to_somebody_who_writes_on_keeps_to_the_first_promise(ctx: Context) -> None:
    await cases.raise_alarm(ctx, kind="report_violence")
    assert which.heavy(ctx) is None
    await cases.raise_alarm(ctx, kind="express_self_harm")
    case = which.heavy(ctx)
    assert case is not None
    assert case.facts == {"also": ["express_self_harm"]}
    ctx.notices.clear()
    ctx.now = NOON + timedelta(minutes=14)
    waits = await waiting.stay(ctx)
    assert (waits.name, waits.slots["at"]["at"]) == ("waits", (NOON + timedelta(minutes=15)).isoformat())
    assert ctx.notices == []
    ctx.now = NOON + timedelta(minutes=16)
    assert (await waiting.stay(ctx)).name == "late"
    assert [(n.audience, n.kind) for n in ctx.notices] == [("page", "express_self_harm")]


async def test_at_night_the_line_says_when_somebody_reads_also_when_it_is_late(ctx: Context) -> None:
    await cases.raise_alarm(ctx, kind="express_self_harm")
    ctx.now = NOON + timedelta(hours=12)
    waits = await waiting.stay(ctx)
    opens = datetime(2026, 11, 25, 1, 15, tzinfo=UTC)  # 7:00 in Kathmandu
    assert (waits.name, datetime.fromisoformat(waits.slots["at"]["at"])) == ("waits", opens)
    assert [n.audience for n in ctx.notices] == ["page"]
