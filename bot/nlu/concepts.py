"""Finds the concepts of the danger floor (LOCKED, BEAT, NOT ...) in a text, in all languages at once.

Law: people mix languages, so every stem is always tried; bad data is an error that says file:line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import yaml

from bot.kept import kept
from bot.nlu.data import DataError, at, compose, fields, scalar, sequence, state_of
from bot.nlu.normalise import LONGEST_WORD, normalise, words
from bot.packed import Packed

CONCEPT = re.compile(r"[A-Z][A-Z_]*")
Words = Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """One place of a concept: words `start` to `end` (end not included) of the text, by a stem of a language."""

    concept: str
    start: int
    end: int
    language: str


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a stem, in any of its ways: `whole` words, and the `starts` of words with any ending."""

    whole: tuple[str, ...]
    starts: tuple[str, ...] = ()

    def fits(self, readings: frozenset[str]) -> bool:
        if not readings.isdisjoint(self.whole):
            return True
        return bool(self.starts) and any(r.startswith(self.starts) for r in readings)


@lru_cache(maxsize=8192)  # the same words stand in many stems
def _part(written: str) -> Part:
    ways = written.split("/")
    return Part(tuple(w for w in ways if w[-1] != "*"), tuple(w[:-1] for w in ways if w[-1] == "*"))


Stem = tuple[tuple[Part, ...], str, str]  # the parts behind the first, concept, language


def parse_stem(raw: str) -> tuple[Part, ...]:
    """`banda/band gar*` as parts in the written form of `normalise`. Raises ValueError with the reason."""
    return tuple(map(_part, _written(raw)))


def _written(raw: str) -> list[str]:
    """The parts of a stem, each as `band/banda` or `gar*`. Raises ValueError with the reason."""
    parts: list[str] = []
    for word in raw.split():
        ways = [_way(way, raw) for way in word.split("/")]
        if len(ways) == 1:
            parts += ways[0]
        elif all(len(way) == 1 for way in ways):
            parts.append("/".join(way[0] for way in ways))
        else:
            raise ValueError(f"`/` stands between single words: {raw}")
    if not parts:
        raise ValueError("an empty stem")
    return parts


def _way(word: str, raw: str) -> list[str]:
    """One word of a stem, which `normalise` may read as several. Raises ValueError with the reason."""
    bare, end = (word[:-1], "*") if word.endswith("*") else (word, "")
    if "*" in bare or not bare:
        raise ValueError(f"`*` stands at the end of a word, after a letter: {raw}")
    normal = normalise(bare).split()
    if not normal:
        raise ValueError(f"no letters in the stem: {raw}")
    return [*normal[:-1], normal[-1] + end]


class _Stems:
    """Stems by a word. They are read when a word of somebody first leads to them: most never are."""

    def __init__(self) -> None:
        self._rows = Packed()
        self._read: dict[str, tuple[Stem, ...]] = {}

    def add(self, word: str, row: str) -> None:
        """`row`: concept, language and the written stem, parted by tabs."""
        self._rows.add(word, row)
        self._read.pop(word, None)

    def of(self, word: str) -> tuple[Stem, ...]:
        known = self._read.get(word)
        if known is None and (rows := self._rows.all(word)):
            known = self._read[word] = tuple(map(_stem, rows))
        return known or ()


def _stem(row: str) -> Stem:
    concept, language, written = row.split("\t")
    return tuple(map(_part, written.split(" ")[1:])), sys.intern(concept), sys.intern(language)


class Lexicon:
    """All stems, by their first word; looking at a text takes time in proportion to its length."""

    def __init__(self) -> None:
        self._exact = _Stems()
        self._open = _Stems()
        self._longest = 0
        self._seen: dict[str, tuple[Stem, ...]] = {}
        self.names: set[str] = set()
        self._languages: set[tuple[str, str]] = set()

    def add(self, concept: str, raw: str, language: str) -> None:
        """Adds one stem. Raises ValueError for a stem that cannot be read."""
        self.put(concept, " ".join(_written(raw)), language)

    def put(self, concept: str, written: str, language: str) -> None:
        """Adds one stem in the written form of `normalise`."""
        first, row = _part(written.partition(" ")[0]), f"{concept}\t{language}\t{written}"
        for word in dict.fromkeys(first.whole):
            self._exact.add(word, row)
        for start in {spelling for way in first.starts for spelling in _spellings(way)}:
            self._open.add(start, row)
            self._longest = max(self._longest, len(start))
        self.names.add(concept)
        self._languages.add((concept, language))

    def has(self, concept: str, language: str) -> bool:
        """Whether a language has a stem of this concept."""
        return (concept, language) in self._languages

    def find(self, text: Words) -> list[Found]:
        """Every place of every concept, in the order of the text."""
        found: dict[Found, None] = {}
        for start, readings in enumerate(text):
            for reading in sorted(readings):
                for parts, concept, language in self._candidates(reading):
                    end = start + 1 + len(parts)
                    if end <= len(text) and all(map(Part.fits, parts, text[start + 1 : end])):
                        found[Found(concept, start, end, language)] = None
        return list(found)

    def _candidates(self, word: str) -> tuple[Stem, ...]:
        known = self._seen.get(word)
        if known is None:
            stems = list(self._exact.of(word))
            for length in range(1, min(len(word), self._longest) + 1):
                stems += self._open.of(word[:length])
            known = tuple(stems)
            if len(word) <= LONGEST_WORD and len(self._seen) < 50_000:
                self._seen[word] = known
        return known


def _spellings(start: str) -> Iterator[str]:
    """The start of a word that ends in a Devanagari nasal also stands for its form before the next consonant."""
    yield start
    if start.endswith(("न्", "म्", "ण्", "ङ्", "ञ्")):
        yield start[:-2] + "ं"


def under_concepts(file: Path, whole: str, each: str) -> Iterator[tuple[str, str, yaml.Node]]:
    """(concept, text, where it stands) of a file of lists under concepts. `whole`, `each`: what errors call the file's
    content and one text. Raises DataError."""
    root = compose(file)
    if root is None:
        raise DataError(f"{file}:1: no {whole} here")
    for concept, node in fields(file, root, whole).items():
        if not CONCEPT.fullmatch(concept):
            raise at(file, node, f"a concept is written in capitals: {concept}")
        for child in sequence(file, node, concept):
            yield concept, scalar(file, child, f"{each} of {concept}"), child


def read_lexicon(data_dir: Path) -> Lexicon:
    """The stems of every `<lang>/concepts.yml`: most of a second, once for each state of these files and of our code;
    then a tenth. Raises DataError."""
    files, lexicon = sorted(data_dir.glob("*/concepts.yml")), Lexicon()
    state = state_of(files)
    for file in files:
        language = file.parent.name
        for concept, stem in kept(state + language.encode(), __file__, partial(_read, file)):
            lexicon.put(concept, stem, language)
    _part.cache_clear()  # of first words, most of which nobody says
    return lexicon


def _read(file: Path) -> list[tuple[str, str]]:
    """(concept, stem) of one file, the stem in the written form of `normalise`."""
    rows = []
    for concept, stem, node in under_concepts(file, "concepts", "a stem"):
        try:
            rows.append((concept, " ".join(_written(stem))))
        except ValueError as error:
            raise at(file, node, f"{concept}: {error}") from None
    return rows


def read_text(text: str) -> list[frozenset[str]]:
    """The words of a raw text as `Lexicon.find` wants them; an empty set stands for an end of clause."""
    return words(text)
