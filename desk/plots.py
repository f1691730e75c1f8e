"""Plots as numbers: where each bar stands. `templates/plots.html` draws them.

Law: pure. Mirrored for right-to-left; drawn small (360 wide), so that a phone shows them at their own size. No colour
says anything alone: each plot has its title, a sentence that tells it, and a table beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDE, LINE, TALL = 360, 40, 150
LABEL = 16  # of a bar's words


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `part` is the length of its darker part, from the start or the ground."""

    x: float
    y: float
    width: float
    height: float
    part: float
    label: str
    text: str  # the number as it is read


@dataclass(frozen=True, slots=True)
class Plot:
    """`across`: bars that lie, with words above each; else columns on a ground, of which some have a label."""

    across: bool
    width: int
    height: int
    bars: Sequence[Bar]
    title: str
    told: str
    most: str = ""
    rtl: bool = False


Row = tuple[str, float, float, str]  # words, number, part of it, the number as it is read


def lying(rows: Sequence[Row], title: str, told: str, *, rtl: bool, most: float = 0) -> Plot:
    """Bars from the side where reading starts; `most` is what a whole width stands for, else the greatest."""
    top = most or max((row[1] for row in rows), default=0) or 1
    bars = []
    for place, (label, n, part, text) in enumerate(rows):
        width = round(WIDE * min(n / top, 1), 1)
        x = WIDE - width if rtl else 0.0
        bars.append(Bar(x, place * LINE + LABEL + 6, width, 10, round(WIDE * min(part / top, 1), 1), label, text))
    return Plot(True, WIDE, max(len(rows) * LINE, 1), bars, title, told, rtl=rtl)


def standing(rows: Sequence[Row], title: str, told: str, *, rtl: bool, number: Callable[[float], str]) -> Plot:
    """Columns in time, the newest where reading ends. The first, the middle and the last are named."""
    top = max((row[1] for row in rows), default=0)
    slot = WIDE / max(len(rows), 1)
    named = {0, len(rows) - 1} | ({len(rows) // 2} if len(rows) > 4 else set())
    bars = []
    for place, (label, n, part, text) in enumerate(rows):
        height, width = round(TALL * n / (top or 1), 1), max(slot - min(2.0, slot / 5), 1)
        x = place * slot if not rtl else WIDE - (place + 1) * slot
        dark = round(TALL * part / (top or 1), 1)
        bars.append(
            Bar(round(x, 2), 20 + TALL - height, round(width, 2), height, dark, label if place in named else "", text)
        )
    return Plot(False, WIDE, TALL + 44, bars, title, told, number(top), rtl)
