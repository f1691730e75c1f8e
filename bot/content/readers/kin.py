"""Reads who a person writes about: "my brother", "दाइलाई": a key of `knowledge/kin.yml`, in any language.

Law: one person or nobody; who writes about two is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bot.content.hearing import readable
from bot.content.knowledge import with_heard
from bot.content.source import read
from bot.engine.phrases import Meanings, heard
from bot.settings import ROOT

SOMEBODY, TOGETHER = "somebody", "together"  # a question for a person; the writer and another one


class Kin:
    """No arguments. Value: the key, `somebody` for a question for a person whom nobody named."""

    @cached_property
    def _phrases(self) -> tuple[Meanings, Meanings]:
        """Of people, and of a question for somebody."""
        entries: Mapping[str, Mapping[str, Any]] = with_heard(ROOT, "kin", read(ROOT / "knowledge" / "kin.yml", ROOT))[
            "kin"
        ]
        every = {
            key: [p for raws in entry["heard"].values() for p in readable(map(str, raws), frozenset())]
            for key, entry in entries.items()
        }
        somebody = every.pop(SOMEBODY)
        return Meanings(every), Meanings({SOMEBODY: somebody})

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The person of an answer."""
        return self.find(text, args, language)

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The one person that a text speaks of."""
        named, somebody = self._phrases
        found = heard(named, text) or heard(somebody, text)
        return None if found == TOGETHER else found


reader = Kin()
