"""How our help was: asked of who allowed it, counted without a person; and what changed because of it.

Law: never after self-harm, abuse, or where a child or a family's loss is in it (`knowledge/feedback.yml`); an answer
leads back to nobody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.store.records import Feedback, Reminder
from handlers.context import Case, Context, Outcome
from handlers.which import concerned

__all__ = ["allow", "ask_later", "changes", "forbid", "known", "note"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "known": {"yes": (), "no": (), "open": ()},
    "allow": {"noted": ()},
    "forbid": {"noted": ()},
    "ask_later": {"planned": (), "not_asked": ()},
    "note": {"counted": (), "unsafe": ()},
    "changes": {"some": ("rows",), "none": ()},
}

TOPIC = "feedback"
GRADES = {"good": 3, "some": 2, "bad": 1}
LATEST = 4  # quarters that are shown


async def known(ctx: Context) -> Outcome:
    """Whether she was asked if we may ask, and what she said. Whom we never ask is not asked for leave either."""
    said = ctx.person.profile.get(TOPIC)
    if any(not may_ask(ctx, case) for case in (*ctx.cases, *ctx.closed)):
        return Outcome("no")
    return Outcome("yes" if said == "yes" else "no" if said == "no" else "open")


async def allow(ctx: Context) -> Outcome:
    """She lets us ask."""
    ctx.person.profile[TOPIC] = "yes"
    return Outcome("noted")


async def forbid(ctx: Context) -> Outcome:
    """She does not: what was planned is called off."""
    ctx.person.profile[TOPIC] = "no"
    for reminder in await ctx.shelf.mine(Reminder):
        if reminder.topic == TOPIC and reminder.state == "waiting":
            reminder.state = "cancelled"
    return Outcome("noted")


async def ask_later(ctx: Context, *, reference: str | None = None) -> Outcome:
    """After a case was closed (the desk) or called solved (the person): plan the questions, if they may be asked.

    `reference`: the case; without it the newest. Every open case counts too: nobody in abuse is asked about another.
    """
    digits = "".join(c for c in reference or "" if c.isdigit())
    case = next((c for c in ctx.cases if c.reference == digits or not digits), None)
    if ctx.person.profile.get(TOPIC) != "yes" or case is None or any(not may_ask(ctx, c) for c in ctx.cases):
        return Outcome("not_asked")
    for reminder in await ctx.shelf.mine(Reminder):
        if reminder.topic == TOPIC and reminder.state == "waiting":
            return Outcome("planned")  # once is enough, however many cases are closed
    for days in ctx.knowledge.get(TOPIC)["after_days"]:
        slots: dict[str, Any] = {"kind": case.kind, "days": days}
        ctx.shelf.add(Reminder(flow=TOPIC, slots=slots, due_at=ctx.now + timedelta(days=days), topic=TOPIC))
    return Outcome("planned")


def may_ask(ctx: Context, case: Case) -> bool:
    """Whether anybody with such a case is asked. Facts count beside the kind: a child is a child in every case."""
    never = ctx.knowledge.get(TOPIC)["never"]
    return case.kind not in never and case.severity != "critical" and case.facts.get("child") != "yes"


async def note(
    ctx: Context, *, safe: str | None = None, helped: str | None = None, respected: str | None = None
) -> Outcome:
    """Count the three answers. Who is not safe is shown to a human: that alone is not only counted."""
    grades = {"safe": safe, "helped": helped, "respected": respected}
    given = {name: GRADES[value] for name, value in grades.items() if value in GRADES}
    if given:
        ctx.shelf.add(
            Feedback(
                kind="help",
                safe=given.get("safe"),
                helped=given.get("helped"),
                respected=given.get("respected"),
            )
        )
    if safe == "bad":
        ctx.notify("queue", "not_safe_later", "high", concerned(ctx))
        return Outcome("unsafe")
    return Outcome("counted")


async def changes(ctx: Context) -> Outcome:
    """The newest quarters of `knowledge/what_changed.yml`, newest first."""
    rows: list[Any] = []
    for quarter in list(ctx.knowledge.get("what_changed")["quarters"])[:LATEST]:
        rows += [{"text": f"what_changed.quarters.{quarter['id']}.{key}"} for key in ("told", "changed")]
    return Outcome("some", {"rows": {"list": rows}}) if rows else Outcome("none")
