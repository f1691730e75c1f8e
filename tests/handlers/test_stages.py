"""How a matter stands, in words of data: no name, place, kind or date finer than a week to a family (T40)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.content import Content
from bot.content.wording import PLACEHOLDER
from bot.engine.flow import Ask, Say
from bot.store.records import FamilyCode
from handlers import cases, closing, codes, which
from handlers.context import Context
from tests.conftest import NOON
from tests.handlers.people import old_case

MAY_BE_SAID = {"reference", "at", "other", "stage", "lines", "options"}


@pytest.mark.parametrize(
    ("values", "stage"),
    [
        ({"answer_due_at": NOON - timedelta(days=1)}, "late"),
        ({"answered_at": NOON}, "working"),
        ({"stage": "working", "answered_at": NOON}, "working"),
        ({"stage": "office", "answered_at": NOON}, "office"),
        ({"stage": "person", "answer_due_at": NOON - timedelta(days=1)}, "person"),
        # what she said herself shows nowhere: it would tell whether a word was right
        ({"stage": "solved_said", "answered_at": NOON}, "working"),
        ({"stage": "withdrawal_said", "answer_due_at": NOON - timedelta(days=1)}, "late"),
    ],
)
async def test_stages(ctx: Context, content: Content, values: dict[str, Any], stage: str) -> None:
    old_case(ctx, **values)
    outcome = await cases.status(ctx)
    assert outcome.slots["stage"] == {"text": f"stages.{stage}.say"}
    assert f"stages.{stage}.say" in content.knowledge.texts


@pytest.mark.parametrize("stage", ["solved_said", "withdrawal_said", "reopened"])
async def test_what_was_noted_looks_as_if_nothing_was(ctx: Context, stage: str) -> None:
    ctx.person.consent_contact_at = NOON
    old_case(ctx, stage=stage, answer_due_at=NOON + timedelta(hours=1))
    assert (await cases.status(ctx)).name == "unread"


async def test_no_time_is_promised_to_whom_nobody_may_write_first(ctx: Context) -> None:
    old_case(ctx, answer_due_at=NOON + timedelta(hours=1))
    assert (await cases.status(ctx)).slots["stage"] == {"text": "stages.new.say"}


async def test_a_second_matter_is_a_number_and_nothing_else(ctx: Context) -> None:
    old_case(ctx)
    assert (await cases.others(ctx)).name == "none"
    assert (await cases.details(ctx)).name == "none"
    old_case(ctx, reference="7777777", kind="report_passport_withheld", answered_at=NOON)
    outcome = await cases.others(ctx)
    assert outcome.slots == {"other": "777 777 7"}
    lines = (await cases.details(ctx)).slots["lines"]["list"]
    assert [line["row"][0] for line in lines] == ["482 917 3 ·", "777 777 7 ·"]
    assert "passport" not in str(lines)


@pytest.mark.parametrize("newer", [{"kind": "tip"}, {"kind": which.SEARCH}, {"draft": True}])
async def test_the_case_that_she_means_is_her_own(ctx: Context, newer: dict[str, Any]) -> None:
    """A tip, a search or a draft that came later is not "it"."""
    other = old_case(ctx, reference="7777777", **newer)
    mine = old_case(ctx, answered_at=NOON)
    assert which.own(ctx) is mine
    assert (await cases.status(ctx)).slots["reference"] == "482 917 3"
    assert (await closing.details(ctx)).slots["reference"] == "482 917 3"
    await cases.add_words(ctx, words="more")
    await closing.solved(ctx, proved="yes")
    assert (mine.facts, mine.stage, other.facts, other.stage) == ({"said": ["more"]}, "solved_said", {}, "new")
    made = await codes.make(ctx, kind="real")
    assert made.name == "made"
    assert [c.case_id for c in await ctx.shelf.mine(FamilyCode)] == [mine.id]
    assert (await cases.others(ctx)).name == ("none" if other.kind == "tip" else "some")


async def test_a_tip_is_none_of_hers_and_a_draft_is_when_nothing_else_stands(ctx: Context) -> None:
    old_case(ctx, kind="tip")
    assert (await cases.status(ctx)).name == "none"
    draft = old_case(ctx, draft=True)
    assert which.own(ctx) is draft


@pytest.mark.parametrize(("kinds", "name"), [([which.SEARCH], "none"), ([which.SEARCH, "report_fraud"], "reopened")])
async def test_a_search_is_not_opened_by_a_reply(ctx: Context, kinds: list[str], name: str) -> None:
    ctx.closed += [old_case(ctx, kind=kind, stage="closed", closed_at=NOON) for kind in kinds]
    ctx.cases.clear()
    assert (await closing.reopen(ctx)).name == name
    assert [c.kind for c in ctx.closed] == [which.SEARCH]


async def test_a_closed_matter_is_told_and_a_closed_search_by_one_sentence(ctx: Context) -> None:
    ctx.closed.append(old_case(ctx, stage="closed", closed_at=NOON))
    ctx.cases.clear()
    assert (await cases.status(ctx)).name == "closed"
    ctx.closed[0].kind = which.SEARCH
    outcome = await cases.status(ctx)
    assert (outcome.name, outcome.slots) == ("search_closed", {})


async def test_what_is_added_waits_for_a_human(ctx: Context) -> None:
    assert (await cases.add_words(ctx, words="more")).name == "none"
    case = old_case(ctx, severity="high")
    await cases.add_words(ctx, words="he wrote again")
    await cases.add_words(ctx, media={"kind": "image", "ref": "r"})
    assert case.facts == {"said": ["he wrote again"], "sent": [{"kind": "image", "ref": "r"}]}
    assert [(n.kind, n.severity) for n in ctx.notices] == [("said_more", "high")]
    assert [e.codes for e in ctx.events] == [{"words": 1, "files": 0}, {"words": 0, "files": 1}]


def test_t40_a_family_is_told_two_sentences_without_any_value(content: Content) -> None:
    flow = content.flows.by_name["family_status"]
    said = [s for s in flow.steps if isinstance(s, Say | Ask)]
    assert not [s.id for s in said if set(PLACEHOLDER.findall(f"{s.text} {s.sms}")) - {"options"}]
    ends = [s.id for s in said if s.id in ("open", "nothing")]
    assert ends == ["open", "nothing"]


def test_t40_her_own_status_says_a_number_a_stage_and_when_somebody_writes(content: Content) -> None:
    for name in ("status", "add"):
        for step in content.flows.by_name[name].steps:
            if isinstance(step, Say | Ask):
                assert set(PLACEHOLDER.findall(f"{step.text} {step.sms}")) <= MAY_BE_SAID, step.id


def test_t40_the_words_of_the_stages_have_no_value_and_no_kind(content: Content) -> None:
    stages = {k: v.english for k, v in content.knowledge.texts.items() if k.startswith("stages.")}
    assert set(stages) == {f"stages.{s}.say" for s in ("new", "late", "working", *cases.TOLD)}
    assert not any(PLACEHOLDER.search(text) or any(c.isdigit() for c in text) for text in stages.values())


def test_quoted_words_start_what_they_promise(content: Content) -> None:
    """`write "family code"`: the words between quotation marks are a phrase of that language."""
    texts = ("status.unread", "status.stands", "status.none", "family_code.made", "family_status.no_code")
    wanted = ("add", "add", "family_status", "family_code", "family_code")
    for language in content.languages:
        words = content.words(language)
        for text_id, flow in zip(texts, wanted, strict=True):
            step = next(s for s in content.flows.by_name[text_id.split(".")[0]].steps if s.id == text_id.split(".")[1])
            assert isinstance(step, Say | Ask)
            text = content.catalogue.text(language, text_id, step.text) if language != "en" else step.text
            quoted = text.split('"')[1]
            assert words.universal(quoted) == flow, f"{language} {text_id}: {quoted}"
