"""Reads a family code: sixteen digits in any script, however they are spaced ("7482 9173 0046 1295").

Law: here it is only known as a code, never as right or wrong: a code that was typed badly must be answered like one
that nobody has. In other words only what looks like one of ours is taken, for sixteen digits may also be a bank card.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LENGTH = 16
FIRST = "7"  # of every code: no bank card begins with it, and no code with a 0
NEAR = 1  # digits too few or too many, alone in a message: meant as a code all the same
LONGEST = 2000  # characters looked at

_BETWEEN = r"[\s.,:/()*_‐-―-]{0,3}"
_RUN = re.compile(rf"\d(?:{_BETWEEN}\d)*")
_ALONE = re.compile(r"[\d\s.,:;/()#*_‐-―-]*\d[\d\s.,:;/()#*_‐-―-]*")
_HALF = LENGTH // 2


def _plain(text: str) -> str:
    """Digits of every script as 0-9, compatibility forms undone, invisible marks gone."""
    shown = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST].replace("\ufe0f", "").replace("\u20e3", "")
    kept = (c for c in shown if unicodedata.category(c) != "Cf")
    return "".join(c if (d := unicodedata.decimal(c, None)) is None else str(d) for c in kept)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


def _is_near(digits: str) -> bool:
    return digits.startswith(FIRST) and abs(len(digits) - LENGTH) <= NEAR


class Code:
    """No arguments. Value: str of 0-9, as many as were written."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The digits of an answer: a code in it, or whatever digits it holds, if they are half a code at least."""
        digits = _digits(_plain(text))
        return self.find(text, args, language) or (digits if _HALF <= len(digits) <= 2 * LENGTH else None)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The code that a message is, or holds."""
        plain = _plain(text)
        whole = _digits(plain)
        if _ALONE.fullmatch(plain) and (len(whole) == LENGTH or _is_near(whole)):
            return whole
        runs = [_digits(run) for run in _RUN.findall(plain)]
        return next((run for run in runs if len(run) == LENGTH and run.startswith(FIRST)), None)


reader = Code()
