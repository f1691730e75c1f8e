"""Alarms, doubts and the number that may be named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers import cases, children, references, risks
from handlers.context import Context
from tests.conftest import NOON
from tests.handlers.people import facts, old_case


@pytest.mark.parametrize(
    ("kind", "country", "outcome"),
    [
        ("report_stranded", "KW", "number"),
        ("report_stranded", "ZZ", "person"),
        ("report_violence", "KW", "person"),  # no note of Kuwait is reviewed
        ("pregnancy_or_child", "KW", "person"),
    ],
)
async def test_a_number_is_named_only_where_it_harms_nobody(
    ctx: Context, kind: str, country: str, outcome: str
) -> None:
    ctx.person.country, ctx.conversation.country_hint = country, None
    assert (await cases.emergency(ctx, kind=kind)).name == outcome


def test_a_risk_note_counts_once_a_human_has_signed_all_of_a_country() -> None:
    signed = {"reviewer": "a lawyer", "checked_on": "2026-11-01"}

    class Notes:
        def __init__(self, **countries: Any) -> None:
            self.countries = countries

        def get(self, name: str) -> Any:
            if name != "risks":
                raise KeyError(name)
            return {"kinds": ["pregnancy", "same_sex"], "countries": self.countries}

    assert risks.reviewed(Notes(KW={"pregnancy": signed, "same_sex": signed}), "KW")
    assert not risks.reviewed(Notes(KW={"pregnancy": signed, "same_sex": {**signed, "reviewer": None}}), "KW")
    assert not risks.reviewed(Notes(KW={"pregnancy": signed}), "KW")
    assert not risks.reviewed(Notes(), "KW")


async def test_a_child_is_paged_once_for_two_named_people(ctx: Context) -> None:
    await children.raise_child(ctx, tells="parent_away")
    await children.raise_child(ctx, tells="self")
    (case,) = ctx.cases
    assert (case.kind, case.severity, case.facts) == ("child", "critical", {"child": "yes", "parent_away": "yes"})
    assert [(n.audience, n.kind, n.severity) for n in ctx.notices] == [("page", "child", "critical")]
    told = [e.codes["staff"] for e in ctx.events if e.kind == "child"]
    assert [len(set(staff)) for staff in told] == [2]
    assert children.is_child(ctx)


@pytest.mark.parametrize("kind", ["report_violence", "report_detention", "anything"])
async def test_an_alarm_is_critical_whatever_its_kind(ctx: Context, kind: str) -> None:
    old_case(ctx, severity="medium")
    outcome = await cases.raise_alarm(ctx, kind=kind)
    (notice,) = ctx.notices
    assert (notice.audience, notice.severity, notice.kind) == ("page", "critical", kind)
    assert (ctx.cases[0].severity, ctx.cases[0].kind, len(ctx.cases)) == ("critical", kind, 2)
    assert notice.case_id == ctx.cases[0].id
    assert outcome.slots["reference"] == references.grouped(ctx.cases[0].reference)
    assert ctx.cases[0].answer_due_at == NOON + timedelta(minutes=15)


@pytest.mark.parametrize(("hours", "count"), [(71, 1), (73, 2)])
async def test_an_alarm_within_three_days_is_the_same_case(ctx: Context, hours: int, count: int) -> None:
    old_case(ctx, severity="critical", opened_at=NOON - timedelta(hours=hours))
    await cases.raise_alarm(ctx, kind="report_violence")
    assert len(ctx.cases) == count
    assert len(ctx.notices) == 1
    assert [e.kind for e in ctx.events] == (["alarm_again"] if count == 1 else ["opened", "linked"])


@pytest.mark.parametrize(("country", "hint"), [("KW", None), (None, "KW"), (None, None), ("ZZ", None)])
async def test_the_emergency_number_is_the_country_s_or_none(
    ctx: Context, country: str | None, hint: str | None
) -> None:
    ctx.person.country, ctx.conversation.country_hint = country, hint
    outcome = await cases.raise_alarm(ctx, kind="report_violence")
    wanted = facts().get("emergency")["numbers"].get(country or hint or "", "")
    assert outcome.slots["emergency"] == wanted
    assert bool(wanted) == ("KW" in (country, hint))


async def test_a_doubt_is_a_note_for_a_human_and_no_case(ctx: Context) -> None:
    assert (await cases.note_doubt(ctx, kind="report_violence")).name == "noted"
    assert [(n.audience, n.kind, n.severity, n.case_id) for n in ctx.notices] == [
        ("queue", "report_violence", "high", None)
    ]
    assert ctx.cases == []
