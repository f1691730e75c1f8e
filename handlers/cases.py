"""Cases: alarms, reports, facts, status.

Law: words of a person are facts, never codes. What turns a case critical pages a human in the same turn, before the
next question (`opening.py`); which case is meant stands in `which.py`.
"""

from __future__ import annotations

from typing import Any

from handlers import facts, risks
from handlers.context import Case, Context, Outcome
from handlers.emergencies import number_of
from handlers.opening import is_minor, known, learn, new_case, opened, severity_of
from handlers.references import grouped
from handlers.which import SEARCH, TIP, concerned, find, hers, own, recent_alarm

__all__ = [
    "add_facts",
    "add_words",
    "details",
    "emergency",
    "note_doubt",
    "open_case",
    "others",
    "raise_alarm",
    "status",
    "weigh",
]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "raise_alarm": {"raised": ("reference", "emergency")},
    "note_doubt": {"noted": ()},
    "open_case": {"opened": ("reference", "at")},
    "weigh": {"ordinary": (), "critical": ("reference",), "child": ("reference",)},
    "emergency": {"number": ("emergency",), "person": ()},
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
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"details", "status"})

# Stages that staff set and that she is told: an office must answer, she must. What she said herself (solved, withdrawn)
# is a stage too and is not told: it would show whether a word was right.
TOLD = ("office", "person")


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
    return Outcome("raised", {"reference": grouped(case.reference), "emergency": number_of(ctx)})


async def emergency(ctx: Context, *, kind: str | None = None, country: object = None) -> Outcome:
    """Whether a number may be named here. After violence, or a birth, only where a human has reviewed what the law of
    the country does to who calls; else a person first (protection.md D 02). `country`: of another one."""
    place = facts.code(country) or ctx.person.country or ctx.conversation.country_hint or ""
    number = number_of(ctx, place)
    careful = kind in ctx.knowledge.get("triage")["needs_risk_note"]
    if not number or (careful and not risks.reviewed(ctx.knowledge, place)):
        return Outcome("person")
    return Outcome("number", {"emergency": number})


async def weigh(ctx: Context, *, kind: str, **facts: Any) -> Outcome:
    """Look at what was answered so far. Where the rules make it critical the case is opened and a human paged now, not
    after the last question; consent is asked by the human then."""
    if severity_of(ctx, kind, known(facts)) != "critical":
        return Outcome("ordinary")
    case = new_case(ctx, kind, "critical", facts)
    if is_minor(case.facts):  # its own page is out
        return Outcome("child", {"reference": grouped(case.reference)})
    ctx.notify("page", kind, "critical", case)
    return Outcome("critical", {"reference": grouped(case.reference)})


async def note_doubt(ctx: Context, *, kind: str | None = None) -> Outcome:
    """What she wrote may mean danger: she is asked, and whether she answers or not a human sees it. Nobody is woken."""
    ctx.notify("queue", kind or "other", "high", concerned(ctx))
    return Outcome("noted")


async def open_case(ctx: Context, *, kind: str | None = None, **facts: Any) -> Outcome:
    """Open a case with the answers given; it waits in the queue of its severity. No kind: the person did not say."""
    case = opened(ctx, kind or "other", facts)
    return Outcome("opened", {"reference": grouped(case.reference), "at": due(ctx, case)})


async def add_facts(ctx: Context, *, reference: str | None = None, **facts: Any) -> Outcome:
    """Add answers to an open case: the one of `reference`."""
    case = find(ctx, reference)
    if case is None:
        return Outcome("unknown")
    if news := known(facts):
        learn(ctx, case, news)
        ctx.record(case, "facts_added", names=sorted(news))
    return Outcome("added")


async def add_words(
    ctx: Context,
    *,
    words: str | None = None,
    media: dict[str, Any] | None = None,
    follows: list[str] | None = None,
    files: list[Any] | None = None,
) -> Outcome:
    """What she adds, to the case that it is about, whose queue hears of it. Asked for (`words`, `media`) it goes to her
    own case, and to what she saw when she has none; what came right after a number (`follows`, `files`) belongs to the
    case of that number."""
    after = bool(follows or files)
    case = concerned(ctx) if after else own(ctx) or concerned(ctx)
    if case is None:
        return Outcome("none")
    said = [*(follows or ()), *([words] if words else ())]
    sent = [*(files or ()), *([media] if media else ())]
    learn(ctx, case, {"said": said, "sent": sent})
    ctx.record(case, "said_more", words=len(said), files=len(sent))
    ctx.notify("queue", "said_more", case.severity, case)
    return Outcome("added")


async def others(ctx: Context) -> Outcome:
    """Whether there is more than one open case: the number of the next one, and nothing else about it."""
    if len(hers(ctx)) < 2:
        return Outcome("none")
    return Outcome("some", {"other": grouped(hers(ctx)[1].reference)})


async def status(ctx: Context) -> Outcome:
    """How this person's newest open case stands, from any linked channel; no kind, no place, no name. Without an open
    one, that the last one is closed."""
    case = own(ctx)
    if case is None:
        return _over(ctx)
    stage = _stage(ctx, case)
    if stage == "late":
        ctx.notify("queue", "asked_status", case.severity, case)
    if stage != "new" or ctx.person.consent_contact_at is None:  # to her nobody may write first: no promise
        return Outcome("stands", {"reference": grouped(case.reference), "stage": {"text": f"stages.{stage}.say"}})
    return Outcome("unread", {"reference": grouped(case.reference), "at": due(ctx, case)})


def _over(ctx: Context) -> Outcome:
    last = next((c for c in ctx.closed if c.kind != TIP), None)
    if last is None:
        return Outcome("none")
    if last.kind == SEARCH:
        return Outcome("search_closed")
    return Outcome("closed", {"reference": grouped(last.reference)})


async def details(ctx: Context) -> Outcome:
    """Every open case, where there are several: since which month, and its stage. For whoever said her word."""
    if len(hers(ctx)) < 2:
        return Outcome("none")
    rows = [
        {"row": [f"{grouped(c.reference)} ·", _month(ctx, c), "·", {"text": f"stages.{_stage(ctx, c)}.say"}]}
        for c in hers(ctx)
    ]
    return Outcome("some", {"lines": {"list": rows}})


def _month(ctx: Context, case: Case) -> dict[str, str]:
    return {"month": f"{ctx.day(case.opened_at):%Y-%m}"}


def _stage(ctx: Context, case: Case) -> str:
    """What is said of it: what staff set, else whether somebody has answered, or should have."""
    if case.stage in TOLD:
        return case.stage
    if case.answered_at is not None:
        return "working"
    return "late" if case.answer_due_at is not None and case.answer_due_at < ctx.now else "new"


def due(ctx: Context, case: Case) -> dict[str, str]:
    """By when a person answers, as a slot value."""
    return ctx.moment(case.answer_due_at or ctx.now)
