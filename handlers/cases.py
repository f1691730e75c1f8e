"""Cases: alarms, reports, facts, status.

Law: severity comes from `knowledge/triage.yml` and only ever rises here; words of a person are facts, never codes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers import duty
from handlers.context import Case, Context, Outcome

__all__ = ["add_facts", "note_doubt", "open_case", "raise_alarm", "status"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "raise_alarm": {"raised": ("reference", "emergency")},
    "note_doubt": {"noted": ()},
    "open_case": {"opened": ("reference", "at")},
    "add_facts": {"added": (), "unknown": ()},
    "status": {"none": (), "unread": ("reference", "at"), "late": ("reference",), "read": ("reference",)},
}

RANK = {"low": 0, "medium": 1, "high": 2, "critical": 3}
HEAVY = "express_self_harm"
SAME_ALARM = timedelta(hours=72)  # danger reported again within this time belongs to the same case


def grouped(reference: str) -> str:
    """A reference as people read it: 4829173 -> `482 917 3`."""
    return f"{reference[:3]} {reference[3:6]} {reference[6:]}"


def check_digit(digits: str) -> str:
    """The Luhn check digit of a string of decimal digits (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _severity(ctx: Context, kind: str, facts: dict[str, Any]) -> str:
    triage = ctx.knowledge.get("triage")
    level = str(triage["severity"].get(kind, triage["severity"]["default"]))
    for rule in triage["raise"]:
        if rule["kind"] == kind and RANK[rule["to"]] > RANK[level] and _holds(rule["when"], facts):
            level = rule["to"]
    return level


def _holds(when: dict[str, Any], facts: dict[str, Any]) -> bool:
    for name, wanted in when.items():
        if name.endswith("_at_least"):
            value = facts.get(name.removesuffix("_at_least"))
            if not isinstance(value, int | float) or value < wanted:
                return False
        elif facts.get(name) != wanted:
            return False
    return True


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def new_case(ctx: Context, kind: str, severity: str, facts: dict[str, Any]) -> Case:
    """A new case of this person, on top of `ctx.cases`; its answer is due by the duty hours."""
    due = duty.promise(ctx.knowledge.get("duty"), severity, ctx.now).at
    case = Case(
        id=ctx.new_id(),
        reference=ctx.references(),
        kind=kind,
        severity=severity,
        stage="new",
        opened_at=ctx.now,
        conversation_id=ctx.conversation.id,
        country=ctx.person.country or ctx.conversation.country_hint,
        answer_due_at=due,
        facts=_known(facts),
    )
    ctx.cases.insert(0, case)
    ctx.record(case, "opened", kind=kind, severity=severity)
    return case


def _find(ctx: Context, reference: str | None) -> Case | None:
    digits = "".join(c for c in reference or "" if c.isdigit())
    return next((case for case in ctx.cases if case.reference == digits), None)


def recent_alarm(ctx: Context) -> Case | None:
    """The critical case of the last three days, to which danger that is told again belongs; None if there is none."""
    return next((c for c in ctx.cases if c.severity == "critical" and ctx.now - c.opened_at < SAME_ALARM), None)


def heavy(ctx: Context) -> Case | None:
    """The open case in which she told that she thinks of ending her life; None if there is none."""
    return next((c for c in ctx.cases if HEAVY in (c.kind, *c.facts.get("also", ()))), None)


async def raise_alarm(ctx: Context, *, kind: str) -> Outcome:
    """Open (or raise) a critical case and page a human: before any question is asked."""
    recent = recent_alarm(ctx)
    if recent is None:
        case = new_case(ctx, kind, "critical", {})  # whatever its kind: somebody is woken for it
    else:
        case = recent
        ctx.record(case, "alarm_again", kind=kind)
        if kind != case.kind:
            case.facts["also"] = sorted({*case.facts.get("also", ()), kind})
    ctx.notify("page", kind, "critical", case)
    country = ctx.person.country or ctx.conversation.country_hint or ""
    number = ctx.knowledge.get("emergency")["numbers"].get(country, "")
    return Outcome("raised", {"reference": grouped(case.reference), "emergency": number})


async def note_doubt(ctx: Context, *, kind: str | None = None) -> Outcome:
    """What she wrote may mean danger: she is asked, and whether she answers or not a human sees it. Nobody is woken."""
    ctx.notify("queue", kind or "other", "high", ctx.cases[0] if ctx.cases else None)
    return Outcome("noted")


async def open_case(ctx: Context, *, kind: str | None = None, **facts: Any) -> Outcome:
    """Open a case with the answers given; it waits in the queue of its severity. No kind: the person did not say."""
    kind = kind or "other"
    severity = _severity(ctx, kind, facts)
    case = new_case(ctx, kind, severity, facts)
    ctx.notify("queue", kind, severity, case)
    return Outcome("opened", {"reference": grouped(case.reference), "at": _at(ctx, case)})


async def add_facts(ctx: Context, *, reference: str | None = None, **facts: Any) -> Outcome:
    """Add answers to an open case: the one of `reference`."""
    case = _find(ctx, reference)
    if case is None:
        return Outcome("unknown")
    news = _known(facts)
    if news:
        case.facts.update(news)
        ctx.record(case, "facts_added", names=sorted(news))
    return Outcome("added")


async def status(ctx: Context) -> Outcome:
    """How this person's newest open case stands, from any linked channel; no kind, no place, no name."""
    if not ctx.cases:
        return Outcome("none")
    case = ctx.cases[0]
    reference = grouped(case.reference)
    if case.answered_at is not None:
        return Outcome("read", {"reference": reference})
    if case.answer_due_at is not None and case.answer_due_at < ctx.now:
        ctx.notify("queue", "asked_status", case.severity, case)
        return Outcome("late", {"reference": reference})
    return Outcome("unread", {"reference": reference, "at": _at(ctx, case)})


def _at(ctx: Context, case: Case) -> dict[str, str]:
    """A time slot for content: shown in the person's own zone, with the day when it is not today."""
    due = case.answer_due_at or ctx.now
    return {"at": due.isoformat(), "zone": ctx.zone(), "now": ctx.now.isoformat()}
