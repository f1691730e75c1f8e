"""Who can be called, by country and need.

Law: only numbers that passed the gate, three at a time, warnings first; who is not taken is not sent. Nothing is kept.
"""

from __future__ import annotations

from typing import Any

from handlers import facts, means
from handlers.context import Context, Outcome
from handlers.facts import Found

__all__ = ["again", "find", "questions", "where"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "where": {
        "choose": ("land", "needs", "more", "moved"),
        "ready": ("land", "needs", "more", "moved"),
        "none": ("land", "moved"),
    },
    "questions": {"who": (), "work": (), "none": ()},
    "find": {"found": ("body",), "emergency": ("body",), "nobody": ()},
    "again": {"cleared": ("need", "who", "work", "choose")},
}

FIRST = 9
EVERYWHERE = "INT"
ALWAYS = ("mission",)  # offered also where no number is known: a person finds it
WHO = frozenset({"shelter", "women", "children"})  # needs for which it matters who comes
TAKEN = {"woman": "women", "man": "men", "boy": "children", "child": "children", "pregnant": "women"}


def _all(ctx: Context, land: object) -> list[Found]:
    """What a country has, then what there is everywhere."""
    here = [found for _, found in facts.contacts(ctx, land)]
    return here + [found for _, found in facts.contacts(ctx, EVERYWHERE)]


async def where(
    ctx: Context,
    *,
    place: str | None = None,
    country: str | None = None,
    need: str | None = None,
    moved: str | None = None,
) -> Outcome:
    """Which country is meant, and which needs somebody there answers. `moved`: another one, written where a need was
    asked for; it is used once."""
    code = facts.code(moved) or facts.code(place) or facts.code(country)
    if code not in ctx.knowledge.get("contacts") or code == EVERYWHERE:
        return Outcome("none", {"land": facts.land(code) if code else None, "moved": None})
    served = {found.fact["need"] for found in _all(ctx, code)} | set(ALWAYS)
    needs = [name for name in ctx.knowledge.get("needs")["needs"] if name in served]
    options: list[dict[str, Any]] = [{"id": name, "value": {"text": f"needs.{name}.label"}} for name in needs]
    other = {"id": "place", "value": {"text": "terms.place.label"}}
    return Outcome(
        "ready" if need in ctx.knowledge.get("needs")["needs"] else "choose",
        {"land": facts.land(code), "needs": options[:FIRST], "more": [*options[FIRST:], other], "moved": None},
    )


async def questions(ctx: Context, *, country: object, need: str | None) -> Outcome:
    """What must be known first: who comes (for a place to stay), or the kind of work; only where the answer differs."""
    fitting = [found.fact for found in _all(ctx, country) if found.fact["need"] == need]
    if need in WHO and any(fact.get("takes") for fact in fitting):
        return Outcome("who")
    return Outcome("work" if any(fact["sectors"] != ["any"] for fact in fitting) else "none")


async def find(
    ctx: Context, *, country: object, need: str | None, who: str | None = None, work: str | None = None
) -> Outcome:
    """Up to three contacts. `who`: woman, man, boy, child (with a child), pregnant; `work`: home, company, other."""
    fitting = [f for f in _all(ctx, country) if f.fact["need"] == need and _works(f, work) and _takes(f, who)]
    if not fitting or who == "boy":  # somebody under 18: a person of ours first
        return Outcome("nobody")
    stay = ctx.person.country or ctx.conversation.country_hint
    body = means.body(fitting, abroad=bool(stay) and stay != facts.code(country))
    return Outcome("emergency" if need == "emergency" else "found", {"body": body})


async def again(ctx: Context) -> Outcome:
    """The next round begins without the answers of this one; the country stays."""
    return Outcome("cleared", {"need": None, "who": None, "work": None, "choose": None})


def _works(found: Found, work: str | None) -> bool:
    """An entry for companies is never shown to somebody who works in a home, nor the other way round."""
    only = {"domestic": "home", "company": "company"}
    return any(sector == "any" or work is None or only.get(sector) == work for sector in found.fact["sectors"])


def _takes(found: Found, who: str | None) -> bool:
    """Whether somebody may be taken: where nobody said who is, a person asks first."""
    takes = found.fact.get("takes")
    return not takes or who is None or TAKEN.get(who) in takes
