"""Somebody younger than 18 writes: two named people are told, at once, and nobody else.

Law: no contact with parents, agent or embassy is ever made from here; a child gets no certificate and no story of hers
is used. What is said is in `flows/child.yml`; who is told is in `knowledge/child_protection.yml`.
"""

from __future__ import annotations

from handlers.context import Context, Outcome
from handlers.opening import CHILD, is_minor, learn, new_case
from handlers.references import grouped
from handlers.which import recent_alarm

__all__ = ["raise_child"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "raise_child": {"raised": ("reference",), "parent_away": ("reference",)}
}


def is_child(ctx: Context) -> bool:
    """Whether an open case says that this person is younger than 18."""
    return any(is_minor(case.facts) for case in ctx.cases)


async def raise_child(ctx: Context, *, tells: str | None = None) -> Outcome:
    """Say of the present case, or of a new one, that it is a child's; critical, and paged once. `tells`: `parent_away`
    when the child told of a father or mother."""
    marked = next((case for case in ctx.cases if is_minor(case.facts)), None)
    case = marked or recent_alarm(ctx) or new_case(ctx, CHILD, "critical", {})
    learn(ctx, case, {CHILD: "yes", "parent_away": "yes" if tells == "parent_away" else None})
    return Outcome("parent_away" if tells == "parent_away" else "raised", {"reference": grouped(case.reference)})
