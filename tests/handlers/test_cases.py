"""What is added to a case, and how it is said to stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers import cases
from handlers.context import Context
from tests.conftest import NOON
from tests.handlers.people import old_case


async def test_more_about_it_belongs_to_the_newest_case_and_the_queue_hears_of_it(ctx: Context) -> None:
    assert (await cases.add_words(ctx, follows=["nothing is open"])).name == "none"
    case = old_case(ctx, severity="high", facts={"said": ["first"]})
    await cases.add_words(ctx, follows=["second", "first"], files=[{"kind": "image", "ref": "r"}])
    assert case.facts == {"said": ["first", "second"], "sent": [{"kind": "image", "ref": "r"}]}
    (notice,) = ctx.notices
    assert (notice.audience, notice.kind, notice.severity) == ("queue", "said_more", "high")


async def test_a_report_beside_an_open_case_is_a_draft_linked_to_it(ctx: Context) -> None:
    old = old_case(ctx, facts={"country": "QA"})
    await cases.open_case(ctx, kind="report_passport_withheld", who_holds="employer")
    new = ctx.cases[0]
    assert (new.linked_case_id, new.draft, old.draft) == (old.id, True, False)
    assert "country" not in new.facts  # nothing of the old one


async def test_facts_go_to_the_case_that_is_named(ctx: Context) -> None:
    case = old_case(ctx, facts={"months": 2})
    assert (await cases.add_facts(ctx, reference="482 917 3", place="a shop", life_now=None)).name == "added"
    assert case.facts == {"months": 2, "place": "a shop"}
    assert [dict(e.codes) for e in ctx.events] == [{"names": ["place"]}]  # names, never words
    for reference in ("482 917 4", "", None):
        assert (await cases.add_facts(ctx, reference=reference, place="x")).name == "unknown"


@pytest.mark.parametrize(
    ("values", "name", "slots", "told"),
    [
        (None, "none", set(), 0),
        ({"answer_due_at": NOON + timedelta(hours=1)}, "unread", {"reference", "at"}, 0),
        ({"answer_due_at": NOON}, "unread", {"reference", "at"}, 0),
        ({"answer_due_at": NOON - timedelta(seconds=1)}, "stands", {"reference", "stage"}, 1),
        ({"answer_due_at": NOON - timedelta(days=1), "answered_at": NOON}, "stands", {"reference", "stage"}, 0),
        ({"answer_due_at": None}, "unread", {"reference", "at"}, 0),
    ],
)
async def test_status(ctx: Context, values: dict[str, Any] | None, name: str, slots: set[str], told: int) -> None:
    if values is not None:
        old_case(ctx, **values)
    ctx.person.consent_contact_at = NOON
    outcome = await cases.status(ctx)
    assert (outcome.name, set(outcome.slots), len(ctx.notices)) == (name, slots, told)
