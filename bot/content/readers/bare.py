"""Reads whether a text is a value and nothing else: a country, a number, money, a day, a length of time, with the
endings and little words that belong to it ("qatar ma", "3 months", "12/5/2024").

Law: such a text answers a question or none; it is no wish, whatever a classifier makes of it (`arrived.weighed`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.content.readers import quantities
from bot.content.readers.tokens import Phrases, Token, tokens
from bot.content.readers.words import Vocabulary, attached, words

MOST = 6  # words: more tell something
FEW = 2  # words of a number in letters and no unit: more are often other words by chance ("aru k chha")


class Bare:
    """Value: True."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> bool | None:
        """True when every word belongs to a value and one of these is sure to be one; else None."""
        if len(text.split()) > MOST:  # most messages, and nothing else is looked at for them
            return None
        parts, known = [t for t in tokens(text) if t.kind != "sign"], words(language)
        place, sure = 0, False
        while place < len(parts):
            end, clear = _value(parts, place, known)
            sure = sure or clear
            place = end if end > place else _beside(parts, place, known)
            if not place:
                return None
        return sure or None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> bool | None:
        """The same: a value inside of a text is not all of it."""
        return self.read(text, args, language)


def _value(parts: Sequence[Token], place: int, known: Vocabulary) -> tuple[int, bool]:
    """Where a value that begins here ends (the same place when none does), and whether it can be nothing else: a number
    in letters is one when it is the whole text or has a unit or currency behind it."""
    if found := known.clear_countries.at(parts, place):
        return found.end, True
    if number := quantities.at(parts, place, known):
        counted = _whole(known.units, parts, number.end) or _whole(known.currency, parts, number.end)
        alone = number.end - place == len(parts) <= FEW
        return counted or number.end, number.digits or counted > 0 or alone
    for table in (known.counted, known.months, known.bikram, known.weekdays, known.days):
        if end := _whole(table, parts, place):
            return end, True
    return _whole(known.units, parts, place) or _whole(known.currency, parts, place) or place, False


def _whole(table: Phrases[Any], parts: Sequence[Token], place: int) -> int:
    """Where a word of the table ends that begins here with nothing written onto its front; 0 for none."""
    found = table.at(parts, place)
    return found.end if found and not found.before else 0


def _beside(parts: Sequence[Token], place: int, known: Vocabulary) -> int:
    """Behind a little word of a value: "in", "next", or an ending that was written apart; 0 when it is none."""
    if found := known.times.at(parts, place):
        return found.end
    return place + 1 if parts[place].text in attached("after") + attached("before") else 0


reader = Bare()
