"""Guesses the language of a text: by its script first, by letters and words where several languages share a script.

Law: unsure is an empty string, never a default; a guess changes nothing that the person chose. Hindi and Urdu typed in
Latin letters are one language for the ear: a guess of either is no reason to change between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from unicodedata import name

SURE = 0.7  # below this a guess is no guess
_SCRIPTS = {
    "DEVANAGARI": ("ne", "hi"),
    "ARABIC": ("ar", "ur"),
    "BENGALI": ("bn",),
    "TAMIL": ("ta",),
    "MALAYALAM": ("ml",),
    "SINHALA": ("si",),
}
LATIN = "LATIN"
TWINS = frozenset({"hi", "ur"})
# Letters that only one of the two has; those of the second kind stand in dialects and on keyboards of the other, too.
_URDU, _URDU_TOO = frozenset("ٹڈڑںےہھۂۃۓ"), frozenset("گچپژکی")
_ARABIC, _ARABIC_TOO = frozenset("ةؤإًٌٍ"), frozenset("أىيكئ")
_LOOKED_AT = 500  # letters


def script_of(text: str) -> str:
    """The script of most letters, as the Unicode character database calls it (`LATIN`); empty without letters."""
    counts: dict[str, int] = {}
    for char in text[:_LOOKED_AT]:
        if char.isalpha():
            script = _script(char)
            counts[script] = counts.get(script, 0) + 1
    return max(counts, key=lambda script: counts[script]) if counts else ""


@lru_cache(maxsize=4_000)
def _script(letter: str) -> str:
    return name(letter, "").partition(" ")[0]


def guess(text: str, ranked: Sequence[tuple[str, float]] = ()) -> tuple[str, float]:
    """(language, confidence 0..1), `("", confidence)` when unsure.

    `ranked` is what a classifier made of the words (`Ranked.languages`), with probabilities. Script alone answers where
    one language of ours is written in it; another language of that script is then taken for ours. Letters tell Urdu
    from Arabic.
    """
    script = script_of(text)
    languages = _SCRIPTS.get(script)
    if not script or (languages is None and script != LATIN):
        return "", 0.0
    if languages is not None and len(languages) == 1:
        return languages[0], 1.0
    if script == "ARABIC" and (by_letters := _by_letters(text)):
        return by_letters, 1.0
    fitting = [(language, p) for language, p in ranked if languages is None or language in languages]
    total = sum(p for _, p in fitting)
    if not total:
        return "", 0.0
    language, best = max(fitting, key=lambda pair: pair[1])
    if languages is None and language in TWINS:  # which of the two is less sure than that it is one of them
        best = sum(p for code, p in fitting if code in TWINS)
    confidence = best / total
    sure = confidence >= SURE or languages is not None  # of one script's languages the likelier is nearer than English
    return (language if sure else ""), confidence


def same_spoken(one: str, other: str, text: str) -> bool:
    """Whether a text that is guessed as `other` is none the less `one`: Hindi and Urdu in Latin letters."""
    return one == other or ({one, other} <= TWINS and script_of(text) == LATIN)


def sounds_alike(language: str, text: str) -> bool:
    """Whether a text could as well be of a language with other letters: Hindi or Urdu in Latin ones."""
    return language in TWINS and script_of(text) == LATIN


def _by_letters(text: str) -> str:
    """Urdu or Arabic by the letters that only one of them has; empty when there are none, or as many of both."""
    letters = set(text[:_LOOKED_AT])
    for urdu, arabic in ((_URDU, _ARABIC), (_URDU_TOO, _ARABIC_TOO)):
        difference = len(letters & urdu) - len(letters & arabic)
        if difference:
            return "ur" if difference > 0 else "ar"
    return ""
