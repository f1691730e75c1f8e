"""Reads a language: its native name, its name in Latin letters, its code, and what people call it besides.

Law: a whole answer, or the one name in a text; two languages are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bot.content.languages import load_languages
from bot.engine.folding import fold
from bot.settings import ROOT

LONGEST = 4  # words of a name


class Spoken:
    """No arguments. Value: the code."""

    @cached_property
    def _names(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for code, own in load_languages(ROOT).items():
            for name in (own.name, own.latin, own.english_name, *own.also):
                found.setdefault(fold(name), code)
        return found

    @cached_property
    def _codes(self) -> frozenset[str]:
        return frozenset(load_languages(ROOT))

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The language of an answer."""
        whole = text.strip().lower()
        return whole if whole in self._codes else self.find(text, args, language)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The one language that a text names."""
        words = fold(text).split()
        runs = (" ".join(words[n : n + size]) for size in range(1, LONGEST + 1) for n in range(len(words) - size + 1))
        named = {self._names[run] for run in runs if run in self._names}
        return named.pop() if len(named) == 1 else None


reader = Spoken()
