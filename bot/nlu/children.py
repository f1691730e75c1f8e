"""Whether a text says that who writes is younger than 18: rules of `nlu_data/children.yml`, without any classifier.

Law: never raises for a text; only the first person counts ("my son is 15" is no child writing), and a number with
another unit is no age. Bad data is an error that says file:line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.nlu.concepts import Part, parse_stem
from bot.nlu.data import DataError, at, compose, fields, scalar, sequence
from bot.nlu.normalise import normalise, words

AGE = "AGE"  # its place in a phrase
YOUNGEST, GROWN = 7, 18
SELF, PARENT_AWAY = "self", "parent_away"
_FIELDS = frozenset({"ages", "phrases", "not_after", "years", "not_after_years", "parents"})
_OPTIONAL = frozenset({"not_before"})
Phrase = tuple[Part | None, ...]  # None = the age


@dataclass(frozen=True, slots=True)
class ChildRules:
    """`phrases` with the place of the age, what may not follow or precede them, and the words for father and mother."""

    ages: frozenset[str] = frozenset()
    phrases: tuple[Phrase, ...] = ()
    not_after: tuple[Part, ...] = ()
    years: tuple[Part, ...] = ()
    not_after_years: tuple[Part, ...] = ()
    parents: tuple[Part, ...] = ()
    not_before: tuple[Part, ...] = ()

    @classmethod
    def load(cls, file: Path) -> ChildRules:
        """Reads the rules; without the file there are none. Raises DataError."""
        root = compose(file) if file.exists() else None
        if root is None:
            return cls()
        parts = fields(file, root, file.name)
        if unknown := parts.keys() - _FIELDS - _OPTIONAL:
            raise at(file, root, f"unknown: {', '.join(sorted(unknown))}")
        if missing := _FIELDS - parts.keys():
            raise at(file, root, f"missing: {', '.join(sorted(missing))}")
        told = {name: [(n, scalar(file, n, name)) for n in sequence(file, parts[name], name)] for name in parts}
        for node, phrase in told["phrases"]:
            if phrase.split().count(AGE) != 1:
                raise at(file, node, f"a phrase holds {AGE} once: {phrase}")
        try:
            return cls(
                frozenset(normalise(text) for _, text in told["ages"]),
                tuple(_phrase(text) for _, text in told["phrases"]),
                *(
                    tuple(parse_stem(text)[0] for _, text in told.get(name, ()))
                    for name in ("not_after", "years", "not_after_years", "parents", "not_before")
                ),
            )
        except ValueError as error:
            raise DataError(f"{file}:1: {error}") from None

    def says(self, text: str) -> str:
        """`self`, `parent_away`, or nothing."""
        return self.heard(words(text))

    def heard(self, read: Sequence[frozenset[str]]) -> str:
        """The same of a text whose words were read already."""
        said = frozenset[str]().union(*read)
        if not any(self._is_age(word) for word in said):  # nearly every message
            return ""
        possible = [p for p in self.phrases if all(part is None or part.fits(said) for part in p)]
        if not any(self._spoken(phrase, read, place) for place in range(len(read)) for phrase in possible):
            return ""
        return PARENT_AWAY if any(p.fits(r) for r in read for p in self.parents) else SELF

    def _spoken(self, phrase: Phrase, read: Sequence[frozenset[str]], place: int) -> bool:
        row = read[place : place + len(phrase)]
        if len(row) < len(phrase) or not all(self._fits(p, r) for p, r in zip(phrase, row, strict=True)):
            return False
        if place and _any(self.not_before, read[place - 1]):  # "anak saya 15 tahun": my child is 15
            return False
        end = place + len(phrase)
        last = row[-1]
        after = [read[i] if i < len(read) else frozenset[str]() for i in (end, end + 1)]
        if _any(self.years, last):  # the word behind may be written onto it: "since 15 years" is one word in Nepali
            return not _any(self.not_after_years, last) and not _any(self.not_after_years, after[0])
        if _any(self.years, after[0]):
            return not _any(self.not_after_years, after[0]) and not _any(self.not_after_years, after[1])
        return not _any(self.not_after, after[0])

    def _fits(self, part: Part | None, readings: frozenset[str]) -> bool:
        return part.fits(readings) if part else any(self._is_age(r) for r in readings)

    def _is_age(self, word: str) -> bool:
        if word in self.ages:
            return True
        return word.isascii() and word.isdigit() and len(word) < 3 and YOUNGEST <= int(word) < GROWN


def _any(parts: Sequence[Part], readings: frozenset[str]) -> bool:
    return any(part.fits(readings) for part in parts)


def _phrase(text: str) -> Phrase:
    made: list[Part | None] = []
    for word in text.split():
        made += [None] if word == AGE else parse_stem(word)
    return tuple(made)
