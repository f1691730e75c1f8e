"""Between the bot and the caseworkers: handing over, what may be promised, the agreed hour, a human's answer.

Law: owner and epoch change here and nowhere else, so that the bot is silent the moment a human has the conversation.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from handlers import duty
from handlers.cases import HEAVY, concerned, heavy, new_case
from handlers.context import Context, Outcome
from handlers.triage import graver

__all__ = ["agree_hour", "hand_over", "promise", "release", "stay", "take"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "hand_over": {"on_duty": ("at",), "off_duty": ("at",)},
    "promise": {"on_duty": ("at",), "off_duty": ("at",)},
    "agree_hour": {"agreed": ()},
    "stay": {"waits": ("at",), "late": ()},
    "take": {"taken": ()},
    "release": {"released": ()},
}


def _promised(ctx: Context, severity: str) -> Outcome:
    rota = ctx.knowledge.get("duty")
    made = duty.promise(rota, severity, ctx.now)
    at = made.at if made.on_duty else duty.next_opening(rota, ctx.now)
    return Outcome("on_duty" if made.on_duty else "off_duty", {"at": ctx.moment(at)})


async def promise(ctx: Context, *, severity: str = "medium") -> Outcome:
    """When a human reads, computed from the duty hours."""
    return _promised(ctx, severity)


async def hand_over(
    ctx: Context, *, kind: str | None = None, severity: str = "medium", may_write: bool = False
) -> Outcome:
    """Give the conversation to the human queue; the bot is silent from its next turn on. `may_write`: the person asked
    for it, so a human may write to her here, in her safe hours."""
    kind = kind or "talk_to_human"
    case = concerned(ctx) or new_case(ctx, kind, severity, {})  # a human answers by its number
    if may_write and ctx.person.consent_contact_at is None:
        ctx.person.consent_contact_at = ctx.now  # who asks to be written to may be written to
    ctx.conversation.give_to("waiting")
    severity = graver(severity, case.severity)  # asking for a person never makes it later
    ctx.notify("queue", kind, severity, case)
    ctx.record(case, "handed_over", kind=kind)
    return _promised(ctx, severity)


async def agree_hour(ctx: Context) -> Outcome:
    """She agreed to be written to for the next hour (protection.md, T45)."""
    minutes = int(ctx.knowledge.get("contact_policy")["agreed_minutes"])
    ctx.conversation.agreed_until = ctx.now + timedelta(minutes=minutes)
    return Outcome("agreed")


async def stay(ctx: Context) -> Outcome:
    """Until when a person reads what somebody writes for whom it is too heavy. What is overdue is told again, to wake
    somebody."""
    case = heavy(ctx)
    due = case.answer_due_at if case and case.answer_due_at else ctx.now
    if due < ctx.now:
        ctx.notify("page", HEAVY, "critical", case)
    opens = duty.next_opening(ctx.knowledge.get("duty"), ctx.now)
    if due < ctx.now and opens <= ctx.now:
        return Outcome("late")
    return Outcome("waits", {"at": ctx.moment(due if opens <= ctx.now else opens)})


async def take(ctx: Context, *, user_id: UUID | None = None, **_: Any) -> Outcome:
    """A human takes the conversation: what the bot still had to say is withdrawn by the epoch."""
    ctx.conversation.give_to("human", user_id)
    for case in ctx.cases:
        if case.conversation_id == ctx.conversation.id and case.answered_at is None:
            case.answered_at = ctx.now
            case.stage = "working"
            ctx.record(case, "answered")
    return Outcome("taken")


async def release(ctx: Context) -> Outcome:
    """A human gives the conversation back to the bot."""
    ctx.conversation.give_to("bot")
    return Outcome("released")
