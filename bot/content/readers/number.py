"""Reads a count, with or without its unit: "3", "तीन महिना", "3 months", "शून्य".

Law: a count is between 0 and LARGEST; halves and quarters are floats, all else is an int; another unit is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bot.content.readers import quantities
from bot.content.readers.tokens import Token, tokens
from bot.content.readers.words import Vocabulary, words

LARGEST = 1000
_MONTHS_A_YEAR = 12


class Number:
    """`args["unit"]`: month, year, week, day or hour. Value: int, or float when it has a half or a quarter."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> int | float | None:
        """The count of an answer. With a unit, a year counts as twelve months; a number of anything else is none."""
        parts, known, unit = tokens(text), words(language), str(args.get("unit") or "")
        if unit and (counted := self._counted(parts, known, unit)) is not None:
            return _count(counted)
        only = quantities.only(parts, known)
        if only is None:
            return None
        words_only = tuple(p for p in parts if p.kind != "sign")
        after = only.end if only.digits else len(words_only)
        beside = known.units.at(parts, after) if only.digits else None
        if unit == "month" and beside and beside.value == "year":
            return _count(only.value * _MONTHS_A_YEAR)
        if beside and unit and beside.value != unit:
            return None
        if known.currency.at(parts, after) or (only.start and known.currency.at(parts, only.start - 1)):
            return None
        return _count(only.value)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> int | float | None:
        """The count whose unit stands beside it; without a unit to look for, nothing is sure."""
        unit = str(args.get("unit") or "")
        if not unit:
            return None
        counted = self._counted(tokens(text), words(language), unit)
        return None if counted is None else _count(counted)

    @staticmethod
    def _counted(parts: Sequence[Token], known: Vocabulary, unit: str) -> Decimal | None:
        """The first number of this unit."""
        for place in range(len(parts)):
            if (one := known.counted.at(parts, place)) and one.value[0] == unit:
                return one.value[1]
            number = quantities.at(parts, place, known)
            beside = known.units.at(parts, number.end) if number else None
            if number and beside and beside.value == unit:
                return number.value
            if number and beside and (beside.value, unit) == ("year", "month"):
                rest = quantities.at(parts, beside.end, known)  # 1 year 3 months
                months = known.units.at(parts, rest.end) if rest else None
                if rest and months and months.value == "month":
                    return number.value * _MONTHS_A_YEAR + rest.value
        return None


def _count(value: Decimal) -> int | float | None:
    if not 0 <= value <= LARGEST or value * 4 % 1:
        return None
    return int(value) if value == int(value) else float(value)


reader = Number()
