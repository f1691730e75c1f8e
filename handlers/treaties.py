"""Which treaties a country has ratified, as far as we know.

Law: "not ratified" is never said as "no rights"; what is of low confidence and unsigned is left out.
"""

from __future__ import annotations

from typing import Any

from handlers import facts
from handlers.context import Context, Outcome

__all__ = ["both", "list_of", "plain", "where"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "where": {"known": ("land",), "unknown": ()},
    "list_of": {"some": ("names", "ratified"), "no_treaty": (), "unknown": ()},
    "plain": {"told": ("name", "said"), "held": ()},
    "both": {"told": ("other_land", "names", "other_names"), "unknown": ()},
}

MOST = 9  # that can be read on: a list has ten lines, the last one leads on


def _ratified(ctx: Context, country: object) -> list[str] | None:
    """Treaties of a country in the order of the file; None when the country is not in it."""
    conventions = ctx.knowledge.get("conventions")
    states = conventions["countries"].get(facts.code(country))
    if not states:
        return None
    shown = {k: v for k, v in states.items() if facts.may_be_shown(v, conventions)}
    return [
        name
        for name in conventions["instruments"]
        if _may_be_read(ctx, name) and shown.get(name, {}).get("status") == "ratified"
    ]


def _may_be_read(ctx: Context, name: str) -> bool:
    """Whether what a treaty says passed the gate."""
    conventions = ctx.knowledge.get("conventions")
    return name in conventions["instruments"] and facts.may_be_shown(conventions["instruments"][name], conventions)


def _label(ctx: Context, country: object, name: str) -> list[Any]:
    """The short name of a treaty, and what must be said beside it in this country."""
    code = facts.code(country)
    note = ctx.knowledge.get("conventions")["countries"][code][name].get("say")
    beside = ["-", {"text": f"conventions.{code}.{name}.say"}] if note else []
    return [{"text": f"conventions.{name}.label"}, *beside]


def _lines(ctx: Context, country: object, ratified: list[str]) -> dict[str, Any]:
    """One per line."""
    return {"list": [{"row": ["-", *_label(ctx, country, name)]} for name in ratified]}


def _row(ctx: Context, country: object, ratified: list[str]) -> dict[str, Any]:
    """All on one line, parted by strokes."""
    parts = [part for name in ratified for part in ("/", *_label(ctx, country, name))]
    return {"row": parts[1:]} if parts else facts.term("no_treaty")


async def where(ctx: Context, *, land: object = None, country: str | None = None) -> Outcome:
    """The country that was named, else where the person is."""
    code = facts.code(land) or facts.code(country)
    return Outcome("known", {"land": facts.land(code)}) if code else Outcome("unknown")


async def list_of(ctx: Context, *, country: object) -> Outcome:
    """What a country has ratified, and the same as options to read on."""
    ratified = _ratified(ctx, country)
    if ratified is None:
        return Outcome("unknown")
    options = [{"id": name.lower(), "value": {"text": f"conventions.{name}.label"}} for name in ratified[:MOST]]
    if not ratified:
        return Outcome("no_treaty")
    return Outcome("some", {"names": _lines(ctx, country, ratified), "ratified": options})


async def plain(ctx: Context, *, treaty: str) -> Outcome:
    """What a treaty says, in one plain sentence."""
    name = treaty.upper()
    if not _may_be_read(ctx, name):
        return Outcome("held")
    return Outcome(
        "told", {"name": {"text": f"conventions.{name}.label"}, "said": {"text": f"conventions.{name}.plain"}}
    )


async def both(ctx: Context, *, country: object, other: str | None) -> Outcome:
    """Two countries side by side."""
    one, two = _ratified(ctx, country), _ratified(ctx, other)
    if one is None or two is None:
        return Outcome("unknown")
    one_row, two_row = _row(ctx, country, one), _row(ctx, other, two)
    return Outcome("told", {"other_land": facts.land(other), "names": one_row, "other_names": two_row})
