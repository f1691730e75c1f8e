"""What staff do with a conversation: take, give, release, escalate, end it; and what a clock does when nobody answers.

Law: each act is checked against the table of `owner.py` and the rules of care (`knowledge/targets.yml`), and recorded
with its reason. Of two who take at once the second one learns who has it: the person is locked meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.store.records import CaseCheck
from handlers import cases, closing, emergencies, opening, owner, put_off, targets, which
from handlers.context import Case, Context, Outcome

__all__ = ["check_safe", "close", "escalate", "fine", "give", "late", "release", "replied", "take"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "take": {"taken": (), "yours": (), "held": ("user",), "full": ("open",)},
    "give": {"given": (), "not_yours": ("user",), "full": ("open",)},
    "release": {"released": (), "not_yours": ("user",)},
    "escalate": {"escalated": (), "not_yours": ("user",), "none": ()},
    "replied": {"replied": ()},
    "late": {"number": ("emergency",), "where": (), "person": (), "silent": ()},
    "fine": {"noted": ()},
    "check_safe": {"once": ("at",), "too_soon": ("at",), "confirmed": (), "none": ()},
    "close": {"closed": (), "second_reader": (), "which": (), "none": ()},
}

ANSWER_UNTIL = "answer_until"  # in the session, after a human gave it back: until then her words go to that human
DESK = "desk"  # the channel of who cannot be written to: came in, rang, wrote a letter
OVER = frozenset({"supervisor", "administrator"})  # roles that act on what another one has


def _others(ctx: Context) -> UUID | None:
    """The colleague who has it, when that is neither who acts, nor somebody whom who acts may overrule."""
    has = ctx.conversation.owner_user_id if ctx.conversation.owner == owner.HUMAN else None
    mine = has is None or ctx.actor.user_id in {has, None}  # nobody: the operator, at the machine itself
    return None if mine or OVER & set(ctx.actor.roles) else has


async def take(ctx: Context, *, user_id: UUID | None = None, override: str | None = None) -> Outcome:
    """Who acts takes the conversation. Somebody else's is not taken (`held`); too many open critical cases need a
    reason (`full`). The clocks run on until there is an answer."""
    user = user_id or ctx.actor.user_id
    has = ctx.conversation.owner_user_id if ctx.conversation.owner == owner.HUMAN else None
    if ctx.conversation.owner == owner.HUMAN and (has == user or user is None):
        return Outcome("yours")
    if has is not None and user is not None:
        return Outcome("held", {"user": str(has)})
    if (too_many := full(ctx, user, override)) is not None:
        return too_many
    owner.move(ctx.conversation, "taken", user)
    assigned(ctx, user, "taken", override)
    if ctx.conversation.channel == DESK:  # no written answer can stop its clock: who takes it speaks with her
        _answered(ctx)
    return Outcome("taken")


async def give(ctx: Context, *, to: UUID, override: str | None = None, reason: str | None = None) -> Outcome:
    """Assign or transfer: who has it gives it on, or a supervisor does."""
    if (has := _others(ctx)) is not None:
        return Outcome("not_yours", {"user": str(has)})
    if (too_many := full(ctx, to, override)) is not None:
        return too_many
    owner.move(ctx.conversation, "given", to)
    assigned(ctx, to, "given", override, reason)
    return Outcome("given")


def full(ctx: Context, user: UUID | None, override: str | None) -> Outcome | None:
    """The rule of care: so many open critical cases at most, unless a reason sets it aside."""
    colleague = ctx.colleagues.get(user) if user else None
    more = any(c.severity == "critical" and c.assigned_to != user for c in targets.here(ctx))
    care = ctx.knowledge.get("targets")["care"]
    if colleague is None or not more or override in care["overrides"]:
        return None
    too_many = colleague.open_critical >= int(care["critical_open"])
    return Outcome("full", {"open": str(colleague.open_critical)}) if too_many else None


def assigned(ctx: Context, user: UUID | None, event: str, override: str | None, reason: str | None = None) -> None:
    """Who has the conversation is assigned to its open cases, and each of them says so."""
    ctx.conversation.late_at = None  # it is in new hands: its clock is looked at anew
    codes: dict[str, Any] = {"to": str(user) if user else None, "override": override, "reason": reason}
    for case in targets.here(ctx):
        case.assigned_to = user
        if case.stage in {"new", "reopened"}:
            case.stage = "working"
        ctx.record(case, event, **{name: value for name, value in codes.items() if value})


async def replied(ctx: Context) -> Outcome:
    """A human has answered: the clocks of this conversation stop."""
    _answered(ctx)
    return Outcome("replied")


def _answered(ctx: Context) -> None:
    for case in targets.here(ctx):
        if case.answered_at is None:
            case.answered_at = ctx.now
            case.stage = "working"
            ctx.record(case, "answered")
    targets.stop(ctx)
    put_off.settle(ctx)  # what she could not write of is the matter of this human now


async def release(ctx: Context) -> Outcome:
    """Back to the bot: who has it, or a supervisor. What stood open before is over, and for a day what she writes is
    taken as an answer to that human (`casework.pass_on`)."""
    if (has := _others(ctx)) is not None:
        return Outcome("not_yours", {"user": str(has)})
    conversation = ctx.conversation
    if conversation.owner != owner.BOT:
        shared = {k: v for k, v in conversation.session.get("shared", {}).items() if k != ANSWER_UNTIL}
        if conversation.owner == owner.HUMAN and ctx.cases:
            hours = int(ctx.knowledge.get("contact_policy")["answer_hours"])
            shared[ANSWER_UNTIL] = (ctx.now + timedelta(hours=hours)).isoformat()
        conversation.session = {"shared": shared}
    owner.move(conversation, "released")
    targets.stop(ctx)
    return Outcome("released")


async def escalate(ctx: Context, *, reason: str = "asked", severity: str | None = None) -> Outcome:
    """Back to the queue for somebody else, and the gravest of it pages."""
    if (has := _others(ctx)) is not None:
        return Outcome("not_yours", {"user": str(has)})
    if not owner.move(ctx.conversation, "escalated"):
        return Outcome("none")
    severity = severity or targets.gravest(ctx)
    if ctx.conversation.reply_due_at is None:  # she waits for another one now
        ctx.conversation.reply_due_at = targets.following(ctx, severity)
    _pass_on(ctx, "escalated", severity, reason)
    return Outcome("escalated")


def _pass_on(ctx: Context, kind: str, severity: str, reason: str) -> None:
    for case in targets.here(ctx):
        case.assigned_to = None
        ctx.record(case, kind, reason=reason)
    ctx.notify("page" if severity == "critical" else "queue", kind, severity, next(iter(targets.here(ctx)), None))


async def late(ctx: Context, *, may_say: str | None = None) -> Outcome:
    """Nobody answered in time. It is passed on, once; a silent human no longer has it. What is said to her, when it may
    be said now (`may_say` = yes), is that nobody read it, with the emergency number where one may be named, or where it
    is found while we know of none; never to somebody who was answered meanwhile."""
    conversation = ctx.conversation
    if not targets.overdue(ctx):
        return Outcome("silent")
    if conversation.late_at is None:
        owner.move(conversation, "lapses")
        conversation.late_at = ctx.now
        _pass_on(ctx, "late", targets.gravest(ctx), "target")
    if conversation.told_late_at is not None or may_say != "yes" or ctx.person.seized_at is not None:
        return Outcome("silent")  # a phone that was taken from her tells nobody of a human
    conversation.told_late_at = ctx.now
    case = next(iter(targets.here(ctx)), None)
    found = await cases.emergency(ctx, kind=case.kind if case else None)
    spoken = emergencies.spoken_number(ctx, case)  # elsewhere it comes with its choice; here nobody is to choose
    if spoken and found.slots:
        return Outcome("number", {"emergency": spoken})
    return Outcome("where" if emergencies.number_unknown(ctx, case) else "person")


async def fine(ctx: Context) -> Outcome:
    """She says that she is fine: what rings becomes a line of the list. It closes nothing, and three times is no more
    than once. Who thinks of ending her life, and a child, keep the page: whoever holds the phone may have written."""
    case = which.recent_alarm(ctx)
    if case is not None:
        ctx.record(case, "fine_said")
    careful = which.heavy(ctx) is not None or any(opening.is_minor(c.facts) for c in ctx.cases)
    if not careful:
        ctx.lowered = True
    return Outcome("noted")


async def check_safe(ctx: Context, *, reference: str | None = None) -> Outcome:
    """A human made sure that she is safe. Confirmed by two looks at different hours: one may have been watched."""
    case, user = named(ctx, reference), ctx.actor.user_id
    if case is None or user is None:
        return Outcome("none")
    apart = timedelta(hours=int(ctx.knowledge.get("targets")["safe_apart_hours"]))
    looks = [c for c in await ctx.shelf.mine(CaseCheck) if c.case_id == case.id and c.what == "safe"]
    again = looks[-1].made_at + apart if looks else ctx.now + apart
    if looks and ctx.now < again:
        return Outcome("too_soon", {"at": ctx.moment(again)})
    ctx.shelf.add(CaseCheck(case_id=case.id, user_id=user, what="safe"))
    if not looks:
        ctx.record(case, "safe_checked")
        return Outcome("once", {"at": ctx.moment(again)})
    ctx.record(case, "safe_confirmed")
    return Outcome("confirmed")


async def close(ctx: Context, *, reference: str | None = None, reason: str = "done") -> Outcome:
    """A human ends a case. What is critical, a child's or about ending a life is read by two: the first one's wish is
    kept, and another one who closes it too ends it."""
    if reference is None and len(ctx.cases) > 1:
        return Outcome("which")
    case = named(ctx, reference)
    if case is None:
        return Outcome("none")
    if _needs_two(ctx, case) and not await _read_by_another(ctx, case):
        return Outcome("second_reader")
    await closing.close(ctx, reference=case.reference, reason=reason)
    if all(c.closed_at is not None for c in targets.here(ctx)):
        targets.stop(ctx)
    return Outcome("closed")


def named(ctx: Context, reference: str | None) -> Case | None:
    """The case of this number; without one the only one."""
    return which.find(ctx, reference) if reference else which.own(ctx)


def _needs_two(ctx: Context, case: Case) -> bool:
    listed = set(ctx.knowledge.get("targets")["second_reader"])
    what = {case.kind, *case.facts.get("also", ()), *(("child",) if opening.is_minor(case.facts) else ())}
    return case.severity == "critical" or bool(listed & what)


async def _read_by_another(ctx: Context, case: Case) -> bool:
    """Whether another colleague wanted the same lately, since it was opened (again). Else who acts is the first."""
    user = ctx.actor.user_id
    since = _lately(ctx, case)
    looks = [
        c for c in await ctx.shelf.mine(CaseCheck) if c.case_id == case.id and c.what == "close" and c.made_at >= since
    ]
    if user is None:
        return False
    if any(look.user_id != user for look in looks):
        return True
    if not looks:
        ctx.shelf.add(CaseCheck(case_id=case.id, user_id=user, what="close"))
        ctx.record(case, "close_asked")
        ctx.notify("queue", "second_reader", "high", case)
    return False


def never_asked(ctx: Context, reference: str | None) -> bool:
    """Whether she is not asked if it is solved: after danger, for a child, for a search, after the second word."""
    case = named(ctx, reference)
    return case is None or _needs_two(ctx, case) or case.kind in {which.SEARCH, which.TIP} or not _may_write(ctx)


def _may_write(ctx: Context) -> bool:
    person = ctx.person
    return person.consent_contact_at is not None and person.seized_at is None and person.opted_out_at is None


def _lately(ctx: Context, case: Case) -> datetime:
    days = timedelta(days=int(ctx.knowledge.get("targets")["second_reader_days"]))
    return max(case.opened_at, ctx.now - days)
