"""A case opens, and takes in what is told.

Law: no action here (flows call `cases.open_case` and others). Severity comes from `knowledge/triage.yml` and only ever
rises; what turns a case critical, or shows a child, pages a human at once.
"""

from __future__ import annotations

from typing import Any

from handlers import duty, triage
from handlers.context import Case, Context

CHILD = "child"  # a fact, a kind of page: DESIGN law 2, knowledge/child_protection.yml
MOST = 50  # pieces kept of one list of facts: what is more stands in the history


def is_minor(facts: dict[str, Any]) -> bool:
    """Whether the facts say that the person is younger than 18."""
    age = facts.get("age")
    young = isinstance(age, int | float) and not isinstance(age, bool) and age < 18
    return facts.get(CHILD) == "yes" or young


def severity_of(ctx: Context, kind: str, facts: dict[str, Any]) -> str:
    level = triage.severity(ctx.knowledge.get("triage"), kind, facts)
    return triage.graver(level, "critical") if is_minor(facts) else level


def known(facts: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody answered, and without words that another fact holds already."""
    told = {name: value for name, value in facts.items() if value is not None and value != []}
    if isinstance(said := told.get("said"), list):
        others = [value for name, value in told.items() if name != "said"]
        told["said"] = [words for words in said if words not in others]
    return {name: value for name, value in told.items() if value != []}


def new_case(ctx: Context, kind: str, severity: str, facts: dict[str, Any]) -> Case:
    """A new case of this person, on top of `ctx.cases`; its answer is due by the duty hours. Beside an open case it is
    a draft, linked to that one: on a shared phone it may be another person's, so only a caseworker joins them."""
    answer_due = duty.promise(ctx.knowledge.get("duty"), severity, ctx.now).at
    earlier = ctx.cases[0] if ctx.cases else None
    case = Case(
        id=ctx.new_id(),
        reference=ctx.references(),
        kind=kind,
        severity=severity,
        stage="new",
        opened_at=ctx.now,
        conversation_id=ctx.conversation.id,
        country=ctx.person.country or ctx.conversation.country_hint,
        answer_due_at=answer_due,
        linked_case_id=earlier.id if earlier else None,
        draft=earlier is not None,
    )
    ctx.cases.insert(0, case)
    ctx.record(case, "opened", kind=kind, severity=severity)
    if earlier:
        ctx.record(case, "linked", to=str(earlier.id))
    learn(ctx, case, facts)
    return case


def learn(ctx: Context, case: Case, facts: dict[str, Any]) -> None:
    """Take in facts. Lists grow; severity rises by the rules and never falls; critical or a child pages at once."""
    was_minor = is_minor(case.facts)
    for name, value in known(facts).items():
        had = case.facts.get(name)
        if isinstance(value, list):
            old = had if isinstance(had, list) else []
            value = [*old, *(item for item in value if item not in old)][-MOST:]
        case.facts[name] = value
    if is_minor(case.facts) and not was_minor:
        ctx.record(case, CHILD, staff=list(ctx.knowledge.get("child_protection")["staff"]))
        ctx.notify("page", CHILD, "critical", case)
    _rise(ctx, case)


def _rise(ctx: Context, case: Case) -> None:
    """By its facts; how grave its kind is was decided when it was opened (a doubt may be less than its danger)."""
    level = triage.raised(ctx.knowledge.get("triage"), case.kind, case.facts)
    level = "critical" if is_minor(case.facts) else level
    if triage.RANK[level] <= triage.RANK[case.severity]:
        return
    case.severity = level
    sooner = duty.promise(ctx.knowledge.get("duty"), level, ctx.now).at
    if case.answered_at is None:
        case.answer_due_at = min(sooner, case.answer_due_at or sooner)
    ctx.record(case, "severity_raised", to=level)
    ctx.notify("page" if level == "critical" else "queue", case.kind, level, case)


def opened(ctx: Context, kind: str, facts: dict[str, Any]) -> Case:
    """A new case of the severity that triage gives it; it waits in the queue, or wakes somebody."""
    severity = severity_of(ctx, kind, known(facts))
    case = new_case(ctx, kind, severity, facts)
    ctx.notify("page" if severity == "critical" else "queue", kind, severity, case)
    return case
