"""Reads an amount of money: "180 KD", "Rs 20,000", "२०० दिनार", "2 lakh rupees".

Law: a currency that the word alone does not settle (dinar, riyal, rupee) is settled by the country, or stays open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import regex
from babel.core import Locale
from babel.numbers import get_currency_precision, get_territory_currencies

from bot.content.readers import country, quantities
from bot.content.readers.quantities import Quantity
from bot.content.readers.tokens import Found, Token, tokens
from bot.content.readers.words import Vocabulary, words

LARGEST = Decimal(10) ** 10
LAKH = Decimal(100_000)
_PHONE = 9  # digits in a row: a telephone number rather than money
_THOUSANDS = regex.compile(r"\d{1,3}\.\d{3}")
# The families' words at the end of CLDR's English names of currencies ("Omani Rial", "Nepalese Rupee").
_FAMILIES = {"rial": "riyal", "lira": "pound"}


class Amount:
    """`args["country"]`: ISO 3166 code that settles a dinar. Value: {"value": "180", "currency": ISO 4217 or None,
    "word": the currency as it was written, "" if not}."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> dict[str, str | None] | None:
        """The amount of an answer, with a currency or without one."""
        if found := self.find(text, args, language):
            return found
        parts, known = tokens(text), words(language)
        only = quantities.only(parts, known)
        if only is None or only.value > LARGEST or _is_phone(parts, only):
            return None
        if only.digits and known.units.at(parts, only.end):
            return None
        return {"value": _shown(only.value), "currency": None, "word": ""}

    def find(self, text: str, args: Mapping[str, Any], language: str) -> dict[str, str | None] | None:
        """The first number with a currency beside it; a number before its currency goes first."""
        parts, known = tokens(text), words(language)
        found = _number_first(parts, known) or _currency_first(parts, known)
        if found is None:
            return _in_lakhs(parts, known)
        number, money, place = found
        code = money.value if money.value.isupper() else _settled(money.value, text, args, language)
        value = _value(parts, number, code, money.value)
        if value > LARGEST or _is_phone(parts, number):
            return None
        return {"value": _shown(value), "currency": code, "word": _word(parts, place, money)}


def _in_lakhs(parts: Sequence[Token], known: Vocabulary) -> dict[str, str | None] | None:
    """What is counted in lakhs and crores is money, also with no currency beside it: "the agent took 3 lakh"."""
    for number in quantities.every(parts, known):
        worded = number.end - number.start > 1 and LAKH <= number.value <= LARGEST
        if worded and not known.units.at(parts, number.end):
            return {"value": _shown(number.value), "currency": None, "word": ""}
    return None


def _settled(family: str, text: str, args: Mapping[str, Any], language: str) -> str | None:
    """The currency of the family in the country that we were told, else in the one that the text names."""
    where = args.get("country") or country.reader.find(text, {}, language)
    return resolve(family, str(where)) if where else None


def _number_first(parts: Sequence[Token], known: Vocabulary) -> tuple[Quantity, Found[str], int] | None:
    for number in quantities.every(parts, known):
        place = number.end
        while place < len(parts) and place < number.end + 2 and parts[place].text in "/-":
            place += 1
        if money := known.currency.at(parts, place):
            return number, money, place
    return None


def _currency_first(parts: Sequence[Token], known: Vocabulary) -> tuple[Quantity, Found[str], int] | None:
    for place in range(len(parts)):
        money = known.currency.at(parts, place)
        if money is None:
            continue
        end = money.end
        while end < len(parts) and end < money.end + 2 and parts[end].text in ".:-=":
            end += 1
        number = quantities.at(parts, end, known)
        if number and not known.units.at(parts, number.end):
            return number, money, place
    return None


def _is_phone(parts: Sequence[Token], number: Quantity) -> bool:
    return parts[number.start].raw.isdigit() and len(parts[number.start].raw) >= _PHONE


def _value(parts: Sequence[Token], number: Quantity, code: str | None, family: str) -> Decimal:
    """ "20.000" is twenty thousand, unless the currency has thousandths, or may have them."""
    grouped = number.end == number.start + 1 and _THOUSANDS.fullmatch(parts[number.start].raw)
    return number.value * 1000 if grouped and not _thousandths(code or family) else number.value


def _word(parts: Sequence[Token], place: int, money: Found[str]) -> str:
    written = " ".join(p.raw for p in parts[place : money.end]).casefold()
    return written.removeprefix(money.before).removesuffix(money.after)


def _shown(value: Decimal) -> str:
    """Without an exponent and without zeros behind the point."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=512)
def resolve(family: str, where: str) -> str | None:
    """The currency of that family in a country ("dinar" in KW: KWD), or None. Source: CLDR, through Babel."""
    codes = get_territory_currencies(where) if where else ()
    return next((code for code in map(str, codes) if _family(code) == family), None)


def _family(code: str) -> str:
    last = str(Locale("en").currencies.get(code, "")).casefold().split()[-1:]
    return _FAMILIES.get(last[0], last[0]) if last else ""


@lru_cache(maxsize=512)
def _thousandths(currency: str) -> bool:
    """Whether a currency, or any of a family, counts in thousandths (Kuwait's dinar). Source: CLDR, through Babel."""
    every = (str(code) for code in Locale("en").currencies)
    codes = [currency] if currency.isupper() else [code for code in every if _family(code) == currency]
    return any(get_currency_precision(code) > 2 for code in codes)


reader = Amount()
