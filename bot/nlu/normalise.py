"""One written form for every text: what the floor, the classifier and the guess of the language look at.

Law: total (any str in, a str out, lone surrogates too), linear in the length, the same for stems, data and people.
`normalise` keeps the script; `fold` is one Latin form for native, romanised and Arabizi spellings.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import product

import regex
from anyascii import anyascii

from bot.engine.folding import ALIKE
from bot.nlu.romanise import INDIC, romanise

LONGEST = 20_000  # characters looked at; several joined messages of a phone are shorter, an attack is longer
LONGEST_WORD = 40  # letters of a word that is remembered: caches of words of any length could be filled from a phone

_APOSTROPHE = regex.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_JOINERS = regex.compile(r"[\p{Cf}\p{Cs}\p{Cc}--[\t\n\r\x0b\x0c\x85]]|[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]", regex.V1)
_MARKS = regex.compile(r"(\p{M}{8})\p{M}+")  # no script stacks so many; to put them in order costs their square
_EMOJI = regex.compile(r"(\p{Extended_Pictographic}|[\U0001f1e6-\U0001f1ff]{2})")
_NOT_WORD = regex.compile(r"[^\w\p{M}\p{Extended_Pictographic}\U0001f1e6-\U0001f1ff]+|_+")
_BREAK = regex.compile(r"[.!?,;:।॥؟،؛\n\r()\[\]{}\"“”…|/]+|\s[-–—]+\s")
_LONG_RUN = regex.compile(r"(\p{L})\1{2,}")
_DOUBLE = regex.compile(r"([a-z])\1")
# What Arabic writes in one with a word: "and"; signs of the time of a verb, before those of who does it; the article
_AND, _TENSES, _PERSONS = "وف", "بهحس", "يتن"
_ARTICLE = regex.compile(r"^(?:[وبفك]?ال|لل)(?=\p{Arabic}{3})")

# What phones write in several ways is in bot/engine/folding.py, for all who compare words. Added: what people misspell.
# Arabic: vowel marks and tatweel are decoration; alef is written in several ways for one word.
# Devanagari and Bengali: nukta dropped, long and short i and u merged, candrabindu, the sibilants. Sinhala: letters
# that sound alike. Not Tamil and Malayalam: there "kill" and "keep" differ by such a letter.
_ALIKE = str.maketrans(
    {
        **ALIKE,
        **dict.fromkeys(map(chr, [*range(0x064B, 0x0660), 0x0670, 0x0640, *range(0x06D6, 0x06DD)]), ""),
        **dict.fromkeys("أإآٱ", "ا"),
        **{"\u093c": "", "ी": "ि", "ू": "ु", "ई": "इ", "ऊ": "उ", "श": "स", "ष": "स"},
        **{"\u09bc": "", "ী": "ি", "ূ": "ু", "ঈ": "ই", "ঊ": "উ", "শ": "স", "ষ": "স", "ণ": "ন", "ঁ": ""},
        **{"ණ": "න", "ළ": "ල", "ශ": "ස", "ෂ": "ස"},
    }
)
_VIRAMAS = regex.compile(
    r"([\u0d4d])\u0d4d+|\u0d41(\u0d4d)"
)  # Malayalam: "n" + virama typed after a chillu; the half u
_NASAL = regex.compile(r"ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")


def _digit(char: str) -> str:
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)


def _clean(text: str) -> str:
    """NFKC, case, digits, invisible signs, spellings of one word; punctuation and long runs still stand."""
    text = _JOINERS.sub("", text[:LONGEST])
    if text.isascii():
        return _APOSTROPHE.sub("", text.lower())
    text = unicodedata.normalize("NFKC", _MARKS.sub(r"\1", text)).casefold().replace("\u0307", "")
    text = unicodedata.normalize("NFKC", text)[: 2 * LONGEST]
    text = "".join(_digit(c) if c.isdigit() else c for c in text)
    text = _VIRAMAS.sub("\u0d4d", _NASAL.sub("ं", text.translate(_ALIKE)))
    return _EMOJI.sub(r" \1 ", _APOSTROPHE.sub("", text))


def normalise(text: str) -> str:
    """Words in lower case with one space between them; runs of three and more letters become two."""
    return " ".join(_NOT_WORD.sub(" ", _LONG_RUN.sub(r"\1\1", _clean(text))).split())


def words(text: str) -> list[frozenset[str]]:
    """For the danger floor: one set of readings per word ("heeelp": heelp, help), an empty set for an end of clause."""
    found: list[frozenset[str]] = []
    for clause in _BREAK.split(_clean(text)):
        found += [_readings(word) for word in _NOT_WORD.sub(" ", clause).split()]
        if found and found[-1]:
            found.append(frozenset())
    return found


def _readings(word: str) -> frozenset[str]:
    return _known_readings(word) if len(word) <= LONGEST_WORD else _read(word)


def _read(word: str) -> frozenset[str]:
    runs = list(_LONG_RUN.finditer(word))
    if not runs:
        return frozenset(_unjoined(word))
    readings = set()
    for lengths in product((1, 2), repeat=min(len(runs), 4)):
        out, end = [], 0
        for run, length in zip(runs, lengths, strict=False):
            out += [word[end : run.start()], run[1] * length]
            end = run.end()
        readings.add("".join(out) + _LONG_RUN.sub(r"\1", word[end:]))
    return frozenset(form for reading in readings for form in _unjoined(reading))


_known_readings = lru_cache(maxsize=20_000)(_read)


def _unjoined(word: str) -> list[str]:
    """An Arabic word also without the "and" before it and without what tells the time of a verb: `ويضربني` (and he hits
    me), `هيضربني` (he will hit me) are read as `يضربني` too. Never less than the word itself."""
    forms = [word]
    if len(word) > 3 and word[0] in _AND:
        forms.append(word[1:])
    return forms + [form[1:] for form in forms if len(form) > 4 and form[0] in _TENSES and form[1] in _PERSONS]


# Sounds that one word is written with in Latin letters, longest first; Arabizi digits stand for letters. 2 is written
# for qaf (`2al`, he said) more often than for a hamza, which has no sound of its own here.
_ARABIZI = str.maketrans({"2": "k", "3": "", "5": "kh", "6": "t", "7": "h", "8": "gh", "9": "q"})
_SOUNDS = (
    ("chh", "ch"),
    ("tch", "ch"),
    ("sch", "sh"),
    ("ksh", "ch"),
    ("ph", "f"),
    ("ck", "k"),
    ("gn", "gy"),
    ("ee", "i"),
    ("ii", "i"),
    ("oo", "u"),
    ("uu", "u"),
    ("ou", "u"),
    ("aa", "a"),
    ("sh", "s"),
    ("w", "v"),
    ("z", "j"),
    ("q", "k"),
)
_ASPIRATE = regex.compile(r"(?<=[bdgjkt])h")


def fold_word(word: str) -> str:
    """One word of a normalised text in its Latin form."""
    return _known_latin(word) if len(word) <= LONGEST_WORD else _latin(word)


def _latin(word: str) -> str:
    if not word.isascii():
        word = _ARTICLE.sub("", word)  # in Latin letters it stands apart: `el maktab`
        word = anyascii(romanise(word) if INDIC.search(word) else word).lower().replace(":", "")
        word = _NOT_WORD.sub("", word)
    if word.isdigit():
        return word
    word = word.translate(_ARABIZI)
    for written, sound in _SOUNDS:
        word = word.replace(written, sound)
    word = _DOUBLE.sub(r"\1", _ASPIRATE.sub("", word))
    return word[:-1] if len(word) > 3 and word[-1] in "ae" else word


_known_latin = lru_cache(maxsize=50_000)(_latin)


def fold(text: str) -> str:
    """The Latin form of a normalised text: native and romanised spellings of a word come out alike, or nearly."""
    return " ".join(filter(None, map(fold_word, text.split())))
