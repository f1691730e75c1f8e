"""Reads two hours of the day: "from 19 to 21", "7pm-9pm", "१९:३० देखि २१". Value: {"from": 1140, "until": 1260}.

Law: minutes after midnight; exactly two hours, which differ. Without am or pm an hour counts as it is written, 0 to 24.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.content.readers.tokens import plain

_DAY = 24 * 60
_HOUR = re.compile(r"(?<![\d:.])(\d{1,2})(?:[:.](\d{2}))?(?![\d:])\s*(am|pm|a\.m\.|p\.m\.)?", re.IGNORECASE)


class Hours:
    """No arguments."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> dict[str, int] | None:
        """The two hours of an answer; "7 to 9 pm" is both in the evening."""
        found = list(_HOUR.finditer(plain(text)))
        if len(found) != 2:
            return None
        half = _half(found[1])
        start, end = _minutes(found[0], _half(found[0]) or half), _minutes(found[1], half)
        if start is None or end is None or start == end % _DAY:
            return None
        return {"from": start % _DAY, "until": end}

    def find(self, text: str, args: Mapping[str, Any], language: str) -> None:
        """Nothing: two numbers in a sentence may be anything."""
        return None


def _half(match: re.Match[str]) -> str:
    return (match[3] or "")[:1].casefold()


def _minutes(match: re.Match[str], half: str) -> int | None:
    hour, minute = int(match[1]), int(match[2] or 0)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0) if 1 <= hour <= 12 else 25
    minutes = hour * 60 + minute
    return minutes if minute < 60 and 0 <= minutes <= _DAY else None


reader = Hours()
