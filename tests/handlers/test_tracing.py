"""Searches and tips: what staff may end how, what is never told, and that nothing here can send a picture."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import Any

import pytest

from bot.settings import ROOT
from bot.store.volunteer_records import VolunteerCode
from handlers import cases, references, tracing
from handlers.context import Context
from tests.conftest import NOON
from tests.fakes.shelf import MemoryShelf

OTHERS = [r for r in tracing.RESULTS if r != tracing.DIED]


async def search(ctx: Context) -> cases.Case:
    await tracing.open_search(ctx, country="QA", claimed_role="brother", last_heard="in May")
    return ctx.cases[0]


async def test_a_search_is_high_and_its_country_is_where_the_missing_person_was(ctx: Context) -> None:
    case = await search(ctx)
    assert (case.kind, case.severity, case.country, ctx.person.country) == ("report_missing", "high", "QA", None)
    assert case.facts == {"country": "QA", "claimed_role": "brother", "last_heard": "in May"}
    assert [n.kind for n in ctx.notices] == ["report_missing"]
    assert not any("proved" in name or "family" in name for name in case.facts)


@pytest.mark.parametrize("result", OTHERS)
async def test_every_result_of_a_search_is_told_by_the_same_sentence(ctx: Context, result: str) -> None:
    case = await search(ctx)
    ctx.notices.clear()
    outcome = await tracing.close(ctx, reference=references.grouped(case.reference), result=result)
    assert (outcome.name, outcome.slots) == ("closed", {"text": "status.search_closed"})
    assert (case.stage, case.closed_at, ctx.cases, ctx.closed) == ("closed", NOON, [], [case])
    assert ctx.notices == []
    assert (await cases.status(ctx)).name == "search_closed"
    assert ctx.conversation.owner == "bot"  # a reply does not open a search again


async def test_words_that_the_found_person_agreed_to_are_written_by_a_human(ctx: Context) -> None:
    case = await search(ctx)
    outcome = await tracing.close(ctx, reference=case.reference, result="found_safe", agreed=True)
    assert (outcome.name, outcome.slots) == ("agreed", {})


async def test_death_is_told_by_a_voice_and_nothing_is_written(ctx: Context) -> None:
    case = await search(ctx)
    ctx.notices.clear()
    outcome = await tracing.close(ctx, reference=case.reference, result="found_deceased", agreed=True)
    assert (outcome.name, outcome.slots) == ("voice", {})
    assert [(n.audience, n.kind, n.severity) for n in ctx.notices] == [("queue", "tell_by_voice", "critical")]
    assert case.closed_at is None  # until it is told, whoever asks hears what she heard before
    assert (await cases.status(ctx)).slots["stage"] == {"text": "stages.new.say"}
    outcome = await tracing.close(ctx, reference=case.reference, result="found_deceased", told=True)
    assert (outcome.name, outcome.slots) == ("voice", {})
    assert case.closed_at == NOON


async def test_only_searches_are_closed_here_and_only_with_a_known_result(ctx: Context) -> None:
    await cases.open_case(ctx, kind="report_unpaid_wages")
    other = ctx.cases[0]
    assert (await tracing.close(ctx, reference=other.reference, result="not_found")).name == "unknown"
    assert (await tracing.close(ctx, reference="111 111 1", result="not_found")).name == "unknown"
    case = await search(ctx)
    with pytest.raises(ValueError, match="found"):
        await tracing.close(ctx, reference=case.reference, result="found")
    assert case.closed_at is None


@pytest.mark.parametrize(
    ("given", "changed", "known"),
    [
        ("123 456 782", {}, True),
        ("१२३ ४५६ ७८२", {}, True),
        ("123456781", {}, False),
        ("I forgot it", {}, False),
        (None, {}, False),
        ("123456782", {"revoked_at": NOON}, False),
        ("123456782", {"expires_at": NOON}, False),
        ("123456782", {"expires_at": NOON + timedelta(seconds=1)}, True),
    ],
)
async def test_a_tip_has_the_same_way_in_with_any_code(
    ctx: Context, given: str | None, changed: dict[str, Any], known: bool
) -> None:
    ctx.shelf.add(VolunteerCode(digits="123456782", label="Salmiya", **changed))
    outcome = await tracing.open_tip(ctx, code=given, seen="a girl cries every night")
    assert (outcome.name, outcome.slots) == ("opened", {})
    case = ctx.cases[0]
    assert (case.kind, case.severity) == ("tip", "medium")
    assert case.facts["code"] == ("known" if known else "none")
    assert ("code_id" in case.facts) == known
    assert "Salmiya" not in str(case.facts)
    assert isinstance(ctx.shelf, MemoryShelf)


def test_no_action_sends_a_picture_to_anybody() -> None:
    """A photo goes to volunteers by a caseworker's decision: no handler knows the door or a transport."""
    for path in sorted((ROOT / "handlers").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        imported = {
            name
            for n in ast.walk(tree)
            for name in ([n.module or ""] if isinstance(n, ast.ImportFrom) else [])
            + ([a.name for a in n.names] if isinstance(n, ast.Import) else [])
        }
        doors = (
            "bot.outgoing",
            "bot.transports",
            "bot.channels",
            "bot.media",
            "bot.sender",
            "bot.delivery",
            "bot.engine.messages",
        )
        assert not [name for name in imported if name.startswith(doors)], path.name


async def test_what_was_told_without_a_yes_says_so_in_the_case(ctx: Context) -> None:
    await tracing.draft_search(ctx, country="QA", claimed_role="brother", said=["a scar"])
    case = ctx.cases[0]
    assert (case.kind, case.severity, case.country, case.draft) == ("report_missing", "high", "QA", False)
    assert case.facts == {"country": "QA", "decides": "open", "claimed_role": "brother", "said": ["a scar"]}
    assert ctx.notices == []  # the hand-over tells, once
