"""Cases: alarms, reports, facts, status.

Law: severity comes from `knowledge/triage.yml` and only ever rises here; words of a person are facts, never codes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers import duty
from handlers.context import Case, Context, Outcome

__all__ = ["add_facts", "add_words", "details", "open_case", "others", "raise_alarm", "status"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "raise_alarm": {"raised": ("reference", "emergency")},
    "open_case": {"opened": ("reference", "at")},
    "add_facts": {"added": (), "unknown": ()},
    "add_words": {"added": (), "none": ()},
    "others": {"some": ("other",), "none": ()},
    "status": {
        "none": (),
        "unread": ("reference", "at"),
        "stands": ("reference", "stage"),
        "closed": ("reference",),
        "search_closed": (),
    },
    "details": {"some": ("lines",), "none": ()},
}

# Stages that staff set and that she is told: an office must answer, she must. What she said herself (solved, withdrawn)
# is a stage too and is not told: it would show whether a word was right.
TOLD = ("office", "person")
SEARCH = "report_missing"  # whoever reported somebody missing is told one sentence when it is over, whatever came of it
RANK = {"low": 0, "medium": 1, "high": 2, "critical": 3}
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
    answer_due = duty.promise(ctx.knowledge.get("duty"), severity, ctx.now).at
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
        facts=_known(facts),
    )
    ctx.cases.insert(0, case)
    ctx.record(case, "opened", kind=kind, severity=severity)
    return case


def opened(ctx: Context, kind: str, facts: dict[str, Any]) -> Case:
    """A new case of the severity that triage gives it; it waits in the queue."""
    severity = _severity(ctx, kind, facts)
    case = new_case(ctx, kind, severity, facts)
    ctx.notify("queue", kind, severity, case)
    return case


def find(ctx: Context, reference: str | None) -> Case | None:
    digits = "".join(c for c in reference or "" if c.isdigit())
    return next((case for case in ctx.cases if case.reference == digits), None)


def recent_alarm(ctx: Context) -> Case | None:
    """The critical case of the last three days, to which danger that is told again belongs; None if there is none."""
    return next((c for c in ctx.cases if c.severity == "critical" and ctx.now - c.opened_at < SAME_ALARM), None)


async def raise_alarm(ctx: Context, *, kind: str) -> Outcome:
    """Open (or raise) a critical case and page a human: before any question is asked."""
    recent = recent_alarm(ctx)
    if recent is None:
        case = new_case(ctx, kind, "critical", {})  # whatever its kind: somebody is woken for it
    else:
        case = recent
        ctx.record(case, "alarm_again", kind=kind)
    ctx.notify("page", kind, "critical", case)
    country = ctx.person.country or ctx.conversation.country_hint or ""
    number = ctx.knowledge.get("emergency")["numbers"].get(country, "")
    return Outcome("raised", {"reference": grouped(case.reference), "emergency": number})


async def open_case(ctx: Context, *, kind: str | None = None, **facts: Any) -> Outcome:
    """Open a case with the answers given; it waits in the queue of its severity. No kind: the person did not say."""
    case = opened(ctx, kind or "other", facts)
    return Outcome("opened", {"reference": grouped(case.reference), "at": due(ctx, case)})


async def add_facts(ctx: Context, *, reference: str | None = None, **facts: Any) -> Outcome:
    """Add answers to an open case: the one of `reference`."""
    case = find(ctx, reference)
    if case is None:
        return Outcome("unknown")
    news = _known(facts)
    if news:
        case.facts.update(news)
        ctx.record(case, "facts_added", names=sorted(news))
    return Outcome("added")


async def add_words(ctx: Context, *, words: str | None = None, media: dict[str, Any] | None = None) -> Outcome:
    """Add what the person wrote or sent to her newest open case; somebody will look at it."""
    if not ctx.cases:
        return Outcome("none")
    case = ctx.cases[0]
    news = _known({"words": words, "media": media})
    case.facts["added"] = [*case.facts.get("added", []), {"at": ctx.now.isoformat(), **news}]
    ctx.record(case, "added", names=sorted(news))
    ctx.notify("queue", "added", case.severity, case)
    return Outcome("added")


async def others(ctx: Context) -> Outcome:
    """Whether there is more than one open case: the number of the next one, and nothing else about it."""
    if len(ctx.cases) < 2:
        return Outcome("none")
    return Outcome("some", {"other": grouped(ctx.cases[1].reference)})


async def status(ctx: Context) -> Outcome:
    """How this person's newest open case stands, from any linked channel; no kind, no place, no name. Without an open
    one, that the last one is closed."""
    if not ctx.cases:
        return _over(ctx)
    case = ctx.cases[0]
    stage = _stage(ctx, case)
    if stage == "late":
        ctx.notify("queue", "asked_status", case.severity, case)
    if stage != "new" or ctx.person.consent_contact_at is None:  # to her nobody may write first: no promise
        return Outcome("stands", {"reference": grouped(case.reference), "stage": {"text": f"stages.{stage}.say"}})
    return Outcome("unread", {"reference": grouped(case.reference), "at": due(ctx, case)})


def _over(ctx: Context) -> Outcome:
    if not ctx.closed:
        return Outcome("none")
    if ctx.closed[0].kind == SEARCH:
        return Outcome("search_closed")
    return Outcome("closed", {"reference": grouped(ctx.closed[0].reference)})


async def details(ctx: Context) -> Outcome:
    """Every open case, where there are several: since which month, and its stage. For whoever said her word."""
    if len(ctx.cases) < 2:
        return Outcome("none")
    rows = [
        {"row": [f"{grouped(c.reference)} ·", _month(c), "·", {"text": f"stages.{_stage(ctx, c)}.say"}]}
        for c in ctx.cases
    ]
    return Outcome("some", {"lines": {"list": rows}})


def _month(case: Case) -> dict[str, str]:
    return {"month": case.opened_at.strftime("%Y-%m")}


def _stage(ctx: Context, case: Case) -> str:
    """What is said of it: what staff set, else whether somebody has answered, or should have."""
    if case.stage in TOLD:
        return case.stage
    if case.answered_at is not None:
        return "working"
    return "late" if case.answer_due_at is not None and case.answer_due_at < ctx.now else "new"


def due(ctx: Context, case: Case) -> dict[str, str]:
    """A time slot for content: shown in the person's own zone, with the day when it is not today."""
    at = case.answer_due_at or ctx.now
    return {"at": at.isoformat(), "zone": ctx.zone(), "now": ctx.now.isoformat()}
