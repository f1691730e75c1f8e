"""Emergency numbers: which one, and whether it may be said again without being chosen.

Law: no action here (flows call `cases.emergency`). A number that is not sure is none; to a child none is said.
"""

from __future__ import annotations

from handlers.context import Case, Context
from handlers.opening import CHILD, is_minor


def number_of(ctx: Context, country: str = "") -> str:
    """The emergency number of a country, else of the country of stay; empty when none is sure."""
    country = country or ctx.person.country or ctx.conversation.country_hint or ""
    return str(ctx.knowledge.get("emergency")["numbers"].get(country, ""))


def spoken_number(ctx: Context, case: Case | None) -> str:
    """The number that may be said again without its choice: only in a danger that began with it, never to a child."""
    own = case is not None and ctx.knowledge.get("triage")["severity"].get(case.kind) == "critical"
    return number_of(ctx) if case and own and case.kind != CHILD and not is_minor(case.facts) else ""


def number_unknown(ctx: Context, case: Case | None) -> bool:
    """Whether a number would be said of this danger if we knew one: no country is known, or no sure number of it."""
    triage = ctx.knowledge.get("triage")
    own = case is not None and triage["severity"].get(case.kind) == "critical"
    if case is None or not own or case.kind == CHILD or is_minor(case.facts) or case.kind in triage["needs_risk_note"]:
        return False
    return not number_of(ctx)
