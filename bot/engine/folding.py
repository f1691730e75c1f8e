"""Text as it is compared, whoever wrote it: labels, words of ours, and what a person writes.

Law: total and pure; vowel signs stay, for they tell words apart.
"""

from __future__ import annotations

import unicodedata

LONGEST = 2000  # characters that are compared: what is longer is none of our words, and a run of marks costs its square
# Letters that people write one for another, and that no normal form brings together.
_ALIKE = str.maketrans(
    {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ھ": "ه", "ँ": "ं", "đ": "d", "ø": "o", "ł": "l", "ı": "i"}
)
_DROPPED = "'`´\u2019\u2018\u02bc\u0640\u20e3"  # apostrophes, the Arabic stretcher, the keycap


def _dropped(char: str) -> bool:
    """Marks that writers leave out: Latin accents, Arabic short vowels and hamza, Indic nukta; never vowel signs."""
    order = unicodedata.combining(char)
    return order == 7 or 27 <= order <= 36 or order >= 202 or char in _DROPPED or unicodedata.category(char) == "Cf"


class _Folded(dict[int, str]):
    """What becomes of a character when words are compared; reckoned once for each that is met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = "" if _dropped(char) else char.translate(_ALIKE)
        if kept and unicodedata.category(kept)[0] not in "LMN":
            kept = " "
        self[code] = digits(kept)
        return self[code]


_FOLDED = _Folded()


def fold(text: str) -> str:
    """Text as it is compared: one case, no accents, punctuation or symbols, words parted by one space."""
    text = text[:LONGEST]
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", " ".join(plain.translate(_FOLDED).split())) or text.strip()


def digits(text: str) -> str:
    """Decimal digits of any script as 0-9, the rest as it was."""
    return "".join(c if (d := unicodedata.decimal(c, None)) is None else str(d) for c in text)
