"""What is true for somebody who waits for a human: how a danger ends, the line while she writes on, the line that she
allowed at night.

Law: nothing is promised that the rota does not say. Who owns the conversation is changed in `casework` alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.store import hours
from bot.store.records import CHECK_IN, Reminder
from handlers import duty
from handlers.context import Case, Context, Outcome
from handlers.emergencies import spoken_number
from handlers.triage import RANK
from handlers.which import HEAVY, find, heavy

__all__ = ["earlier", "ending", "plan_check_in", "stay"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "ending": {
        "asks": ("at",),
        "asks_grave": ("at", "emergency"),
        "tells": ("at", "emergency"),
        "night": ("at", "emergency"),
        "night_grave": ("at", "emergency"),
        "night_bare": ("at",),
        "night_noted": ("at",),
    },
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
}

HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)


async def ending(
    ctx: Context, *, can_write: str | None = None, life: str | None = None, reference: str | None = None
) -> Outcome:
    """How a danger ends. The next hour is asked about only while somebody is there, and only of who can write. `life`:
    what she said of how it is now; all but "no" is grave. Asked anew, an hour that she agreed to before is closed until
    she says yes again: a no, silence, and that she cannot write leave it so."""
    number = spoken_number(ctx, find(ctx, reference))
    grave = life not in (None, "no")
    rota = ctx.knowledge.get("duty")
    opens = duty.next_opening(rota, ctx.now)
    if opens <= ctx.now or can_write == "no":
        ctx.conversation.agreed_until = None
    if opens <= ctx.now:
        at = ctx.moment(duty.promise(rota, "critical", ctx.now).at)
        if can_write == "no":
            return Outcome("tells", {"at": at, "emergency": number})
        return Outcome("asks_grave", {"at": at, "emergency": number}) if grave else Outcome("asks", {"at": at})
    at = ctx.moment(opens)
    if number:
        return Outcome("night" if life == "no" else "night_grave", {"at": at, "emergency": number})
    return Outcome("night_noted" if grave else "night_bare", {"at": at})


# --- while she writes on


async def stay(ctx: Context) -> Outcome:
    """What is true for somebody who writes on while a human is awaited. What is overdue is told again."""
    case = _awaited(ctx)
    rota = ctx.knowledge.get("duty")
    due = (case and case.answer_due_at) or duty.promise(rota, case.severity if case else "medium", ctx.now).at
    opens = duty.next_opening(rota, ctx.now)
    if case is not None and case is heavy(ctx):
        return _stay_heavy(ctx, case, due, opens)
    if opens <= ctx.now:
        return _stay_by_day(ctx, case, due)
    if number := spoken_number(ctx, case):
        return Outcome("night", {"at": ctx.moment(opens), "emergency": number})
    return Outcome("noted_night", {"at": ctx.moment(opens)})


def _awaited(ctx: Context) -> Case | None:
    """The case for which a human is awaited here: the gravest that nobody has answered, else the newest one."""
    unanswered = [c for c in ctx.cases if c.answered_at is None] or ctx.cases[:1]
    return heavy(ctx) or max(unanswered, key=lambda c: RANK[c.severity], default=None)


def _stay_heavy(ctx: Context, case: Case, due: datetime, opens: datetime) -> Outcome:
    """It is too heavy for her: whoever is late is woken, at night too."""
    if due < ctx.now:
        ctx.notify("page", HEAVY, "critical", case)
    if due < ctx.now and opens <= ctx.now:
        return Outcome("late")
    return Outcome("waits", {"at": ctx.moment(due if opens <= ctx.now else opens)})


def _stay_by_day(ctx: Context, case: Case | None, due: datetime) -> Outcome:
    severity = case.severity if case else "medium"
    grave = severity == "critical"
    if due < ctx.now:
        ctx.notify("page" if grave else "queue", case.kind if case and grave else "late", severity, case)
        return Outcome("again" if grave else "noted_late")
    if grave:
        return Outcome("reads", {"at": ctx.moment(due)})
    return Outcome("worse" if severity == "high" else "noted", {"at": ctx.moment(due)})


# --- the line at night


async def earlier(ctx: Context) -> Outcome:
    """A moment at which the program may write before a human reads: an hour from now at least, half an hour before that
    human at least, within her safe hours. Often there is none, and then nothing is offered."""
    opens = duty.next_opening(ctx.knowledge.get("duty"), ctx.now)
    at = _half_hour(ctx, ctx.now + HOUR)
    while at <= opens - HALF_HOUR:
        if _safe(ctx, at):
            return Outcome("fits", {"at": ctx.moment(opens), "earlier": ctx.moment(at)})
        at += HALF_HOUR
    return Outcome("none", {"at": ctx.moment(opens)})


def _half_hour(ctx: Context, at: datetime) -> datetime:
    """Up to the next full half hour of her own clock; counted by UTC, since her clock may be changed in between."""
    local = at.astimezone(ZoneInfo(ctx.zone()))
    past = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    return at.astimezone(UTC) + (HALF_HOUR - past if past else past)


def _safe(ctx: Context, at: datetime) -> bool:
    """Whether a moment lies within her safe hours, or those of everybody who named none."""
    usual = ctx.knowledge.get("contact_policy")["default_safe_hours"]
    start = hours.minutes(usual["from"]) if ctx.person.safe_from is None else ctx.person.safe_from
    end = hours.minutes(usual["until"]) if ctx.person.safe_until is None else ctx.person.safe_until
    return hours.next_safe(start, end, ZoneInfo(ctx.zone()), at) <= at


async def plan_check_in(ctx: Context, *, earlier: dict[str, str] | None = None) -> Outcome:
    """She said yes: one line at that moment. It comes while a human is awaited, and not once one was there."""
    if earlier:
        ctx.shelf.add(Reminder(flow=CHECK_IN, due_at=datetime.fromisoformat(earlier["at"]), topic=CHECK_IN))
    return Outcome("planned")
