"""Clocks: by when a human answers, first and next, and when they stop.

Law: pure arithmetic on `knowledge/duty.yml` (with the rota's shifts) and `knowledge/targets.yml`. A clock runs only
while somebody waits for a human: it stops with a human's answer, when she says that it is solved, and at the end.
"""

from __future__ import annotations

from datetime import datetime

from handlers import duty, owner
from handlers.context import Case, Context, Notice
from handlers.triage import RANK

BY, FLOW = "targets", "late"  # who starts which flow, when nobody answered in time
# A human looks, and nobody waits for words; what she writes to a human is looked at by `wrote`.
WITHOUT_CLOCK = frozenset({"solved_said", "opted_out", "wrote_again", "late", "escalated", "second_reader"})
AT_ONCE = frozenset({"late", "escalated"})  # others are called now: the target has passed, or somebody said so


def first(ctx: Context, severity: str) -> datetime:
    """By when the first answer of a human is due."""
    return duty.promise(ctx.knowledge.get("duty"), severity, ctx.now).at


def following(ctx: Context, severity: str) -> datetime:
    """By when the next answer is due, while a human has the conversation: staffed minutes too."""
    rota = ctx.knowledge.get("duty")
    minutes = ctx.knowledge.get("targets")["next_minutes"]
    return duty.promise({**rota, "answer_minutes": minutes}, severity, ctx.now).at


def gravest(ctx: Context) -> str:
    """The severity of what is open in this conversation; medium when nothing is."""
    levels = [case.severity for case in here(ctx)]
    return max(levels, key=lambda level: RANK[level], default="medium")


def here(ctx: Context) -> list[Case]:
    """The open cases of this conversation."""
    return [case for case in ctx.cases if case.conversation_id == ctx.conversation.id]


def due(ctx: Context, notice: Notice) -> datetime:
    """By when this should be answered."""
    if notice.kind in AT_ONCE:
        return ctx.now
    held = ctx.conversation.owner == owner.HUMAN and notice.audience != "page"
    return following(ctx, notice.severity) if held else first(ctx, notice.severity)


def start(ctx: Context, notice: Notice, at: datetime) -> None:
    """Somebody waits for a human because of this: the conversation's clock runs, to the earlier of two moments."""
    case = next((c for c in ctx.cases if c.id == notice.case_id), None)
    unanswered = case is not None and case.answered_at is None
    awaited = ctx.conversation.owner in {owner.WAITING, owner.HUMAN} or notice.audience == "page" or unanswered
    if notice.kind in WITHOUT_CLOCK or not awaited:
        return
    if case is not None and unanswered and case.answer_due_at is not None:
        at = min(at, max(case.answer_due_at, ctx.now))
    running = ctx.conversation.reply_due_at
    ctx.conversation.reply_due_at = at if running is None else min(running, at)


def wrote(ctx: Context) -> None:
    """She wrote to the human who has the conversation: the next answer is due, unless an earlier one still is."""
    if ctx.conversation.owner == owner.HUMAN and ctx.conversation.reply_due_at is None:
        ctx.conversation.reply_due_at = following(ctx, gravest(ctx))


def stop(ctx: Context) -> None:
    """Nobody waits for a human any more."""
    conversation = ctx.conversation
    conversation.reply_due_at = conversation.late_at = conversation.told_late_at = None


def overdue(ctx: Context) -> bool:
    """Whether a human should have answered by now."""
    at = ctx.conversation.reply_due_at
    return at is not None and at <= ctx.now
