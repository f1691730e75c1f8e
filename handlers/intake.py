"""A case that a colleague types up for somebody who stands before her, rings, or wrote on paper.

Law: the same case as the bot's: kinds, severity, queue and pages by the same rules. Nothing is said to anybody here;
that she may be written to is taken down only with her yes, a number, and a phone that is hers to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handlers import cases, handoff, profile, which
from handlers.context import Context, Outcome

__all__ = ["type_up"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "type_up": {"opened": ("reference",), "taken": ("reference",), "full": ("reference", "open")},
}

YES = "yes"  # of the answers to consent
HEAVY_FACTS = ("self_harm", "sh_now", "sh_plan")  # a yes to these: the case is one of self-harm too, whatever its kind
HEAVY_THOUGHTS = "self_harm_thoughts"  # the same, among the dangers
YEARS = (1900, 2100)  # a number between is a year of birth
OLDEST = 120


@dataclass(frozen=True, slots=True)
class Told:
    """What was typed up. `consent`: yes, or open (she could not be asked). `came`: how she came. `hours`: minutes."""

    kind: str
    consent: str
    came: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None  # one that is installed
    country: str | None = None
    may_write: bool = False
    hours: Mapping[str, int] | None = None
    take: bool = False


async def type_up(ctx: Context, told: Told, *, can_write: bool) -> Outcome:
    """Open the case; who types it has it, if she says so (`full`: it is in the queue, she has too many of the gravest).
    `can_write`: this conversation has an address."""
    if told.consent == YES:
        await profile.give_consent(ctx)
    if told.consent != YES or not (told.may_write and can_write):
        ctx.person.consent_contact_at = None
    if not can_write:
        ctx.conversation.blocked_at = ctx.now  # there is nowhere to write to: nothing is queued for ever
    if told.language:
        await profile.set_language(ctx, language=told.language)
    if told.hours:
        await profile.set_hours(ctx, hours=dict(told.hours))
    ctx.person.country = told.country or ctx.person.country
    facts = {**told.facts, **_age(told.facts.get("worker_birth"), ctx.now), **_also(told)}
    opened = await cases.open_case(ctx, kind=told.kind, **facts)
    case, number = ctx.cases[0], str(opened.slots["reference"])
    ctx.record(case, "typed_up", came=told.came)
    if not told.take:
        return Outcome("opened", {"reference": number})
    taken = await handoff.take(ctx)
    if taken.name == "full":
        return Outcome("full", {"reference": number, "open": taken.slots["open"]})
    await handoff.replied(ctx)  # she has been heard by a human: that is the first answer
    return Outcome("taken", {"reference": number})


def _also(told: Told) -> dict[str, list[str]]:
    """Thoughts of ending a life are kept with the care that they need, also in a case about pay."""
    facts = told.facts
    heavy = HEAVY_THOUGHTS in facts.get("danger_type", ()) or any(facts.get(name) == YES for name in HEAVY_FACTS)
    return {"also": [which.HEAVY]} if heavy and told.kind != which.HEAVY else {}


def _age(birth: Any, now: datetime) -> dict[str, int]:
    """An age from an age or a year of birth; of a year the younger one, since a child must not be overlooked."""
    digits = str(birth or "").strip()
    if not (digits.isascii() and digits.isdecimal()):
        return {}
    number = int(digits)
    if YEARS[0] <= number <= min(YEARS[1], now.year):
        return {"age": max(0, now.year - number - 1)}
    return {"age": number} if number <= OLDEST else {}
