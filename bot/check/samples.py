"""The longest values that a text may have to hold: what the SMS budget is reckoned with.

Law: as long as it can get in that language, never longer; a slot of free text has no longest value, so such a slot
does not belong into a text with a budget (None).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.limits import units
from bot.check.slots import fill_of
from bot.content import Content
from bot.content.reply import texts_in
from bot.content.wording import spoken, with_days
from bot.engine.flow import Flow

_SUNDAY = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # any week will do
_UNBOUNDED = frozenset({"text", "media", "location", "hours"})
_BY_READER: dict[str, tuple[Any, ...]] = {
    "number": (1000,),
    "amount": ({"value": "10000000", "currency": "NPR"}, {"value": "10000.500", "currency": "KWD"}),
    "date": ("2026-12-31",),
    "country": ("NP",),
    "phone": ("+971501234567",),
    "code": ("8888888888888888",),
    "digits": ("8888888888888888",),
}


def _moments(content: Content) -> Iterable[Any]:
    """Another day of the coming week at 20:00: days of the week differ in length."""
    for days in range(1, 7):
        at = _SUNDAY + timedelta(days=days)
        yield {"at": at.isoformat(), "zone": "UTC", "now": _SUNDAY.isoformat()}


def _emergency(content: Content) -> Iterable[Any]:
    return list(content.knowledge.get("emergency")["numbers"].values())


def _stages(content: Content) -> Iterable[Any]:
    return [{"text": name} for name in content.knowledge.texts if name.startswith("stages.")]


# Slots that actions set, by name: the same name is the same kind of value in every handler.
_BY_NAME: dict[str, Callable[[Content], Iterable[Any]]] = {
    "reference": lambda content: ("888 888 8",),
    "at": _moments,
    "earlier": _moments,
    "emergency": _emergency,
    "other": lambda content: ("888 888 8",),
    "stage": _stages,
}


def longest(content: Content, flow: Flow, slot: str, language: str, days: Sequence[str] = ()) -> Any | None:
    """The value of `slot` that takes most room when it is spoken in this language (with these names of days, where
    there are some); None when nothing bounds it."""
    fill = fill_of(content.flows, flow, slot)
    if slot in _BY_NAME:
        values = list(_BY_NAME[slot](content))
    elif fill and fill.reader not in _UNBOUNDED:
        values = list(_BY_READER[fill.reader])
    else:
        values = []
    texts = texts_in(language, content.catalogue, content.knowledge.texts)
    said = [with_days({slot: value}, days, language)[slot] if days else value for value in values]
    return max(said, key=lambda value: units(spoken(value, language, texts)), default=None)
