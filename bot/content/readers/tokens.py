"""A text as tokens: numbers in any script's digits, folded words, single signs. What every reader looks at.

Law: total: any text gives tokens, none raises; only the beginning of a very long text is looked at.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar

import regex

from bot.engine.answers import fold

LONGEST_TEXT = 2000  # characters
LONGEST_NUMBER = 15  # digits; what is longer is no count and no money
_FRACTIONS = str.maketrans({"½": ".5", "¼": ".25", "¾": ".75", "٬": ",", "٫": ".", "،": ","})
# `plain` has made every digit that Python knows one of 0-9; `\d` would find digits of newer scripts too, which no
# number can be made of.
_NUMBER = (
    r"[0-9]{1,3}(?:,[0-9]{2,3})+(?:\.[0-9]+)?(?![0-9])"  # 1,500 and 2,00,000
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![0-9])"  # 2.000.000
    r"|[0-9]{1,3}(?: 000)+(?![0-9])"  # 50 000
    r"|[0-9]+(?:[.,][0-9]+)?|(?<![\p{L}\p{M}0-9.])\.[0-9]+"
)
_LETTERS = r"[\p{L}\p{M}]"
_WORD = rf"\p{{L}}(?:\.\p{{L}})+\.?(?!{_LETTERS})|{_LETTERS}+(?:['’ʼ`]{_LETTERS}+)*"
_TOKEN = regex.compile(rf"(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<sign>\S)")

_HYPHEN = regex.compile(rf"(?<={_LETTERS})[-\u2010-\u2013](?={_LETTERS})")  # twenty-five, Abu-Dhabi

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Token:
    """`text` = as it is compared (digits as written, but 0-9), `raw` = as it was written (compatibility forms)."""

    kind: Literal["number", "word", "sign"]
    text: str
    raw: str
    value: Decimal | None = None


def plain(text: str) -> str:
    """Compatibility forms undone, digits of every script as 0-9, invisible marks gone, at most LONGEST_TEXT."""
    shown = unicodedata.normalize("NFKC", text[:LONGEST_TEXT].translate(_FRACTIONS))[:LONGEST_TEXT]
    return "".join(_character(c) for c in shown)


def _character(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    return "" if unicodedata.category(char) == "Cf" else char


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text, in order."""
    return tuple(_token(m) for m in _TOKEN.finditer(_HYPHEN.sub(" ", plain(text))))


@lru_cache(maxsize=32_768)
def written(phrase: str) -> tuple[str, ...]:
    """The folded words of a phrase of ours. Remembered: each language's vocabulary holds those of all others too, and
    a service starts a quarter sooner; never for a person's text."""
    return tuple(sys.intern(t.text) for t in tokens(phrase))  # the same words stand in many phrases


def _token(match: regex.Match[str]) -> Token:
    raw = match[0]
    if match["number"]:
        return Token("number", raw, raw, _decimal(raw))
    if match["word"]:
        return Token("word", fold(raw.replace(".", "")), raw)
    return Token("sign", raw, raw)


def _decimal(raw: str) -> Decimal | None:
    """A comma before one or two last digits is a decimal comma; every other comma groups, and so do repeated dots."""
    if len(raw) > LONGEST_NUMBER + 5:
        return None
    compact = raw.replace(" ", "")
    head, comma, tail = compact.rpartition(",")
    if comma and len(tail) < 3 and "," not in head:
        return Decimal(f"{head}.{tail}")
    compact = compact.replace(",", "")
    return Decimal(compact.replace(".", "") if compact.count(".") > 1 else compact)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A phrase at a place: what it means, where the text goes on, and the beginning or ending written onto it."""

    value: T
    end: int
    before: str = ""
    after: str = ""


class Phrases(Generic[T]):
    """Phrases of one or more words, and what they mean; the longest one wins."""

    def __init__(self, meanings: Mapping[str, T], *, before: Sequence[str] = (), after: Sequence[str] = ()) -> None:
        """`before`, `after`: what may be written onto the first or last word, folded."""
        self._meanings: dict[tuple[str, ...], T] = {}
        for phrase, meaning in meanings.items():
            if key := written(phrase):
                self._meanings.setdefault(key, meaning)
        self._longest = max(map(len, self._meanings), default=0)
        self._first = {words[0] for words in self._meanings if len(words) > 1}
        self._before = tuple(sorted(before, key=len, reverse=True))
        self._after: dict[str, tuple[str, ...]] = {}  # by its last letter
        for ending in sorted(after, key=len, reverse=True):
            self._after[ending[-1]] = (*self._after.get(ending[-1], ()), ending)

    def share(self, known: list[dict[tuple[str, ...], Any]]) -> None:
        """Keep what one of these tables says already there; else it is one of them from now on."""
        same = next((table for table in known if table == self._meanings), None)
        if same is None:
            known.append(self._meanings)
        else:
            self._meanings = same

    def at(self, tokens: Sequence[Token], place: int) -> Found[T] | None:
        """The longest phrase that begins at this token."""
        if place >= len(tokens):
            return None
        first = tokens[place].text
        longest = self._longest if first in self._first or first.startswith(self._before) else 1
        for end in range(min(len(tokens), place + longest), place, -1):
            words = tuple(t.text for t in tokens[place:end])
            if words in self._meanings:
                return Found(self._meanings[words], end)
            if found := self._bare(words, end):
                return found
        return None

    def _bare(self, words: tuple[str, ...], end: int) -> Found[T] | None:
        """The phrase without what is written onto it; at least three letters must stay."""
        befores = [before for before in self._before if words[0].startswith(before)]
        afters = [after for after in self._after.get(words[-1][-1:], ()) if words[-1].endswith(after)]
        if not (befores or afters):
            return None  # nearly every word
        for before in ("", *befores):
            headless = (words[0][len(before) :], *words[1:])
            for after in ("", *afters):
                bare = (*headless[:-1], headless[-1].removesuffix(after))
                if (before or after) and len(bare[-1]) >= 3 and bare in self._meanings:
                    return Found(self._meanings[bare], end, before, after)
        return None
