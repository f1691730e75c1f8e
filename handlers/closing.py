"""The end of a case, and its beginning again: solved, withdrawn, closed by a human, reopened by a reply.

Law: the bot closes nothing. What a person says of her case is noted for a human, with the same answer whether she
proved who she is or not; a reply after the end opens it again, a thank-you does not.
"""

from __future__ import annotations

from handlers import duty, feedback, owner, targets
from handlers.context import Case, Context, Outcome
from handlers.references import grouped
from handlers.which import SEARCH, find, own
from handlers.word import unproved

__all__ = ["close", "confirmed", "details", "reopen", "solved", "withdraw"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "close": {"closed": (), "which": (), "none": ()},
    "confirmed": {"confirmed": ()},
    "details": {
        "none": (),
        "waits": ("reference", "since", "at"),
        "works": ("reference", "since"),
        "returned": ("reference", "since"),
    },
    "reopen": {"reopened": ("reference", "at"), "none": ()},
    "solved": {"noted": ()},
    "withdraw": {"noted": ()},
}
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"details", "withdraw"})


async def details(ctx: Context) -> Outcome:
    """More than the plain status: since when, and what comes next. No kind, no place, no name."""
    case = own(ctx)
    if case is None:
        return Outcome("none")
    number, since = grouped(case.reference), ctx.moment(case.opened_at)
    if case.stage in {"solved_said", "withdrawal_said", "reopened"}:
        return Outcome("returned", {"reference": number, "since": since})
    if case.answered_at is not None:
        return Outcome("works", {"reference": number, "since": since})
    due = case.answer_due_at or ctx.now
    return Outcome("waits", {"reference": number, "since": since, "at": ctx.moment(due)})


async def solved(ctx: Context, *, proved: str | None = None) -> Outcome:
    """She says that it is solved: a human asks once more, and closes."""
    return await _said(ctx, "solved", proved)


async def withdraw(ctx: Context, *, proved: str | None = None) -> Outcome:
    """She wants no more to be done: a human makes sure that nobody made her write it."""
    return await _said(ctx, "withdrawal", proved)


async def _said(ctx: Context, what: str, proved: str | None) -> Outcome:
    if proved != "yes":
        return await unproved(ctx, wanted=what)
    case = own(ctx)
    if case is not None:
        case.stage = f"{what}_said"
        if what == "solved":  # nobody waits for words of ours any more
            targets.stop(ctx)
        ctx.record(case, f"{what}_said")
    ctx.notify("queue", f"{what}_said", case.severity if case else "medium", case)
    return Outcome("noted")


async def close(ctx: Context, *, reference: str | None = None, reason: str = "done") -> Outcome:
    """A human ends a case: the one of `reference`; without a number the only one that is open. Of several, `which` is
    to be said. With the last one the conversation closes too."""
    if reference is None and len(ctx.cases) > 1:
        return Outcome("which")
    case = find(ctx, reference) if reference is not None else next(iter(ctx.cases), None)
    if case is None:
        return Outcome("none")
    case.closed_at, case.stage, case.outcome = ctx.now, "closed", reason
    ctx.record(case, "closed", reason=reason)
    await feedback.ask_later(ctx, reference=case.reference)  # how our help was, of who allowed it
    if all(c.closed_at is not None for c in ctx.cases):
        owner.move(ctx.conversation, "ended")
        # A question that stood open is over too: what she writes next is no answer to it.
        ctx.conversation.session = {"shared": ctx.conversation.session.get("shared", {})}
    return Outcome("closed")


async def confirmed(ctx: Context) -> Outcome:
    """Asked at the end, she says that it is solved: it stays ended."""
    if ctx.closed:
        ctx.record(ctx.closed[0], "solved_confirmed")
    owner.move(ctx.conversation, "ended")
    return Outcome("confirmed")


async def reopen(ctx: Context) -> Outcome:
    """She wrote again after the end: her last case is open again, and a human sees it. Without one that was closed a
    short while ago nothing is opened, and a search never is: who looks for somebody may be whom she fled from."""
    case: Case | None = next((c for c in ctx.closed if c.kind != SEARCH), None)
    if case is None:
        return Outcome("none")
    ctx.closed.remove(case)
    due = duty.promise(ctx.knowledge.get("duty"), case.severity, ctx.now).at
    case.closed_at, case.stage, case.outcome, case.answered_at, case.answer_due_at = None, "reopened", None, None, due
    ctx.cases.insert(0, case)
    ctx.record(case, "reopened")
    ctx.notify("queue", "reopened", case.severity, case)
    return Outcome("reopened", {"reference": grouped(case.reference), "at": ctx.moment(due)})
