"""How it goes after one, three, six and twelve months: asked only of who allowed it.

Law: answers are counted without a person (`Feedback`); what is kept of her is a fact of an open case. Who does not feel
safe is shown to a human; nothing is concluded here.
"""

from __future__ import annotations

import calendar
from datetime import datetime
from typing import Any

from bot.store.records import Feedback, Referral, Reminder
from handlers import referral as referrals
from handlers.context import Context, Outcome
from handlers.feedback import GRADES

__all__ = ["begin", "leave", "note", "plan"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "plan": {"planned": ()},
    "begin": {"ready": ("month", "word", "referral", "late")},
    "note": {"fine": (), "worried": ()},
    "leave": {"left": ()},
}

TOPIC = "follow_up"
BETTER, SAME, WORSE = "better", "same", "worse"


async def plan(ctx: Context, *, referral: str | None = None, word: object = None) -> Outcome:
    """She allowed it: a reminder for each of the months."""
    for month in ctx.knowledge.get("follow_up")["months"]:
        slots: dict[str, Any] = {"month": month, "referral": referral, "word": word}
        ctx.shelf.add(Reminder(flow=TOPIC, slots=slots, due_at=after(ctx.now, month), topic=TOPIC))
    return Outcome("planned")


async def begin(ctx: Context, *, month: object = None, word: object = None, referral: str | None = None) -> Outcome:
    """What this round is about; `late` when the business is asked about too."""
    facts = ctx.knowledge.get("follow_up")
    this = month if isinstance(month, int) else facts["months"][0]
    shown = word if isinstance(word, dict) else referrals.word(ctx.person.profile.get("topic"))
    late = "yes" if this >= facts["business_month"] else "no"
    return Outcome("ready", {"month": this, "word": shown, "referral": referral, "late": late})


async def note(
    ctx: Context,
    *,
    month: object = None,
    referral: str | None = None,
    income: str | None = None,
    debt: str | None = None,
    safe: str | None = None,
    business: str | None = None,
) -> Outcome:
    """Count the answers; keep them with an open case, and the plainest of them with the referral."""
    answers = {"income": income, "debt": debt, "business": business}
    if safe in GRADES:
        ctx.shelf.add(Feedback(kind=f"{TOPIC}.{month}", safe=GRADES[safe]))
    for name, value in answers.items():
        if value in GRADES:
            ctx.shelf.add(Feedback(kind=f"{TOPIC}.{month}.{name}", helped=GRADES[value]))
    row = next((r for r in await ctx.shelf.mine(Referral) if str(r.id) == referral), None)
    if row is not None:
        row.outcome = {"good": BETTER, "some": SAME, "bad": WORSE}.get(income or "", row.outcome)
    case = next((c for c in ctx.cases if row is not None and c.id == row.case_id), None)
    if case is not None:
        case.facts[f"after_{month}_months"] = {k: v for k, v in {**answers, "safe": safe}.items() if v}
        ctx.record(case, "followed_up", month=month)
    if safe != "bad":
        return Outcome("fine")
    ctx.notify("queue", "not_safe_later", "high", case)
    return Outcome("worried")


async def leave(ctx: Context) -> Outcome:
    """Never again: all that waits is called off."""
    for reminder in await ctx.shelf.mine(Reminder):
        if reminder.topic == TOPIC and reminder.state == "waiting":
            reminder.state = "cancelled"
    return Outcome("left")


def after(now: datetime, months: int) -> datetime:
    """The same day so many months later, or the month's last one."""
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)
