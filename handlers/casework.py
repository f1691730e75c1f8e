"""Between the bot and the caseworkers: handing over, what may be promised, the agreed hour, a human's answer.

Law: what is promised is computed. Owner and epoch change by the table of `owner.py` and nowhere else, so that the bot
is silent the moment a human has the conversation.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from handlers import duty, handoff, owner
from handlers.context import Case, Context, Outcome
from handlers.opening import learn, new_case
from handlers.triage import graver
from handlers.which import concerned

__all__ = ["agree_hour", "close_hour", "hand_over", "leave_hour_open", "pass_on", "promise", "release", "take"]

HOUR_ASKED = "hour_asked"  # in the profile: conversations where she may still say yes to the next hour, and until when

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "hand_over": {"on_duty": ("at",), "off_duty": ("at",)},
    "promise": {"on_duty": ("at",), "off_duty": ("at",)},
    "agree_hour": {"agreed": ()},
    "close_hour": {"closed": ()},
    "leave_hour_open": {"left_open": ()},
    "pass_on": {"on_duty": ("at",), "off_duty": ("at",)},
    "take": {"taken": (), "held": (), "full": ()},
    "release": {"released": (), "not_yours": ("user",)},
}


def _promised(ctx: Context, severity: str) -> Outcome:
    made = duty.told(ctx.knowledge.get("duty"), severity, ctx.now)
    return Outcome("on_duty" if made.on_duty else "off_duty", {"at": ctx.moment(made.at)})


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
    owner.move(ctx.conversation, "asks")
    severity = graver(severity, case.severity)  # asking for a person never makes it later
    _due_again(ctx, case, severity)
    ctx.notify("queue", kind, severity, case)
    ctx.record(case, "handed_over", kind=kind)
    return _promised(ctx, severity)


async def agree_hour(ctx: Context) -> Outcome:
    """She agreed to be written to for the next hour (protection.md, T45)."""
    _answered_hour(ctx)
    ctx.conversation.agreed_until = ctx.now + _agreed(ctx)
    return Outcome("agreed")


async def close_hour(ctx: Context) -> Outcome:
    """She said no to it: what she agreed to before is over too."""
    _answered_hour(ctx)
    ctx.conversation.agreed_until = None
    return Outcome("closed")


async def leave_hour_open(ctx: Context) -> Outcome:
    """Asked about the next hour she told something else: nobody may write yet; a clear yes within the hour counts."""
    asked = dict(ctx.person.profile.get(HOUR_ASKED, {}))
    ctx.person.profile[HOUR_ASKED] = {**asked, str(ctx.conversation.id): (ctx.now + _agreed(ctx)).isoformat()}
    return Outcome("left_open")


def hour_is_open(ctx: Context) -> bool:
    """Whether the question about the next hour still waits for a clear answer here."""
    until = ctx.person.profile.get(HOUR_ASKED, {}).get(str(ctx.conversation.id))
    return until is not None and ctx.now < datetime.fromisoformat(until)


def _answered_hour(ctx: Context) -> None:
    """The question is answered: what she writes later is no answer to it."""
    asked = {k: v for k, v in ctx.person.profile.get(HOUR_ASKED, {}).items() if k != str(ctx.conversation.id)}
    ctx.person.profile.pop(HOUR_ASKED, None)
    if asked:
        ctx.person.profile[HOUR_ASKED] = asked


def _agreed(ctx: Context) -> timedelta:
    return timedelta(minutes=int(ctx.knowledge.get("contact_policy")["agreed_minutes"]))


async def pass_on(ctx: Context, *, said: list[str] | None = None, sent: list[Any] | None = None) -> Outcome:
    """Words that follow a human's belong to that human: into the same case, and back into the human queue."""
    case = concerned(ctx) or new_case(ctx, "talk_to_human", "medium", {})
    learn(ctx, case, {"said": said or [], "sent": sent or []})
    owner.move(ctx.conversation, "asks")
    _due_again(ctx, case, case.severity)
    ctx.notify("queue", "answered_us", case.severity, case)
    ctx.record(case, "handed_over", kind=case.kind)
    made = duty.promise(ctx.knowledge.get("duty"), case.severity, ctx.now)
    return Outcome("on_duty" if made.on_duty else "off_duty", {"at": ctx.moment(made.at)})


def _due_again(ctx: Context, case: Case, severity: str) -> None:
    """What a human has answered before is due anew; what nobody answered is due by what is promised now, or keeps its
    earlier time."""
    at = duty.promise(ctx.knowledge.get("duty"), severity, ctx.now).at
    case.answer_due_at = at if case.answered_at is not None else min(at, case.answer_due_at or at)


async def take(ctx: Context, *, user_id: UUID | None = None, override: str | None = None, **_: Any) -> Outcome:
    """A human takes the conversation and answers: what the bot still had to say is withdrawn by the epoch, and the
    clocks stop. Somebody else's is not taken (`held`)."""
    outcome = await handoff.take(ctx, user_id=user_id, override=override)
    if outcome.name not in {"taken", "yours"}:
        return Outcome("held" if outcome.name == "held" else "full")
    await handoff.replied(ctx)
    return Outcome("taken")


async def release(ctx: Context) -> Outcome:
    """A human gives the conversation back to the bot."""
    outcome = await handoff.release(ctx)
    if outcome.name == "not_yours":
        return Outcome("not_yours", {"user": outcome.slots["user"]})
    return Outcome("released")
