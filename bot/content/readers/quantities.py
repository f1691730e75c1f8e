"""Numbers in a text: digits, number words, and their multiplying words ("2 lakh 50 hajar").

Law: pure; a number that is too long to be a count or money is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.content.readers.tokens import Token
from bot.content.readers.words import Vocabulary

LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number between two tokens (`end` is behind it). `digits`: it was written in digits."""

    value: Decimal
    start: int
    end: int
    digits: bool


def at(tokens: Sequence[Token], start: int, known: Vocabulary) -> Quantity | None:
    """The number that begins at this token, with its multipliers and what they leave over."""
    total, place, room = Decimal(0), start, LARGEST
    while part := _part(tokens, place, known):
        value, end, multiplier = part
        if place > start and value >= room:
            break
        total, place, room = total + value, end, Decimal(multiplier)
        if multiplier == 1:
            break
    while place > start and (joined := _joined(tokens, place, known, total)):
        total, place = total + joined[0], joined[1]
    if place == start or total > LARGEST:
        return None
    return Quantity(total, start, place, tokens[start].kind == "number")


def _joined(tokens: Sequence[Token], place: int, known: Vocabulary, so_far: Decimal) -> tuple[Decimal, int] | None:
    """A number word with an "and" written onto it, as in Arabic: hundred and-fifty, five and-thirty."""
    word = known.numbers.at(tokens, place)
    if word is None or not word.before:
        return None
    fits = word.value < so_far or (so_far < 10 and word.value % 10 == 0)
    return (word.value, word.end) if fits else None


def _part(tokens: Sequence[Token], place: int, known: Vocabulary) -> tuple[Decimal, int, int] | None:
    if place >= len(tokens):
        return None
    if (number := tokens[place]).kind == "number":
        if number.value is None or number.value > LARGEST:
            return None
        value, end = number.value, place + 1
    else:
        word = known.numbers.at(tokens, place)
        if word is None:
            return None
        value, end = word.value, word.end
    multiplier = 1
    while (times := known.multipliers.at(tokens, end)) and multiplier * times.value <= LARGEST:
        multiplier, end = multiplier * times.value, times.end
    return value * multiplier, end, multiplier


def every(tokens: Sequence[Token], known: Vocabulary) -> list[Quantity]:
    """All numbers of a text, in order, none inside another."""
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        quantity = at(tokens, place, known)
        if quantity:
            found.append(quantity)
        place = quantity.end if quantity else place + 1
    return found


def only(tokens: Sequence[Token], known: Vocabulary) -> Quantity | None:
    """The one number of an answer: the only digits in it, or words that are the whole of it (a number word inside
    a sentence is too often another word)."""
    quantities = every(tokens, known)
    digits = [q for q in quantities if q.digits]
    if digits:
        return digits[0] if len(digits) == 1 else None
    words = [t for t in tokens if t.kind != "sign"]
    whole = at(words, 0, known)
    return whole if whole and whole.end == len(words) else None
