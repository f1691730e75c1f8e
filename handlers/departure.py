"""Reminders before the day of leaving: a few lessons, some days ahead, only for who asked for them.

Law: a reminder is a row that a job starts within her safe hours; a day that is over reminds nobody. One word ends them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.store.records import Reminder
from handlers import facts
from handlers.context import Context, Outcome

__all__ = ["plan", "quiet", "today"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "today": {"today": ("today",)},
    "plan": {"planned": ("count", "day"), "over": (), "unread": ()},
    "quiet": {"quiet": ()},
}

TOPIC = "departure"
HOUR = time(10)  # local; the job waits for her safe hours besides
FURTHEST = timedelta(days=366)


def _local(ctx: Context) -> date:
    return ctx.day()


async def today(ctx: Context) -> Outcome:
    """What "tomorrow" counts from: the day where she is."""
    return Outcome("today", {"today": _local(ctx).isoformat()})


async def plan(ctx: Context, *, day: str | None = None) -> Outcome:
    """A reminder for each lesson of `before:` in the file of the track; those of an earlier day are cancelled. Who asks
    to be reminded may be written to."""
    try:
        leaving = date.fromisoformat(day or "")
    except ValueError:
        return Outcome("unread")
    here = _local(ctx)
    if leaving <= here and after(leaving) - here < FURTHEST - timedelta(days=31):
        leaving = after(leaving)  # "15 March" is read as the last one; she speaks of the next
    if leaving <= here or leaving - here > FURTHEST:
        return Outcome("over")
    await _call_off(ctx)
    count = 0
    track = ctx.knowledge.get("orientation")["pre_departure"]
    for row in track["before"]:
        if not facts.may_be_shown(track["modules"][row["lesson"].partition(".")[0]], track):
            continue
        due = datetime.combine(leaving - timedelta(days=row["days"]), HOUR, ZoneInfo(ctx.zone())).astimezone(UTC)
        if due > ctx.now:
            slots: dict[str, Any] = {"lesson": {"text": f"orientation.pre_departure.{row['lesson']}.say"}}
            ctx.shelf.add(Reminder(flow="before_leaving", due_at=due, slots=slots, topic=TOPIC))
            count += 1
    if ctx.person.consent_contact_at is None:
        ctx.person.consent_contact_at = ctx.now
    return Outcome("planned", {"count": count, "day": {"day": leaving.isoformat()}})


def after(day: date) -> date:
    """The same day a year later, or the last one of that February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


async def quiet(ctx: Context) -> Outcome:
    """No more of them."""
    await _call_off(ctx)
    return Outcome("quiet")


async def _call_off(ctx: Context) -> None:
    for reminder in await ctx.shelf.mine(Reminder):
        if reminder.topic == TOPIC and reminder.state == "waiting":
            reminder.state = "cancelled"
