"""Reads photos, voice notes and files: never from text; the engine takes what is shared itself.

Law: words are no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Media:
    """No arguments. Value (made by the engine): {"kind", "ref"}."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> None:
        """Nothing."""
        return None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> None:
        """Nothing."""
        return None


reader = Media()
