"""Cases: alarms, reports, facts, status.

Law: severity comes from `knowledge/triage.yml` and only ever rises here; words of a person are facts, never codes.
What turns a case critical pages a human in the same turn, before the next question.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers import duty, facts, risks, triage
from handlers.context import Case, Context, Outcome

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
SEARCH = "report_missing"  # whoever reported somebody missing is told one sentence when it is over, whatever came of it
TIP = "tip"  # what somebody saw of others: no case of hers

CHILD = "child"  # a fact, a kind of page: DESIGN law 2, knowledge/child_protection.yml
HEAVY = "express_self_harm"
SAME_ALARM = timedelta(hours=72)  # danger reported again within this time belongs to the same case
MOST = 50  # pieces kept of one list of facts: what is more stands in the history


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


def is_minor(facts: dict[str, Any]) -> bool:
    """Whether the facts say that the person is younger than 18."""
    age = facts.get("age")
    young = isinstance(age, int | float) and not isinstance(age, bool) and age < 18
    return facts.get(CHILD) == "yes" or young


def _severity(ctx: Context, kind: str, facts: dict[str, Any]) -> str:
    level = triage.severity(ctx.knowledge.get("triage"), kind, facts)
    return triage.graver(level, "critical") if is_minor(facts) else level


def _known(facts: dict[str, Any]) -> dict[str, Any]:
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
    for name, value in _known(facts).items():
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
    severity = _severity(ctx, kind, _known(facts))
    case = new_case(ctx, kind, severity, facts)
    ctx.notify("page" if severity == "critical" else "queue", kind, severity, case)
    return case


def find(ctx: Context, reference: str | None) -> Case | None:
    digits = "".join(c for c in reference or "" if c.isdigit())
    return next((case for case in ctx.cases if case.reference == digits), None)


def hers(ctx: Context) -> list[Case]:
    """Her open cases, the one that "it" means first: her newest own report. A search for somebody else comes after it;
    a draft may be another person's of a shared phone and comes last; what she saw of others (a tip) is none of hers."""
    return sorted((c for c in ctx.cases if c.kind != TIP), key=lambda c: (c.draft, c.kind == SEARCH))


def own(ctx: Context) -> Case | None:
    """The case that she means when she says no number; None if there is none."""
    return next(iter(hers(ctx)), None)


def concerned(ctx: Context) -> Case | None:
    """The open case that this turn is about: the one that it opened or touched last, else the newest of this
    conversation, else her own; what she saw of others comes last. None if nothing is open."""
    touched = [event.case_id for event in reversed(ctx.events)]
    now = next((c for case_id in touched for c in ctx.cases if c.id == case_id), None)
    here = next((c for c in ctx.cases if c.kind != TIP and c.conversation_id == ctx.conversation.id), None)
    return now or here or own(ctx) or next(iter(ctx.cases), None)


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
    return Outcome("raised", {"reference": grouped(case.reference), "emergency": _number(ctx)})


def _number(ctx: Context, country: str = "") -> str:
    """The emergency number of a country, else of the country of stay; empty when none is sure."""
    country = country or ctx.person.country or ctx.conversation.country_hint or ""
    return str(ctx.knowledge.get("emergency")["numbers"].get(country, ""))


def spoken_number(ctx: Context, case: Case | None) -> str:
    """The number that may be said again without its choice: only in a danger that began with it, never to a child."""
    own = case is not None and ctx.knowledge.get("triage")["severity"].get(case.kind) == "critical"
    return _number(ctx) if case and own and case.kind != CHILD and not is_minor(case.facts) else ""


def number_unknown(ctx: Context, case: Case | None) -> bool:
    """Whether a number would be said of this danger if we knew one: no country is known, or no sure number of it."""
    triage = ctx.knowledge.get("triage")
    own = case is not None and triage["severity"].get(case.kind) == "critical"
    if case is None or not own or case.kind == CHILD or is_minor(case.facts) or case.kind in triage["needs_risk_note"]:
        return False
    return not _number(ctx)


async def emergency(ctx: Context, *, kind: str | None = None, country: object = None) -> Outcome:
    """Whether a number may be named here. After violence, or a birth, only where a human has reviewed what the law of
    the country does to who calls; else a person first (protection.md D 02). `country`: of another one."""
    place = facts.code(country) or ctx.person.country or ctx.conversation.country_hint or ""
    number = _number(ctx, place)
    careful = kind in ctx.knowledge.get("triage")["needs_risk_note"]
    if not number or (careful and not risks.reviewed(ctx.knowledge, place)):
        return Outcome("person")
    return Outcome("number", {"emergency": number})


async def weigh(ctx: Context, *, kind: str, **facts: Any) -> Outcome:
    """Look at what was answered so far. Where the rules make it critical the case is opened and a human paged now, not
    after the last question; consent is asked by the human then."""
    if _severity(ctx, kind, _known(facts)) != "critical":
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
    if news := _known(facts):
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
