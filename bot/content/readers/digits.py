"""Reads a code of so many digits: "4821", "48 21", "४८२१", "48-21".

Law: the digits and nothing else; zeros in front stay, and nothing is found inside other text, for a code is told on
purpose.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST = 200  # characters of a message that is a code
_BETWEEN = frozenset("-.,/()#*_ \u200e\u200f\u2066\u2067\u2068\u2069\u202a\u202c\ufe0f\u20e3")


def digits_in(text: str) -> str:
    """All digits of a text of digits; empty when there is anything else in it."""
    if len(text) > LONGEST:
        return ""
    digits = []
    for char in unicodedata.normalize("NFKC", text.strip()):
        value = unicodedata.decimal(char, None)
        if value is not None:
            digits.append(str(value))
        elif char not in _BETWEEN and not char.isspace():
            return ""
    return "".join(digits)


class Digits:
    """`args["length"]`: how many. Value: str of 0-9, in whichever script they were written."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The digits of an answer; None when there is anything else in it, or another number of them."""
        digits = digits_in(text)
        return digits if digits and len(digits) == args.get("length") else None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> None:
        """Nothing: digits in a sentence may be anything."""
        return None


reader = Digits()
