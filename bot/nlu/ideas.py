"""What the words of a text are about (SALARY, BEAT, LOCK ...), the same for all languages: features, never rules.

Law: single words only, each looked at by itself, so that no author's phrase can be learned by heart; total, no network.
Data: `<lang>/words.yml` of the folders that are trained on; format in nlu_data/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.nlu.concepts import under_concepts
from bot.nlu.data import at
from bot.nlu.normalise import fold_word, normalise
from bot.packed import Packed

FILE = "words.yml"
_SHORTEST = 4  # letters of a stem that may go on: shorter ones stand for themselves alone
_ARABIC = ("\u0600", "\u06ff")
# The article and the prepositions that Arabic writes in one with the word, in its own letters and in Latin ones.
_BEFORE = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ب", "ل", "ف")
_NONE: Mapping[str, Iterable[str]] = {}
_LATIN_BEFORE = ("vel", "bel", "fel", "lel", "val", "bal", "el", "al", "il")


class Ideas:
    """Stems to concepts. `names` in order; `of(word)` gives the numbers of the concepts of one normalised word."""

    def __init__(self, exact: Mapping[str, Iterable[str]] = _NONE, opened: Mapping[str, Iterable[str]] = _NONE) -> None:
        self.names = tuple(sorted({c for table in (exact, opened) for concepts in table.values() for c in concepts}))
        self._exact, self._open = (
            Packed((stem, concept) for stem, concepts in table.items() for concept in sorted(concepts))
            for table in (exact, opened)
        )
        self._number = {name: i for i, name in enumerate(self.names)}
        self._longest = max(map(len, opened), default=0)

    def of(self, word: str, folded: str) -> tuple[int, ...]:
        """Concepts of a word of a normalised text and its Latin form."""
        if not self.names or not word:
            return ()
        native = _ARABIC[0] <= word[0] <= _ARABIC[1]
        found = self._look(word) if native else self._look(folded)
        if not found:
            found = self._behind(word, _BEFORE) if native else self._behind(folded, _LATIN_BEFORE)
        return tuple(self._number[name] for name in found)

    def _behind(self, form: str, openings: Iterable[str]) -> list[str]:
        """What a word is about without its article: `elmaktab` is an office."""
        for opening in openings:
            if (
                form.startswith(opening)
                and len(form) - len(opening) >= 3
                and (found := self._look(form[len(opening) :]))
            ):
                return found
        return []

    def _look(self, form: str) -> list[str]:
        if exact := self._exact.all(form):
            return exact
        for length in range(min(len(form), self._longest), _SHORTEST - 1, -1):
            if found := self._open.all(form[:length]):
                return found
        return []

    def dump(self) -> str:
        """Both tables as JSON, the same for the same stems; `Ideas.parse` reads it."""
        tables: list[dict[str, list[str]]] = [{}, {}]
        for table, packed in zip(tables, (self._exact, self._open), strict=True):
            for stem, concept in packed.rows():
                table.setdefault(stem, []).append(concept)
        return json.dumps(tables, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, raw: str) -> Ideas:
        """From `dump`. Raises ValueError, TypeError for anything else."""
        exact, opened = json.loads(raw)
        return cls(exact, opened)


def read_ideas(paths: Path | Iterable[Path]) -> Ideas:
    """The stems of every words.yml below the folders that are given (files are passed over). Raises DataError."""
    exact: dict[str, set[str]] = {}
    opened: dict[str, set[str]] = {}
    for root in [paths] if isinstance(paths, Path) else list(paths):
        for file in sorted(root.rglob(FILE)) if root.is_dir() else ():
            for concept, raw in _stems(file):
                key, goes_on = _key(raw)
                exact.setdefault(key, set()).add(concept)
                if goes_on:
                    opened.setdefault(key, set()).add(concept)
    return Ideas(exact, opened)


def _stems(file: Path) -> Iterable[tuple[str, str]]:
    for concept, raw, node in under_concepts(file, "words", "a word"):
        if not _key(raw)[0]:
            raise at(file, node, f"{concept}: one word, with letters: {raw}")
        yield concept, raw


def _key(raw: str) -> tuple[str, bool]:
    """(form that is looked up, whether any ending may follow); an empty form for what is not one word."""
    words = normalise(raw.removesuffix("=")).split()
    if len(words) != 1:
        return "", False
    native = _ARABIC[0] <= words[0][0] <= _ARABIC[1]
    form = words[0] if native else fold_word(words[0])
    return form, len(form) >= _SHORTEST and not raw.endswith("=")
