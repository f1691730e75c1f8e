"""Referrals: what a receiver may know, what became of it, and the few words that the person reads about it.

Law: nothing leaves without consent that named the receiver; what leaves is a name to use, a language and the need. The
person's own word is all that a later message says. Accepting, rejecting and completing are acts of staff.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bot.store.rows import Referral, Reminder
from handlers import cases
from handlers.context import Case, Context, Outcome

__all__ = ["accept", "ask", "complete", "news", "reject", "words"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "words": {"found": ("words",)},
    "ask": {"asked": ("reference", "at", "referral", "word")},
    "accept": {"accepted": ("word",), "unknown": (), "not_staff": ()},
    "reject": {"rejected": ("word",), "unknown": (), "not_staff": ()},
    "complete": {"completed": ("word",), "unknown": (), "not_staff": ()},
    "news": {"accepted": ("word", "news"), "rejected": ("word", "news"), "completed": ("word", "news")},
}

KIND = "returnee"
FROM = {"accepted": ("asked",), "rejected": ("asked", "accepted"), "completed": ("accepted",)}


def word(topic: object) -> dict[str, str]:
    """The person's own word for it, as a slot value."""
    return {"text": f"follow_up.{topic or 'plain'}.say"}


async def words(ctx: Context) -> Outcome:
    """The words that somebody may choose from."""
    return Outcome("found", {"words": [{"id": n, "value": word(n)} for n in ctx.knowledge.get("follow_up")["offered"]]})


async def ask(
    ctx: Context,
    *,
    need: str | None = None,
    service: str | None = None,
    receiver: object = None,
    name: str | None = None,
    topic: str | None = None,
) -> Outcome:
    """Ask for a service: a record for the desk, in a case of its own kind. Without `receiver` a person finds one first,
    and asks again with its name."""
    ctx.person.profile["topic"] = topic or "plain"
    case = _case(ctx, need)
    told = {"name": name, "language": ctx.person.language or ctx.person.language_guess, "need": need}
    rows = [r for r in await ctx.shelf.mine(Referral) if r.service == (service or need) and r.state == "asked"]
    row = rows[0] if rows else ctx.shelf.add(Referral(service=service or need or ""))
    row.receiver = str(receiver["text"]) if isinstance(receiver, dict) else ""
    row.topic, row.case_id = topic or "plain", case.id
    row.facts = {key: value for key, value in told.items() if value}
    ctx.record(case, "referral_asked", service=row.service)
    ctx.notify("queue", "referral", case.severity, case)
    at = cases.due(ctx, case)
    reference = cases.grouped(case.reference)
    return Outcome("asked", {"reference": reference, "at": at, "referral": str(row.id), "word": word(row.topic)})


async def accept(ctx: Context, *, referral: str) -> Outcome:
    """The receiver said yes."""
    if ctx.actor.kind != "staff":
        return Outcome("not_staff")
    row = await _decide(ctx, referral, "accepted")
    return Outcome("accepted", {"word": word(row.topic)}) if row else Outcome("unknown")


async def reject(ctx: Context, *, referral: str) -> Outcome:
    """The receiver cannot: what we would have asked about it later is called off."""
    if ctx.actor.kind != "staff":
        return Outcome("not_staff")
    row = await _decide(ctx, referral, "rejected")
    for reminder in await ctx.shelf.mine(Reminder) if row else ():
        if reminder.state == "waiting" and reminder.slots.get("referral") == referral:
            reminder.state = "cancelled"
    return Outcome("rejected", {"word": word(row.topic)}) if row else Outcome("unknown")


async def complete(ctx: Context, *, referral: str) -> Outcome:
    """It took place."""
    if ctx.actor.kind != "staff":
        return Outcome("not_staff")
    row = await _decide(ctx, referral, "completed")
    return Outcome("completed", {"word": word(row.topic)}) if row else Outcome("unknown")


async def news(ctx: Context, *, news: str | None = None, word: object = None) -> Outcome:
    """What is to be said, in her word (the flow of a reminder that `_decide` left)."""
    shown = word if isinstance(word, dict) else {"text": "follow_up.plain.say"}
    said = "rejected" if news == "rejected" else "completed" if news == "completed" else "accepted"
    return Outcome(
        "rejected" if said == "rejected" else "completed" if said == "completed" else "accepted",
        {"word": shown, "news": said},
    )


async def _decide(ctx: Context, referral: str, state: str) -> Referral | None:
    """The new state, an event of the case, a line to the person in her safe hours; None when it cannot become so."""
    row = next((r for r in await ctx.shelf.mine(Referral) if str(r.id) == referral and r.state in FROM[state]), None)
    if row is None:
        return None
    row.state, row.decided_at = state, ctx.now
    if case := _by_id(ctx, row.case_id):
        ctx.record(case, f"referral_{state}", service=row.service)
    slots: dict[str, Any] = {"news": state, "word": word(row.topic)}
    ctx.shelf.add(Reminder(flow="referral_news", slots=slots, due_at=ctx.now, topic="referral"))
    return row


def _case(ctx: Context, need: str | None) -> Case:
    """Her open case of this kind, else a new one. A case of another kind is not touched: a caseworker joins them."""
    open_one = next((c for c in ctx.cases if c.kind == KIND), None)
    if open_one is not None:
        return open_one
    severity = str(ctx.knowledge.get("triage")["severity"].get(KIND, "medium"))
    return cases.new_case(ctx, KIND, severity, {"need": need})


def _by_id(ctx: Context, case_id: UUID | None) -> Case | None:
    return next((c for c in ctx.cases if c.id == case_id), None)
