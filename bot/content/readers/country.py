"""Reads a country: CLDR's names in all our languages, our own spellings and cities. Value: ISO 3166 alpha-2.

Law: in free text only a country that the person is in: not the one she comes from or goes back to, not one of several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.content.readers.tokens import Found, Phrases, Token, plain, tokens
from bot.content.readers.words import Vocabulary, attached, homes, words


class Country:
    """`args["going"]`: also a country that somebody else went to. `args["home"]`: only one that people leave from
    and come back to. A code of two letters is read alone, in capitals."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The country of an answer: all of it, or the one that it names."""
        known = words(language)
        parts = [t for t in tokens(text) if t.kind != "sign"]
        whole = known.countries.at(parts, 0)
        if whole and whole.end == len(parts):
            return whole.value
        code = plain(text).strip()
        if len(code) == 2 and code in known.codes:
            return code
        return _one(_named(parts, known, known.clear_countries)) or self.find(text, args, language)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The one country that a text names, the home of the person's language left aside."""
        known, parts = words(language), tokens(text)
        if args.get("home"):
            return _one(c for c in _named(parts, known, known.clear_countries, elsewhere=True) if c in homes())
        found = _one(code for code in _named(parts, known, known.clear_countries) if code not in known.home)
        if found is None and args.get("going"):
            every = _named(parts, known, known.clear_countries, elsewhere=True)
            found = _one(code for code in every if code not in homes())
        return found


def alone(text: str, language: str) -> bool:
    """Whether a text is a country and nothing else, but for an ending that was written apart ("qatar ma")."""
    parts = [t for t in tokens(text) if t.kind != "sign"]
    found = words(language).countries.at(parts, 0)
    return found is not None and all(part.text in attached("after") for part in parts[found.end :])


def _one(codes: Iterator[str]) -> str | None:
    distinct = set(codes)
    return distinct.pop() if len(distinct) == 1 else None


def _named(parts: Sequence[Token], known: Vocabulary, names: Phrases[str], *, elsewhere: bool = False) -> Iterator[str]:
    """The countries of a text; with `elsewhere` those too that who writes is not in."""
    place = 0
    while place < len(parts):
        found = names.at(parts, place)
        if found is None or _is_short(parts, place, found):
            place += 1
            continue
        if elsewhere or not _is_elsewhere(parts, place, found, known):
            yield found.value
        place = found.end


def _is_short(parts: Sequence[Token], place: int, found: Found[str]) -> bool:
    """Two Latin letters are too often another word."""
    text = "".join(p.text for p in parts[place : found.end])
    return len(text) <= 2 and text.isascii()


def _is_elsewhere(parts: Sequence[Token], place: int, found: Found[str], known: Vocabulary) -> bool:
    previous = parts[place - 1].text if place else ""
    following = parts[found.end].text if found.end < len(parts) else ""
    return (
        {previous, found.before} & known.elsewhere_before or {following, found.after} & known.elsewhere_after
    ) != frozenset()


reader = Country()
