"""Whether she would rather talk with a woman or a man: offered where it matters, noted, and told truthfully.

Law: a wish, never a condition. It is offered after all that matters was said, to nobody who told it before, and only
where colleagues told that women and men answer here. What is critical is called for as ever, whoever is there; only
what is not may wait, and only if she chose so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.store.staffed import ASKED_FOR
from handlers import duty
from handlers.context import Case, Context, Outcome
from handlers.cover import spoken
from handlers.which import concerned, find

__all__ = ["look", "note", "record", "settle"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "look": {"offer": (), "nothing": ()},
    "note": {
        "noted": (),
        "either": (),
        "later_woman": ("at",),
        "later_man": ("at",),
        "none_woman": (),
        "none_man": (),
    },
    "settle": {"waits": ("at",), "either": ()},
    "record": {"noted": ()},
}

WISH, WAITS = "colleague_gender", "colleague_waits"  # in the profile
WOMAN = ASKED_FOR[0]
ANY = "any"  # she was asked, and it does not matter to her
BEFORE_THE_END = timedelta(minutes=30)  # of the shift of who was wished
YES, NO = "yes", "no"


async def look(
    ctx: Context,
    *,
    reference: str | None = None,
    danger: str | None = None,
    hour: str | None = None,
    life: str | None = None,
) -> Outcome:
    """Whether to offer it. `danger`: at the end of one, it is offered only to who can wait and agreed to be written
    to now: to nobody else is one more line sent."""
    if danger == YES and (hour != YES or life != NO):
        return Outcome("nothing")
    case = _case(ctx, reference)
    asked_for = ctx.knowledge.get("targets")["whom"]
    told = WISH in ctx.person.profile or ctx.person.seized_at is not None
    both = set(ASKED_FOR) <= set(duty.genders(ctx.knowledge.get("duty")))
    if case is None or told or not both or not {case.kind, *case.facts.get("also", ())} & set(asked_for):
        return Outcome("nothing")
    return Outcome("offer")


async def note(ctx: Context, *, gender: str | None = None, reference: str | None = None) -> Outcome:
    """She chose, or it does not matter to her. Where nobody of her choice is there in time, she is told."""
    _keep(ctx, gender if gender in ASKED_FOR else ANY, waits=False)
    case = _case(ctx, reference)
    if case is not None:
        ctx.record(case, "whom_told")
    if gender not in ASKED_FOR:
        return Outcome("either")
    rota = ctx.knowledge.get("duty")
    there = duty.answers_in(rota, str(gender), spoken(ctx), ctx.now)
    if there is None:
        return Outcome("none_woman") if gender == WOMAN else Outcome("none_man")
    at = there[0]
    due = (case and case.answer_due_at) or duty.promise(rota, case.severity if case else "medium", ctx.now).at
    if at <= due:
        return Outcome("noted")
    if gender == WOMAN:
        return Outcome("later_woman", {"at": ctx.moment(at)})
    return Outcome("later_man", {"at": ctx.moment(at)})


async def settle(ctx: Context, *, wait: str | None = None, reference: str | None = None) -> Outcome:
    """She waits for who she chose, or talks with whoever is there. What waits is due when that one is there."""
    wish = wished(ctx)
    there = duty.answers_in(ctx.knowledge.get("duty"), wish, spoken(ctx), ctx.now) if wish else None
    if wait != YES or wish is None or there is None:
        return Outcome("either")
    at, end = there
    _keep(ctx, wish, waits=True)
    case = _case(ctx, reference)
    if case is None or case.severity != "critical":
        severity = case.severity if case else "medium"
        promised = duty.promise(ctx.knowledge.get("duty"), severity, at).at
        later = min(promised, max(at, end - BEFORE_THE_END))  # somebody is called while that one is still there
        if case is not None and case.answered_at is None:
            case.answer_due_at = max(later, case.answer_due_at or later)
        if ctx.conversation.reply_due_at is not None:
            ctx.conversation.reply_due_at = max(later, ctx.conversation.reply_due_at)
        ctx.put_off = later
    return Outcome("waits", {"at": ctx.moment(at)})


async def record(ctx: Context, *, gender: str = "", waits: bool = False, reference: str | None = None) -> Outcome:
    """A caseworker heard it from her. Nothing chosen: nobody has asked her yet."""
    if gender in (*ASKED_FOR, ANY):
        _keep(ctx, gender, waits=waits and gender != ANY)
    else:
        ctx.person.profile.pop(WISH, None)
        ctx.person.profile.pop(WAITS, None)
    case = _case(ctx, reference)
    if case is not None:
        ctx.record(case, "whom_told")
    return Outcome("noted")


def wished(ctx: Context) -> str | None:
    """Woman or man, if she wishes one of them."""
    found: Any = ctx.person.profile.get(WISH)
    return found if found in ASKED_FOR else None


def _keep(ctx: Context, wish: str, *, waits: bool) -> None:
    ctx.person.profile[WISH] = wish
    ctx.person.profile.pop(WAITS, None)
    if waits:
        ctx.person.profile[WAITS] = YES


def _case(ctx: Context, reference: str | None) -> Case | None:
    return (find(ctx, reference) if reference else None) or concerned(ctx)
