"""Letters of every script that people here write, for a PDF.

Law: a character that no font has is left out and never drawn as an empty box; what is kept is shaped (uharfbuzz).
The fonts are Noto's under the SIL Open Font License, from the package manimgx-fonts: one variable font for each script,
of which the regular weight is used (another weight costs seconds to cut out of it).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import manimgx_fonts

FOLDER = Path(manimgx_fonts.__file__).parent
BASE = "NotoSans"  # Latin, Greek, Cyrillic, digits and marks; a script's own font is asked for the rest
JOINERS = "\u200c\u200d"  # they change the shape of their neighbours and have none themselves


def font_file(family: str) -> Path:
    """Where a family is. It need not exist: not every script has one."""
    return FOLDER / f"{family}[wght].ttf"


@lru_cache(maxsize=32)
def covered(family: str) -> frozenset[int]:
    """The code points that a family can draw; none when there is no such family."""
    path = font_file(family)
    if not path.exists():
        return frozenset()
    from fontTools.ttLib import TTFont  # 8 MB: only who prints needs it

    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=4096)
def family_of(character: str) -> str | None:
    """The family that draws a character, or None. A script's font is found by the script's name in Unicode."""
    if ord(character) in covered(BASE):
        return BASE
    words = unicodedata.name(character, "").removeprefix("EXTENDED ").replace("-", " ").split()
    family = f"{BASE}{words[0].title()}" if words and words[0].isalpha() else ""
    return family if family and ord(character) in covered(family) else None


def families(texts: Iterable[str]) -> list[str]:
    """What is needed to draw these texts, the base first."""
    found = {family_of(c) for text in texts for c in text}
    return [BASE, *sorted(f for f in found if f and f != BASE)]


def drawable(text: str) -> str:
    """The words without what cannot be drawn (pictures, marks of direction, line breaks) and without spare spaces."""
    kept = "".join(c for c in " ".join(text.split()) if c in JOINERS or (_visible(c) and family_of(c)))
    return " ".join(kept.split()) if any(c.isalnum() for c in kept) else ""


def direction_of(text: str, otherwise: str) -> str:
    """ltr or rtl by the first letter that has a direction (UAX #9, rule P2); `otherwise` when none has."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"L", "R", "AL"}:
            return "ltr" if kind == "L" else "rtl"
    return otherwise


def _visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
