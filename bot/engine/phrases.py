"""Phrases that people use inside a sentence, as data: `boss/madam ... passport*`.

Law: whole words, one clause, and a refusal beside a phrase or inside its gap makes it unheard: unsure is not heard.
Grammar: `/` parts words that may stand for each other, `*` is any beginning or ending of a word, `#` a number in
digits, `...` up to GAP words of whatever kind.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from bot.engine.folding import fold

GAP = 4  # words
LONGEST = 2000  # characters that are looked at
_GAP, _NUMBER = "...", "#"
_BREAK = re.compile(r"[.!?,;:।॥؟،؛\n\r()\[\]{}\"“”…|]+|\s[-–—]+\s")
Clauses = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Word:
    """One way to write a word of a phrase."""

    text: str
    open_before: bool = False
    open_after: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One place of a phrase: any of these words; none = a gap. The other fields are the same words as they are looked
    for: hundreds of phrases are, in every message."""

    words: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()  # few: a set would take four times as much, and is no quicker
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    number: bool = False

    def fits(self, word: str) -> bool:
        """Whether a word of a text may stand here."""
        return (
            word in self.whole
            or word.startswith(self.starts)
            or word.endswith(self.ends)
            or (self.number and word.isdigit())
            or any(letters in word for letters in self.inside)
        )

    def in_any(self, said: frozenset[str]) -> bool:
        """Whether one of these words may stand here."""
        if not said.isdisjoint(self.whole):
            return True
        return bool(self.starts or self.ends or self.inside or self.number) and any(self.fits(word) for word in said)


_ANYTHING = Part()


@lru_cache(maxsize=16_384)  # the same words stand in many phrases
def _part(words: tuple[Word, ...]) -> Part:
    written = [(w.text, w.open_before, w.open_after) for w in words if w.text != _NUMBER]
    texts = tuple(w.text for w in words)
    whole = tuple(dict.fromkeys(text for text, before, after in written if not (before or after)))
    return Part(
        texts,
        whole=texts if texts == whole else whole,  # nearly always: kept once
        starts=tuple(text for text, before, after in written if after and not before),
        ends=tuple(text for text, before, after in written if before and not after),
        inside=tuple(text for text, before, after in written if before and after),
        number=any(w.text == _NUMBER for w in words),
    )


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of ours. `refusals`: the words of its language that say no; `refuses`: it holds one itself."""

    raw: str
    parts: tuple[Part, ...]
    refusals: frozenset[str] = frozenset()
    refuses: bool = False

    def may_stand(self, said: frozenset[str]) -> bool:
        """Whether a text of these words may hold it: a quick look before `spans`."""
        return all(part.in_any(said) for part in self.parts if part.words)

    def spans(self, clause: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Where it stands in a clause: first word, and the word behind the last one."""
        for start in (place for place, word in enumerate(clause) if self.parts[0].fits(word)):
            end = self._end(clause, start, 0)
            if end is not None and not self._refused(clause, start, end):
                yield start, end

    def _end(self, clause: Sequence[str], place: int, part: int) -> int | None:
        if part == len(self.parts):
            return place
        if self.parts[part].words:
            fits = place < len(clause) and self.parts[part].fits(clause[place])
            return self._end(clause, place + 1, part + 1) if fits else None
        for skipped in range(GAP + 1):
            if (end := self._end(clause, place + skipped, part + 1)) is not None:
                return end
            if place + skipped < len(clause) and clause[place + skipped] in self.refusals:
                return None
        return None

    def _refused(self, clause: Sequence[str], start: int, end: int) -> bool:
        beside = {*clause[max(start - 1, 0) : start], *clause[end : end + 1]}
        return not self.refuses and bool(beside & self.refusals)

    def examples(self) -> list[str]:
        """What it may look like in a text, each of its words in one of them, a gap left out: for checks."""
        ways = [part.words for part in self.parts if part.words]
        rows = ([way[i % len(way)] for way in ways] for i in range(max(map(len, ways))))
        return [" ".join(row).replace(_NUMBER, "3") for row in rows]


class _Index:
    """Phrases of any meanings by a word of theirs. Hundreds are looked for in every message: a word of the text leads
    to the few that it may be the beginning of, instead of each phrase to all words."""

    def __init__(self, phrases: Iterable[tuple[str, Phrase]]) -> None:
        whole: dict[str, list[tuple[str, Phrase]]] = {}
        starts: dict[str, list[tuple[str, Phrase]]] = {}
        rest = []
        for row in phrases:
            part = max((p for p in row[1].parts if p.words), key=_tells)
            if _tells(part) < 0:
                rest.append(row)
                continue
            for word in part.whole:
                whole.setdefault(word, []).append(row)
            for start in {start[:_START] for start in part.starts}:
                starts.setdefault(start, []).append(row)
        self._rest = tuple(rest)  # tuples: a list of one row is twice as large
        self._whole = {word: tuple(rows) for word, rows in whole.items()}
        self._starts = {start: tuple(rows) for start, rows in starts.items()}

    def possible(self, said: frozenset[str]) -> list[tuple[str, Phrase]]:
        """Those that a text of these words may hold, with their meanings."""
        near = {(meaning, id(each)): each for meaning, each in self._rest}
        for word in said:
            for meaning, each in (*self._whole.get(word, ()), *self._starts.get(word[:_START], ())):
                near[meaning, id(each)] = each
        return [(meaning, each) for (meaning, _), each in near.items() if each.may_stand(said)]


