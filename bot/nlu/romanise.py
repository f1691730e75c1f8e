"""A word of an Indian script as its speakers type it in Latin letters: Devanagari, Bengali, Tamil, Malayalam, Sinhala.

Law: pure and total; close to what phones see (`நாளைக்கு` is typed naalaikku), no scholar's transliteration.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

INDIC = regex.compile(r"[\u0900-\u0dff]")
# What is typed otherwise than its letters are called: Tamil and Malayalam write one letter for two sounds, which its
# neighbours tell apart (Devanagari, with a letter for each, stands in for the sound).
_CLUSTERS = tuple(
    (regex.compile(written), typed)
    for written, typed in (
        ("ന്റ", "न्ट"),
        ("റ്റ", "ट्ट"),
        ("ற்ற", "ट्र"),
        ("ன்ற", "न्ड्र"),
        ("ச்ச", "च"),
        ("ட்ட|ട്ട", "ट्ट"),
        ("(?<=ம்|മ്)[பപ]", "ब"),
        ("(?<=ங்|ങ്)[கക]", "ग"),
        ("(?<=ந்)த", "द"),
        (r"(?<=[\p{L}\p{M}])[டട]", "ड"),
        (r"(?<=[\u0d15-\u0d1f\u0d24\u0d2a\u0d31\u0d38]|ट|ड)\u0d4d$", "ു"),
        ("জ্ঞ", "গ্গ"),
        ("ক্ষ", "খ্খ"),
        ("ज्ञ", "ग्य"),
    )
)
# Sounds that the Unicode names of letters spell in their own way.
_SOUNDS = {
    **{"ca": "cha", "cha": "chha", "llla": "zha", "rra": "ra", "nnna": "na", "nya": "nja", "ee": "e", "oo": "o"},
    **{"tta": "ta", "ttha": "tha", "dda": "da", "ddha": "dha", "nna": "na", "lla": "la", "ssa": "sha"},
}
_TAMIL = {"ca": "sa"}
# The names of Sinhala letters are grammar ("alpapraana kayanna"), so their sounds stand here.
_SINHALA = {
    **dict(
        zip("අආඇඈඉඊඋඌඑඒඔඕඓඖ", ["a", "aa", "a", "a", "i", "ii", "u", "uu", "e", "e", "o", "o", "ai", "au"], strict=True)
    ),
    **dict(
        zip(
            "කඛගඝඟචඡජඣඦටඨඩඪඬණ",
            ["k", "kh", "g", "gh", "ng", "ch", "ch", "j", "jh", "nj", "t", "t", "d", "d", "nd", "n"],
            strict=True,
        )
    ),
    **dict(
        zip(
            "තථදධඳනපඵබභඹමයරලව",
            ["th", "th", "d", "dh", "nd", "n", "p", "ph", "b", "bh", "mb", "m", "y", "r", "l", "w"],
            strict=True,
        )
    ),
    **dict(zip("ශෂසහළෆඤඥඞ", ["s", "s", "s", "h", "l", "f", "n", "gn", "n"], strict=True)),
    **dict(zip("ාැෑිීුූෘෙේෛොෝෞ", ["aa", "a", "a", "i", "ii", "u", "uu", "ru", "e", "e", "ai", "o", "o", "au"], strict=True)),
}
_SINHALA_VOWELS = frozenset("අආඇඈඉඊඋඌඑඒඔඕඓඖ")


@lru_cache(maxsize=4_000)
def _letter(char: str) -> tuple[str, str]:
    """(kind, sound) of a letter, by its name in the Unicode character database."""
    name = unicodedata.name(char, "")
    script, _, sound = name.partition(" ")[0], *name.rpartition(" ")[1:]
    sound = sound.lower()
    if name.endswith(("VIRAMA", "AL-LAKUNA")):
        return "virama", ""
    if name.endswith(("ANUSVARA", "CANDRABINDU", "ANUSVARAYA")):
        return "other", "m" if script == "MALAYALAM" else "n"
    if char in _SINHALA:
        kind = "sign" if " SIGN " in name else "other" if char in _SINHALA_VOWELS else "letter"
        return kind, _SINHALA[char]
    if " VOWEL SIGN " in name:
        return "sign", _SOUNDS.get(sound, sound)
    if " LETTER " in name:
        sound = _TAMIL.get(sound, _SOUNDS.get(sound, sound)) if script == "TAMIL" else _SOUNDS.get(sound, sound)
        return ("letter", sound[:-1]) if len(sound) > 1 and sound.endswith("a") and sound != "aa" else ("other", sound)
    return "other", ""


def romanise(word: str) -> str:
    """The word in Latin letters: the vowel `a` (Bengali `o`) after a bare consonant, none at the end."""
    for written, typed in _CLUSTERS:
        word = written.sub(typed, word)
    out: list[str] = []
    open_consonant = False
    for char in word:
        kind, sound = _letter(char) if INDIC.match(char) else ("other", char)
        if open_consonant and kind in ("letter", "other"):
            out.append("o" if "\u0980" <= char <= "\u09ff" else "a")
        out.append(sound)
        open_consonant = kind == "letter"
    return "".join(out)
