"""Reads free text: what was written, without the space around it.

Law: nothing of what a person wrote is changed; free text is never found inside other text. A lone digit is no words: it
was meant for a list that is not open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.content.readers.country import alone
from bot.engine.answers import number

COUNTRY = "country"
DIGIT = 9  # the greatest number that is taken for one of a list


class Text:
    """`args["letters"]`: a name, which no number is. `args["but"]`: `country` where a country alone answers something
    else ("when did you last hear of her?"). `args["any"]`: a lone digit too, which the action says something of. Value:
    str."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The text; None when there is none, or when it cannot be what was asked for."""
        place = number(text)
        if place is not None and place <= DIGIT and not args.get("any"):
            return None
        if args.get("letters") and not any(c.isalpha() for c in text):
            return None
        if args.get("but") == COUNTRY and alone(text, language):
            return None
        return text.strip() or None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> None:
        """Nothing: any text would do."""
        return None


reader = Text()