class Phrases(tuple[Phrase, ...]):
    """Phrases of one meaning, looked for together."""

    _index: _Index

    def __new__(cls, phrases: Iterable[Phrase] = ()) -> Phrases:
        made = super().__new__(cls, phrases)
        made._index = _Index(("", each) for each in made)
        return made

    def possible(self, said: frozenset[str]) -> list[Phrase]:
        """Those that a text of these words may hold."""
        return [each for _, each in self._index.possible(said)]


class Meanings(dict[str, tuple[Phrase, ...]]):
    """Phrases by what they mean, looked for together: a text is held against all meanings at once."""

    def __init__(self, phrases: Mapping[str, Iterable[Phrase]]) -> None:
        super().__init__({meaning: tuple(each) for meaning, each in phrases.items()})
        self._index = _Index((meaning, each) for meaning, every in self.items() for each in every)

    def possible(self, said: frozenset[str]) -> list[tuple[str, Phrase]]:
        """Those that a text of these words may hold, with their meanings."""
        return self._index.possible(said)


_START = 2  # letters by which words with an open end are found


def _tells(part: Part) -> int:
    """How well a part tells phrases apart: by its shortest word; -1 where no beginning of a word is certain."""
    if part.number or part.ends or part.inside or any(len(start) < _START for start in part.starts):
        return -1
    return min(len(word) for word in (*part.whole, *part.starts))


@lru_cache(maxsize=8192)
def phrase(raw: str, refusals: frozenset[str] = frozenset()) -> Phrase:
    """Reads a phrase of ours. Raises ValueError with the reason."""
    parts: list[Part] = []
    for piece in raw.split():
        if piece == _GAP:
            if not parts or parts[-1] is _ANYTHING:
                raise ValueError(f"`...` stands between two words: {raw}")
            parts.append(_ANYTHING)
        else:
            try:
                parts.append(_part(tuple(_word(way) for way in piece.split("/"))))
            except ValueError as error:
                raise ValueError(f"{error}: {raw}") from None
    if not parts or parts[-1] is _ANYTHING:
        raise ValueError(f"`...` stands between two words: {raw}")
    refuses = any(word in refusals for part in parts for word in part.words)
    return Phrase(raw, tuple(parts), refusals, refuses)


@lru_cache(maxsize=16_384)
def _word(way: str) -> Word:
    """Raises ValueError for what is none."""
    if way == _NUMBER:
        return Word(_NUMBER)
    bare = way.strip("*")
    folded = _plain(bare)
    if not bare or len(folded) != 1 or (way != bare and len(bare) < 2):
        raise ValueError("each word of a phrase has letters, `*` stands at its ends only")
    return Word(sys.intern(folded[0]), way.startswith("*"), way.endswith("*"))


def forget() -> None:
    """Let go of what was remembered while phrases were read, once all are: they hold what they need themselves."""
    for remembered in (phrase, _part, _word):
        remembered.cache_clear()


def clauses(text: str) -> Clauses:
    """The words of a text, clause by clause, as they are compared."""
    parts = (_plain(part) for part in _BREAK.split(text[:LONGEST]))
    return tuple(words for words in parts if words)


def _plain(text: str) -> tuple[str, ...]:
    if text.isascii() and text.isalnum():  # most words: nothing to fold
        return (text.lower(),)
    if not any(unicodedata.category(c)[0] in "LMN" for c in text):
        return ()
    return tuple(fold(text).split())


def heard(meanings: Mapping[str, Iterable[Phrase]], text: str) -> str | None:
    """The one meaning that a text says; None when it says none, or several. What stands inside a longer phrase of
    another meaning does not count ("my brother's friend" is a friend)."""
    if not meanings or not (spoken := clauses(text)):
        return None
    found: list[tuple[str, int, int, int]] = []
    possible = _possible(meanings, frozenset(chain.from_iterable(spoken)))
    for number, clause in enumerate(spoken):
        found += [(meaning, number, *span) for meaning, p in possible for span in p.spans(clause)]
    said = {f[0] for f in found if not any(_inside(f, other) for other in found)}
    return said.pop() if len(said) == 1 else None


def _possible(meanings: Mapping[str, Iterable[Phrase]], said: frozenset[str]) -> list[tuple[str, Phrase]]:
    if isinstance(meanings, Meanings):
        return meanings.possible(said)
    return [
        (meaning, each)
        for meaning, phrases in meanings.items()
        for each in (phrases.possible(said) if isinstance(phrases, Phrases) else phrases)
        if isinstance(phrases, Phrases) or each.may_stand(said)
    ]


def _inside(one: tuple[str, int, int, int], other: tuple[str, int, int, int]) -> bool:
    same = one[0] == other[0] or one[1] != other[1]
    return not same and other[2] <= one[2] and one[3] <= other[3] and one[2:] != other[2:]
