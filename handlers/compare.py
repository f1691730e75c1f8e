"""What the law says about one topic in two countries.

Law: each side passes the same gate as a single answer; a side that may not be shown says so.
"""

from __future__ import annotations

from handlers import facts
from handlers.context import Context, Outcome
from handlers.rights import offered

__all__ = ["countries", "tell"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "countries": {"found": ("countries", "topics", "more")},
    "tell": {"checked": ("one", "said_one", "two", "said_two"), "unchecked": ("one", "said_one", "two", "said_two")},
}


async def countries(ctx: Context, *, without: str | None = None) -> Outcome:
    """Countries that we know the law of, but the one that is chosen already; and the topics."""
    codes = [code for code in ctx.knowledge.get("rights") if code != without]
    first, more = offered(ctx)
    options = [{"id": code, "value": facts.land(code)} for code in codes]
    return Outcome("found", {"countries": options, "topics": first, "more": more})


async def tell(ctx: Context, *, one: str, two: str, topic: str) -> Outcome:
    """Both answers."""
    found = [facts.right(ctx, code, topic) for code in (one, two)]
    said_one, said_two = (side.text if side else facts.term("held") for side in found)
    signed = all(side is None or side.checked for side in found)
    return Outcome(
        "checked" if signed else "unchecked",
        {"one": facts.land(one), "said_one": said_one, "two": facts.land(two), "said_two": said_two},
    )
