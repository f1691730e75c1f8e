"""How grave a case is: the rules only raise, and what turns critical pages at once."""

from __future__ import annotations

from typing import Any

import pytest

from handlers import cases, triage
from handlers.context import Context
from tests.handlers.people import facts


@pytest.mark.parametrize(
    ("kind", "facts", "severity"),
    [
        ("report_unpaid_wages", {}, "medium"),
        ("report_unpaid_wages", {"months": 2.9}, "medium"),
        ("report_unpaid_wages", {"months": 3}, "high"),
        ("report_unpaid_wages", {"months": "three"}, "medium"),
        ("report_unpaid_wages", {"months": None}, "medium"),
        ("report_unpaid_wages", {"food_and_room": "no"}, "high"),
        ("report_unpaid_wages", {"food_and_room": "yes", "months": 1}, "medium"),
        ("report_missing", {"months": 12}, "high"),
        ("report_violence", {"food_and_room": "no"}, "critical"),
        ("a_kind_of_its_own", {}, "medium"),
        (None, {}, "medium"),
    ],
)
async def test_severity_of_a_new_case(ctx: Context, kind: str | None, facts: dict[str, Any], severity: str) -> None:
    outcome = await cases.open_case(ctx, kind=kind, **facts)
    (case,), (notice,) = ctx.cases, ctx.notices
    audience = "page" if severity == "critical" else "queue"  # critical wakes somebody, whatever opened it
    assert (outcome.name, case.severity, notice.severity, notice.audience) == ("opened", severity, severity, audience)
    assert case.kind == (kind or "other")
    assert case.facts == {k: v for k, v in facts.items() if v is not None}
    assert case.answer_due_at is not None
    assert case.answer_due_at > ctx.now
    assert case.country == "KW"


def _kinds(rule: dict[str, Any]) -> list[str]:
    kinds = rule["kind"]
    return kinds if isinstance(kinds, list) else [] if kinds == "any" else [kinds]


def test_rules_of_triage_only_raise() -> None:
    rules = facts().get("triage")
    for rule in rules["raise"]:
        assert rule["kind"] == "any" or _kinds(rule)
        assert all(triage.RANK[rule["to"]] > triage.RANK[rules["severity"][kind]] for kind in _kinds(rule))
        assert rule["source"]


@pytest.mark.parametrize(
    ("when", "facts", "held"),
    [
        ({"months_at_least": 3}, {"months": 3}, True),
        ({"months_at_least": 3}, {"months": 2.5}, False),
        ({"months_at_least": 3}, {"months": True}, False),
        ({"months_at_least": 3}, {"months": "many"}, False),
        ({"months_at_least": 3}, {}, False),
        ({"paid_at_least": 100}, {"paid": {"value": "180", "currency": "KWD"}}, True),
        ({"age_at_most": 17}, {"age": 17}, True),
        ({"age_at_most": 17}, {"age": 18}, False),
        ({"age_at_most": 17}, {"age": None}, False),
        ({"visa": "visit"}, {"visa": "visit"}, True),
        ({"visa": ["visit", "none"]}, {"visa": "none"}, True),
        ({"visa": ["visit", "none"]}, {"visa": "work"}, False),
        ({"visa": ["visit", "none"]}, {}, False),
        ({"signs": "debt"}, {"signs": ["threat", "debt"]}, True),
        ({"signs": ["debt", "sold"]}, {"signs": ["threat"]}, False),
        ({"visa": "visit", "travel": "soon"}, {"visa": "visit"}, False),
        ({"visa": "visit", "travel": "soon"}, {"visa": "visit", "travel": "soon"}, True),
    ],
)
def test_when_a_rule_holds(when: dict[str, Any], facts: dict[str, Any], held: bool) -> None:
    assert triage.holds(when, facts) is held


def _facts_of_rules() -> list[dict[str, Any]]:
    """For each rule facts that make it hold, and the facts of no rule."""

    def fact(name: str, wanted: Any) -> tuple[str, Any]:
        for ending in ("_at_least", "_at_most"):
            if name.endswith(ending):
                return name.removesuffix(ending), wanted
        return name, wanted[0] if isinstance(wanted, list) else wanted

    return [{}, *(dict(fact(n, w) for n, w in rule["when"].items()) for rule in facts().get("triage")["raise"])]


@pytest.mark.parametrize("kind", sorted(facts().get("triage")["severity"]))
async def test_no_pair_of_facts_lowers_a_case(ctx: Context, kind: str) -> None:
    """Whatever is told first and second: severity only rises, the answer is never due later, and critical pages."""
    found = _facts_of_rules()
    for first in found:
        for second in found:
            ctx.cases.clear()
            ctx.notices.clear()
            await cases.open_case(ctx, kind=kind, **first)
            case = ctx.cases[0]
            before, due = case.severity, case.answer_due_at
            await cases.add_facts(ctx, reference=case.reference, **second)
            alone = triage.severity(ctx.knowledge.get("triage"), kind, second)
            assert triage.RANK[case.severity] >= max(triage.RANK[before], triage.RANK[alone]), (first, second)
            assert due is not None
            assert case.answer_due_at is not None
            assert case.answer_due_at <= due
            assert (case.severity == "critical") == any(n.audience == "page" for n in ctx.notices), (first, second)


@pytest.mark.parametrize(
    ("facts", "outcome", "pages"),
    [
        ({"food_water": "yes"}, "ordinary", []),
        ({"food_water": None}, "ordinary", []),
        ({"food_water": "no"}, "critical", ["report_stranded"]),
        ({"child": "yes"}, "child", ["child"]),
        ({"age": 16, "food_water": "no"}, "child", ["child"]),
        ({"age": 18}, "ordinary", []),
    ],
)
async def test_an_answer_that_makes_it_critical_pages_at_once(
    ctx: Context, facts: dict[str, Any], outcome: str, pages: list[str]
) -> None:
    found = await cases.weigh(ctx, kind="report_stranded", **facts)
    assert found.name == outcome
    assert [n.kind for n in ctx.notices if n.audience == "page"] == pages
    assert [c.severity for c in ctx.cases] == ["critical"] * bool(pages)
