"""Which of a person's cases is meant.

Law: pure look-ups, no action. A draft may be another person's of a shared phone, and what she saw of others is none of
hers: both come last.
"""

from __future__ import annotations

from datetime import timedelta

from handlers.context import Case, Context

SEARCH = "report_missing"  # whoever reported somebody missing is told one sentence when it is over, whatever came of it
TIP = "tip"  # what somebody saw of others: no case of hers
HEAVY = "express_self_harm"
SAME_ALARM = timedelta(hours=72)  # danger reported again within this time belongs to the same case


def find(ctx: Context, reference: str | None) -> Case | None:
    """Her open case of this number, however it is grouped; None if she has none of it."""
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
