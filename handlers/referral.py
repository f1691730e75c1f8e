"""Referrals: what a receiver may know, what became of it, and the few words that the person reads about it.

Law: nothing leaves without consent that named the receiver; what leaves is a name to use, a language and the need. The
person's own word is all that a later message says. Offering, sending, accepting, rejecting and completing are acts of
staff; the yes is hers, written to the bot or said to a caseworker, and nothing is sent before it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bot.store.records import Referral, Reminder
from handlers import cases, opening, references
from handlers.context import Case, Context, Outcome

__all__ = [
    "accept",
    "agree",
    "ask",
    "complete",
    "decline",
    "news",
    "offer",
    "offered",
    "reject",
    "send",
    "withdraw",
    "words",
]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "words": {"found": ("words",)},
    "ask": {"asked": ("reference", "at", "referral", "word")},
    "offer": {"offered": ("referral",), "not_staff": (), "unknown": ()},
    "offered": {"open": ("referral", "receiver", "told"), "over": ()},
    "agree": {"agreed": (), "over": ()},
    "decline": {"declined": (), "over": ()},
    "send": {"sent": (), "unknown": (), "not_staff": ()},
    "withdraw": {"withdrawn": (), "unknown": (), "not_staff": ()},
    "accept": {"accepted": ("word",), "unknown": (), "not_staff": ()},
    "reject": {"rejected": ("word",), "unknown": (), "not_staff": ()},
    "complete": {"completed": ("word",), "unknown": (), "not_staff": ()},
    "news": {"accepted": ("word", "news"), "rejected": ("word", "news"), "completed": ("word", "news")},
}
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"agree", "ask"})

KIND = "returnee"
FROM = {
    "asked": ("offered",),
    "declined": ("offered",),
    "sent": ("asked",),
    "accepted": ("asked", "sent"),
    "rejected": ("asked", "sent", "accepted"),
    "completed": ("accepted",),
    "withdrawn": ("offered", "asked", "sent"),
}
OFFER = "referral_offer"  # the flow that asks her
SINCE_OFFER = {"asked": "agreed", "declined": "declined", "sent": "sent", "withdrawn": "withdrawn"}  # events


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
    row.topic, row.case_id, row.agreed_at = topic or "plain", case.id, ctx.now
    row.facts = {key: value for key, value in told.items() if value}
    ctx.record(case, "referral_asked", service=row.service)
    ctx.notify("queue", "referral", case.severity, case)
    at = cases.due(ctx, case)
    reference = references.grouped(case.reference)
    return Outcome("asked", {"reference": reference, "at": at, "referral": str(row.id), "word": word(row.topic)})


async def offer(
    ctx: Context,
    *,
    case_id: UUID,
    service: str,
    receiver: object,
    facts: dict[str, Any],
    told: object,
    entry_id: UUID | None = None,
    organisation_id: UUID | None = None,
    by_bot: bool = True,
) -> Outcome:
    """Staff propose a service to her. `receiver` names who would be told (a slot value), `facts` what they would be
    told, `told` the same for her to read. `by_bot`: the bot asks her, when it may; else who talks with her does."""
    if ctx.actor.kind != "staff":
        return Outcome("not_staff")
    case = _by_id(ctx, case_id)
    if case is None:
        return Outcome("unknown")
    row = ctx.shelf.add(
        Referral(
            service=service,
            receiver=str(receiver["text"]) if isinstance(receiver, dict) else "",
            topic=str(ctx.person.profile.get("topic") or "plain"),
            case_id=case.id,
            organisation_id=organisation_id,
            entry_id=entry_id,
            state="offered",
            facts={name: value for name, value in facts.items() if value},
        )
    )
    ctx.record(case, "referral_offered", service=service)
    if by_bot:
        slots = {"referral": str(row.id), "receiver": receiver, "told": told}
        ctx.shelf.add(Reminder(flow=OFFER, slots=slots, due_at=ctx.now, topic="referral"))
    return Outcome("offered", {"referral": str(row.id)})


async def offered(
    ctx: Context, *, referral: str | None = None, receiver: object = None, told: object = None
) -> Outcome:
    """Whether there is still something to ask her, and what (the flow of the reminder that `offer` left)."""
    rows = await ctx.shelf.mine(Referral)
    if not any(str(r.id) == referral and r.state == "offered" for r in rows):
        return Outcome("over")
    return Outcome("open", {"referral": referral, "receiver": receiver, "told": told})


async def agree(ctx: Context, *, referral: str | None = None) -> Outcome:
    """She says yes: to the bot, or to the caseworker who writes it down."""
    row = await _move(ctx, referral, "asked")
    if row is None:
        return Outcome("over")
    row.agreed_at = ctx.now
    if ctx.actor.kind == "person" and (case := _by_id(ctx, row.case_id)):
        ctx.notify("queue", "referral", case.severity, case)  # somebody has to ask there now
    return Outcome("agreed")


async def decline(ctx: Context, *, referral: str | None = None) -> Outcome:
    """She says no: nobody is told anything."""
    row = await _move(ctx, referral, "declined")
    return Outcome("declined") if row else Outcome("over")


async def send(ctx: Context, *, referral: str) -> Outcome:
    """Staff told the service, what she agreed to and no more."""
    if ctx.actor.kind != "staff":
        return Outcome("not_staff")
    row = await _move(ctx, referral, "sent")
    if row is None:
        return Outcome("unknown")
    row.sent_at = ctx.now
    return Outcome("sent")


async def withdraw(ctx: Context, *, referral: str) -> Outcome:
    """Staff take it back before the service has answered: nothing is asked of her any more."""
    if ctx.actor.kind != "staff":
        return Outcome("not_staff")
    return Outcome("withdrawn") if await _move(ctx, referral, "withdrawn") else Outcome("unknown")


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


async def _move(ctx: Context, referral: str | None, state: str) -> Referral | None:
    """The new state and an event of the case; what the bot would have asked is called off."""
    row = next((r for r in await ctx.shelf.mine(Referral) if str(r.id) == referral and r.state in FROM[state]), None)
    if row is None:
        return None
    row.state = state
    if state in ("declined", "withdrawn"):
        row.decided_at = ctx.now
    if case := _by_id(ctx, row.case_id):
        ctx.record(case, f"referral_{SINCE_OFFER[state]}", service=row.service)
    for reminder in await ctx.shelf.mine(Reminder):
        if reminder.state == "waiting" and reminder.flow == OFFER and reminder.slots.get("referral") == referral:
            reminder.state = "cancelled"
    return row


def _case(ctx: Context, need: str | None) -> Case:
    """Her open case of this kind, else a new one. A case of another kind is not touched: a caseworker joins them."""
    open_one = next((c for c in ctx.cases if c.kind == KIND), None)
    if open_one is not None:
        return open_one
    severity = str(ctx.knowledge.get("triage")["severity"].get(KIND, "medium"))
    return opening.new_case(ctx, KIND, severity, {"need": need})


def _by_id(ctx: Context, case_id: UUID | None) -> Case | None:
    return next((c for c in ctx.cases if c.id == case_id), None)
