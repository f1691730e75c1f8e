"""Reads words that stand beside options and are more than an option: somebody tells it at once.

Law: three words at least; a number, a word or two are an answer that slipped, and are asked about again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST = 3  # words


class Sentence:
    """No arguments. Value: the words as they were written."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The words, None when they are too few to be told by."""
        words = [word for word in text.split() if any(c.isalpha() for c in word)]
        return text.strip() if len(words) >= LEAST else None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> None:
        """Nothing: any sentence would do."""
        return None


reader = Sentence()
