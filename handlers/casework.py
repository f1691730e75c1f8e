"""Between the bot and the caseworkers: handing over, what may be promised, the agreed hour, a human's answer.

Law: owner and epoch change here and nowhere else, so that the bot is silent the moment a human has the conversation.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.store.rows import CHECK_IN, Reminder
from handlers import duty
from handlers.cases import HEAVY, find, heavy, learn, new_case, spoken_number
from handlers.context import Case, Context, Outcome
from handlers.triage import RANK, graver

__all__ = [
    "agree_hour",
    "earlier",
    "ending",
    "hand_over",
    "pass_on",
    "plan_check_in",
    "promise",
    "release",
    "stay",
    "take",
]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "hand_over": {"on_duty": ("at",), "off_duty": ("at",)},
    "promise": {"on_duty": ("at",), "off_duty": ("at",)},
    "ending": {
        "asks": ("at", "emergency"),
        "asks_grave": ("at", "emergency"),
        "tells": ("at", "emergency"),
        "night": ("at", "emergency"),
        "night_grave": ("at", "emergency"),
        "night_bare": ("at", "emergency"),
        "night_bare_grave": ("at", "emergency"),
    },
    "agree_hour": {"agreed": ()},
    "earlier": {"fits": ("at", "earlier"), "none": ("at",)},
    "plan_check_in": {"planned": ()},
    "stay": {
        "waits": ("at",),
        "late": (),
        "reads": ("at",),
        "night": ("at", "emergency"),
        "again": (),
        "worse": ("at",),
        "noted": ("at",),
        "noted_night": ("at",),
        "noted_late": (),
    },
    "pass_on": {"on_duty": ("at",), "off_duty": ("at",)},
    "take": {"taken": ()},
    "release": {"released": ()},
}

HALF_HOUR = timedelta(minutes=30)
ANSWER_UNTIL = "answer_until"  # in the session, after a human gave it back: until then her words go to that human


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
    case = ctx.cases[0] if ctx.cases else new_case(ctx, kind, severity, {})  # a human answers by its number
    if may_write and ctx.person.consent_contact_at is None:
        ctx.person.consent_contact_at = ctx.now  # who asks to be written to may be written to
    ctx.conversation.give_to("waiting")
    severity = graver(severity, case.severity)  # asking for a person never makes it later
    _due_again(ctx, case, severity)
    ctx.notify("queue", kind, severity, case)
    ctx.record(case, "handed_over", kind=kind)
    return _promised(ctx, severity)


async def ending(
    ctx: Context, *, can_write: str | None = None, life: str | None = None, reference: str | None = None
) -> Outcome:
    """How a danger ends: asked about the next hour only while somebody is there, and only who can write. `life`: what
    she said of how it is now; all but "no" is grave."""
    promised = _promised(ctx, "critical")
    emergency = spoken_number(ctx, find(ctx, reference))
    grave = life not in (None, "no")
    if promised.name == "on_duty":
        name = "tells" if can_write == "no" else "asks_grave" if grave else "asks"
    elif emergency:
        name = "night" if life == "no" else "night_grave"
    else:
        name = "night_bare_grave" if grave else "night_bare"
    return Outcome(name, {**promised.slots, "emergency": emergency})


async def agree_hour(ctx: Context) -> Outcome:
    """She agreed to be written to for the next hour (protection.md, T45)."""
    minutes = int(ctx.knowledge.get("contact_policy")["agreed_minutes"])
    ctx.conversation.agreed_until = ctx.now + timedelta(minutes=minutes)
    return Outcome("agreed")


async def earlier(ctx: Context) -> Outcome:
    """A moment at which the program may write before a human reads: an hour from now at least, half an hour before that
    human at least, within her safe hours. Often there is none, and then nothing is offered."""
    opens = duty.next_opening(ctx.knowledge.get("duty"), ctx.now)
    at = _half_hour(ctx.now + timedelta(hours=1))
    while at <= opens - timedelta(minutes=30):
        if _safe(ctx, at):
            return Outcome("fits", {"at": ctx.moment(opens), "earlier": ctx.moment(at)})
        at += timedelta(minutes=30)
    return Outcome("none", {"at": ctx.moment(opens)})


def _half_hour(at: datetime) -> datetime:
    """Up to the next full half hour."""
    return at + (-timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)) % HALF_HOUR


def _safe(ctx: Context, at: datetime) -> bool:
    """Whether a moment lies within her safe hours, or those of everybody who named none."""
    usual = ctx.knowledge.get("contact_policy")["default_safe_hours"]
    start = _minutes(usual["from"]) if ctx.person.safe_from is None else ctx.person.safe_from
    end = _minutes(usual["until"]) if ctx.person.safe_until is None else ctx.person.safe_until
    local = at.astimezone(ZoneInfo(ctx.zone()))
    minute = local.hour * 60 + local.minute
    return start <= minute < end if start <= end else minute >= start or minute < end


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


async def plan_check_in(ctx: Context, *, earlier: dict[str, str] | None = None) -> Outcome:
    """She said yes: one line at that moment. It comes while a human is awaited, and not once one was there."""
    if earlier:
        ctx.shelf.add(Reminder(flow=CHECK_IN, due_at=datetime.fromisoformat(earlier["at"]), topic=CHECK_IN))
    return Outcome("planned")


async def stay(ctx: Context) -> Outcome:
    """What is true for somebody who writes on while a human is awaited. What is overdue is told again."""
    case = _awaited(ctx)
    due = case.answer_due_at if case and case.answer_due_at else ctx.now
    opens = duty.next_opening(ctx.knowledge.get("duty"), ctx.now)
    until = {"at": ctx.moment(due if opens <= ctx.now else opens)}
    if case is not None and case is heavy(ctx):
        return _stay_heavy(ctx, case, due < ctx.now, opens <= ctx.now, until)
    severity = case.severity if case else "medium"
    if opens > ctx.now:
        number = spoken_number(ctx, case)
        return Outcome("night", {**until, "emergency": number}) if number else Outcome("noted_night", until)
    if due < ctx.now:
        grave = severity == "critical"
        ctx.notify("page" if grave else "queue", case.kind if case and grave else "late", severity, case)
        return Outcome("again" if grave else "noted_late")
    return Outcome({"critical": "reads", "high": "worse"}.get(severity, "noted"), until)


def _stay_heavy(ctx: Context, case: Case, overdue: bool, on_duty: bool, until: dict[str, Any]) -> Outcome:
    """It is too heavy for her: whoever is late is woken, at night too."""
    if overdue:
        ctx.notify("page", HEAVY, "critical", case)
    return Outcome("late") if overdue and on_duty else Outcome("waits", until)


def _awaited(ctx: Context) -> Case | None:
    """The case for which a human is awaited here: the gravest that nobody has answered, else the newest one."""
    open_ones = [c for c in ctx.cases if c.answered_at is None] or ctx.cases[:1]
    return heavy(ctx) or max(open_ones, key=lambda c: RANK[c.severity], default=None)


async def pass_on(ctx: Context, *, said: list[str] | None = None, sent: list[Any] | None = None) -> Outcome:
    """Words that follow a human's belong to that human: into the same case, and back into the human queue."""
    case = next((c for c in ctx.cases if c.conversation_id == ctx.conversation.id), None)
    case = case or next(iter(ctx.cases), None) or new_case(ctx, "talk_to_human", "medium", {})
    learn(ctx, case, {"said": said or [], "sent": sent or []})
    ctx.conversation.give_to("waiting")
    _due_again(ctx, case, case.severity)
    ctx.notify("queue", "answered_us", case.severity, case)
    ctx.record(case, "handed_over", kind=case.kind)
    made = duty.promise(ctx.knowledge.get("duty"), case.severity, ctx.now)
    return Outcome("on_duty" if made.on_duty else "off_duty", {"at": ctx.moment(made.at)})


def _due_again(ctx: Context, case: Case, severity: str) -> None:
    """What a human has answered before is due anew; what nobody answered keeps its time."""
    if case.answered_at is not None:
        case.answer_due_at = duty.promise(ctx.knowledge.get("duty"), severity, ctx.now).at


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
    """A human gives the conversation back to the bot. What stood open before is over, and for a day what she writes is
    taken as an answer to that human (`pass_on`)."""
    conversation = ctx.conversation
    if conversation.owner != "bot":
        shared = dict(conversation.session.get("shared", {}))
        if conversation.owner == "human" and ctx.cases:
            hours = int(ctx.knowledge.get("contact_policy")["answer_hours"])
            shared[ANSWER_UNTIL] = (ctx.now + timedelta(hours=hours)).isoformat()
        conversation.session = {"shared": shared}
    conversation.give_to("bot")
    return Outcome("released")
