"""Of several open cases, the one that is meant: for a human who takes over, for who proves nothing, for who closes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from handlers import cases, casework, closing, which, word
from handlers.context import Case, Context
from tests.handlers.people import HERE, case

ELSEWHERE = UUID(int=92)  # another conversation of hers


def opened(ctx: Context, kind: str, reference: str, where: UUID = HERE, **values: Any) -> Case:
    """A case on top of the others, newest first."""
    made = case(kind, id=UUID(int=int(reference)), reference=reference, conversation_id=where, **values)
    ctx.cases.insert(0, made)
    return made


async def test_a_human_who_takes_over_gets_the_case_of_this_conversation(ctx: Context) -> None:
    here = opened(ctx, "report_unpaid_wages", "1000001")
    opened(ctx, "report_passport_withheld", "1000002", ELSEWHERE)
    await casework.hand_over(ctx)
    assert [n.case_id for n in ctx.notices] == [here.id]
    assert [e.case_id for e in ctx.events] == [here.id]


async def test_the_newest_of_this_conversation_and_never_what_she_saw_of_others(ctx: Context) -> None:
    opened(ctx, "report_unpaid_wages", "1000001")
    newest = opened(ctx, "report_passport_withheld", "1000002")
    opened(ctx, "tip", "1000003")
    assert which.concerned(ctx) is newest


async def test_what_this_turn_touched_goes_before_all(ctx: Context) -> None:
    touched = opened(ctx, "report_unpaid_wages", "1000001", ELSEWHERE)
    opened(ctx, "report_passport_withheld", "1000002")
    await cases.add_facts(ctx, reference="1000001", words="more")
    assert which.concerned(ctx) is touched
    await casework.hand_over(ctx)
    assert [n.case_id for n in ctx.notices] == [touched.id]


async def test_a_tip_alone_is_better_than_nothing_and_nothing_is_nothing(ctx: Context) -> None:
    assert which.concerned(ctx) is None
    tip = opened(ctx, "tip", "1000001")
    assert which.concerned(ctx) is tip


async def test_what_is_wanted_without_her_word_is_wanted_of_her_own(ctx: Context) -> None:
    own = opened(ctx, "report_unpaid_wages", "1000001", severity="high")
    opened(ctx, "report_missing", "1000002")
    await word.unproved(ctx, wanted="withdrawal")
    (notice,) = ctx.notices
    assert (notice.case_id, notice.severity, notice.kind) == (own.id, "high", "unproved_withdrawal")


async def test_of_two_open_cases_none_is_closed_without_its_number(ctx: Context) -> None:
    first = opened(ctx, "report_unpaid_wages", "1000001")
    second = opened(ctx, "report_passport_withheld", "1000002")
    assert (await closing.close(ctx)).name == "which"
    assert (first.closed_at, second.closed_at) == (None, None)
    assert (await closing.close(ctx, reference="")).name == "none"
    assert (await closing.close(ctx, reference="100 000 1")).name == "closed"
    assert (first.stage, second.closed_at, ctx.conversation.owner) == ("closed", None, "bot")
    ctx.cases.remove(first)
    assert (await closing.close(ctx)).name == "closed"
    assert second.stage == "closed"


async def test_words_after_a_number_belong_to_it_and_added_ones_to_her_own(ctx: Context) -> None:
    own = opened(ctx, "report_unpaid_wages", "1000001")
    search = opened(ctx, "report_missing", "1000002")
    await cases.add_words(ctx, follows=["she wears a green scarf"])
    assert search.facts["said"] == ["she wears a green scarf"]
    ctx.events.clear()
    await cases.add_words(ctx, words="the camp is by the road")
    assert own.facts["said"] == ["the camp is by the road"]
