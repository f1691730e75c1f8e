"""Reads free text: what was written, without the space around it.

Law: nothing of what a person wrote is changed; free text is never found inside other text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Text:
    """No arguments. Value: str."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The text, None when there is none."""
        return text.strip() or None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> None:
        """Nothing: any text would do."""
        return None


reader = Text()
