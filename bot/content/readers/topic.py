"""Reads a topic of `knowledge/topics.yml` by the words that people use for it, in any of our languages.

Law: one topic or none; a text that names two is no answer, but one of them may be `weak` ("a maid's pay": pay).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bot.content.knowledge import with_heard
from bot.content.readers.tokens import Phrases, tokens
from bot.content.readers.words import attached
from bot.content.source import read
from bot.settings import ROOT


class Named:
    """The entries of a mapping in `knowledge/<name>.yml`, each with its `heard:` words by language. Value: the key.
    `under`: the mapping's key in the file, where it is not the file's name."""

    def __init__(self, name: str, under: str = "") -> None:
        self._name, self._under = name, under or name

    @cached_property
    def _entries(self) -> Mapping[str, Mapping[str, Any]]:
        entries: Mapping[str, Mapping[str, Any]] = with_heard(
            ROOT, self._name, read(ROOT / "knowledge" / f"{self._name}.yml", ROOT)
        )[self._under]
        return entries

    @cached_property
    def _phrases(self) -> Phrases[str]:
        heard = {
            str(phrase): key
            for key, entry in self._entries.items()
            for phrases in entry.get("heard", {}).values()
            for phrase in phrases
        }
        return Phrases(heard, before=attached("before"), after=attached("after"))

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The topic of an answer: its key, or what `find` finds."""
        return text.strip() if text.strip() in self._entries else self.find(text, args, language)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The one topic that a text names."""
        parts, found, place = tokens(text), dict[str, None](), 0
        while place < len(parts):
            phrase = self._phrases.at(parts, place)
            if phrase:
                found[phrase.value] = None
            place = phrase.end if phrase else place + 1
        strong = [key for key in found if not self._entries[key].get("weak")] or list(found)
        return strong[0] if len(strong) == 1 else None


reader = Named("topics")
