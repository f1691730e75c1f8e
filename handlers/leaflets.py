"""Leaflets: what the course and the rules of her country say about one thing, in one message.

Law: a leaflet has no words of its own (`knowledge/materials.yml` names texts), so a corrected fact corrects it too; a
right passes the gate of facts like everywhere.
"""

from __future__ import annotations

from typing import Any

from handlers import facts
from handlers.context import Context, Outcome

__all__ = ["offer", "read"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "offer": {"found": ("leaflets", "others")},
    "read": {"checked": ("texts", "date"), "unchecked": ("texts", "date"), "none": ()},
}

FIRST = 9


async def offer(ctx: Context) -> Outcome:
    """All leaflets by their topics: the first page, and the rest."""
    rows = [
        {"id": name, "value": {"text": f"topics.{spec['rights']}.say" if spec["rights"] else spec["title"]}}
        for name, spec in ctx.knowledge.get("materials")["leaflets"].items()
    ]
    return Outcome("found", {"leaflets": rows[:FIRST], "others": rows[FIRST:]})


async def read(ctx: Context, *, name: str | None = None, country: str | None = None) -> Outcome:
    """The texts of a leaflet, with the rule of the country where there is one that may be shown."""
    spec = ctx.knowledge.get("materials")["leaflets"].get(name or "")
    if spec is None:
        return Outcome("none")
    texts: list[dict[str, Any]] = [{"text": text} for text in spec["text"]]
    rule = facts.right(ctx, country, spec["rights"]) if spec["rights"] and country in spec["countries"] else None
    if rule:
        texts.append(dict(rule.text))
    signed = facts.is_checked(spec, ctx.knowledge.get("materials")) and (rule is None or rule.checked)
    date = {"month": str(spec["date"])}
    return Outcome("checked" if signed else "unchecked", {"texts": {"list": texts}, "date": date})
