"""A report that came beside an open case: the same matter, another one, or another person's on this phone.

Law: only a colleague decides it; a phone may be shared. Nothing that was told is lost by it: what a draft says
goes into the case that it joins, and the draft stays as it was, closed.
"""

from __future__ import annotations

from handlers import triage
from handlers.context import Case, Context, Outcome
from handlers.opening import learn
from handlers.which import find

__all__ = ["apart", "join"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "join": {"joined": (), "none": ()},
    "apart": {"apart": (), "none": ()},
}

JOINED = "joined"  # how the draft ends


async def join(ctx: Context, *, reference: str | None = None) -> Outcome:
    """It is the same matter: its facts go to the open case beside which it came; the graver of both holds."""
    draft = _draft(ctx, reference)
    into = next((c for c in ctx.cases if draft and c.id == draft.linked_case_id and not c.draft), None)
    if draft is None or into is None or ctx.actor.kind != "staff":
        return Outcome("none")
    told = dict(draft.facts)
    also = {*into.facts.get("also", ()), *told.pop("also", ()), *({draft.kind} - {into.kind})}
    learn(ctx, into, {**told, "also": sorted(also)})
    if triage.RANK[draft.severity] > triage.RANK[into.severity]:
        into.severity = draft.severity
        ctx.record(into, "severity_raised", to=draft.severity)
    draft.draft, draft.closed_at, draft.outcome, draft.stage = False, ctx.now, JOINED, "closed"
    ctx.record(into, "joined")
    ctx.record(draft, "joined")
    return Outcome("joined")


async def apart(ctx: Context, *, reference: str | None = None, other_person: bool = False) -> Outcome:
    """It is a case of its own. Of another person on the same phone: it is linked with nothing of hers."""
    draft = _draft(ctx, reference)
    if draft is None or ctx.actor.kind != "staff":
        return Outcome("none")
    draft.draft = False
    if other_person:
        draft.linked_case_id = None
    ctx.record(draft, "stands_alone", reason="other_person" if other_person else "other_matter")
    return Outcome("apart")


def _draft(ctx: Context, reference: str | None) -> Case | None:
    case = find(ctx, reference)
    return case if case is not None and case.draft else None
