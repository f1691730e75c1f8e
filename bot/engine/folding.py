"""Text as it is compared, whoever wrote it: labels, words of ours, and what a person writes.

Law: total and pure; vowel signs stay, for they tell words apart.
"""

from __future__ import annotations

import unicodedata

# Letters that people write one for another, and that no normal form brings together.
_ALIKE = str.maketrans(
    {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ھ": "ه", "ँ": "ं", "đ": "d", "ø": "o", "ł": "l", "ı": "i"}
)
_DROPPED = "'`´\u2019\u2018\u02bc\u0640\u20e3"  # apostrophes, the Arabic stretcher, the keycap


def _dropped(char: str) -> bool:
    """Marks that writers leave out: Latin accents, Arabic short vowels and hamza, Indic nukta; never vowel signs."""
    order = unicodedata.combining(char)
    return order == 7 or 27 <= order <= 36 or order >= 202 or char in _DROPPED or unicodedata.category(char) == "Cf"


def fold(text: str) -> str:
    """Text as it is compared: one case, no accents, punctuation or symbols, words parted by one space."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in plain if not _dropped(c)).translate(_ALIKE)
    words = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in kept).split()
    return unicodedata.normalize("NFC", " ".join(digits(w) for w in words)) or text.strip()


def digits(text: str) -> str:
    """Decimal digits of any script as 0-9, the rest as it was."""
    return "".join(c if (d := unicodedata.decimal(c, None)) is None else str(d) for c in text)
