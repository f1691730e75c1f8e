"""Guesses the language of a text: by its script first, by its words where several languages share a script.

Law: unsure is an empty string, never a default; a guess changes nothing that the person chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import name

SURE = 0.7  # below this a guess is no guess
_SCRIPTS = {"DEVANAGARI": ("ne", "hi"), "ARABIC": ("ar",)}


def script_of(text: str) -> str:
    """The script of most letters, as the Unicode character database calls it (`LATIN`); empty without letters."""
    counts: dict[str, int] = {}
    for char in text[:500]:
        if char.isalpha():
            script = name(char, "").partition(" ")[0]
            counts[script] = counts.get(script, 0) + 1
    return max(counts, key=lambda script: counts[script]) if counts else ""


def guess(text: str, ranked: Sequence[tuple[str, float]] = ()) -> tuple[str, float]:
    """(language, confidence 0..1), `("", confidence)` when unsure.

    `ranked` is what a classifier made of the words (`Ranked.languages`), with probabilities. Script alone answers only
    where one language of ours is written in it; another language of that script is then taken for ours.
    """
    script = script_of(text)
    if not script:
        return "", 0.0
    languages = _SCRIPTS.get(script)
    if languages is not None and len(languages) == 1:
        return languages[0], 1.0
    if languages is None and script != "LATIN":
        return "", 0.0
    fitting = [(language, p) for language, p in ranked if languages is None or language in languages]
    total = sum(p for _, p in fitting)
    if not total:
        return "", 0.0
    language, best = max(fitting, key=lambda pair: pair[1])
    confidence = best / total
    sure = confidence >= SURE or languages is not None  # of one script's languages the likelier is nearer than English
    return (language if sure else ""), confidence
