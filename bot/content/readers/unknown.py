"""Reads whether a text says that one does not know, and nothing else: "thaha chhaina", "I forgot".

Law: such a text answers the question that is open; it is no wish, whatever a classifier makes of it
(`arrived.weighed`). Phrases of all languages, for people mix; they stand in `unknown:` of each `language.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bot.content.languages import load_languages
from bot.engine.phrases import Phrases, clauses, phrase
from bot.settings import ROOT

MOST = 6  # words: more tell something


class Unknown:
    """No arguments. Value: True."""

    @cached_property
    def _phrases(self) -> Phrases:
        return Phrases(phrase(raw) for own in load_languages(ROOT).values() for raw in own.unknown)

    def read(self, text: str, args: Mapping[str, Any], language: str) -> bool | None:
        """True when the whole text is one such phrase; else None."""
        if len(text.split()) > MOST or len(spoken := clauses(text)) != 1:
            return None
        said = spoken[0]
        near = self._phrases.possible(frozenset(said))
        return any((0, len(said)) in each.spans(said) for each in near) or None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> bool | None:
        """The same: within a text it is not all of it."""
        return self.read(text, args, language)


reader = Unknown()
