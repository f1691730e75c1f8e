"""Reads a place written as coordinates: "29.33,48.07", a map's link, a geo: address. Shared places are the engine's.

Law: two numbers are a place only with a decimal point each and within the earth's degrees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.content.readers.tokens import plain

_DEGREES = r"([-+]?\d{1,3}\.\d{2,12})"
_PAIR = re.compile(rf"(?<![\d.]){_DEGREES}\s*(?:,|%2C|\s)\s*{_DEGREES}(?![\d.]\d)", re.IGNORECASE)


class Location:
    """No arguments. Value: {"lat", "lon"} in degrees (WGS 84)."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> dict[str, float] | None:
        """The first pair of coordinates."""
        for match in _PAIR.finditer(plain(text)):
            lat, lon = float(match[1]), float(match[2])
            if abs(lat) <= 90 and abs(lon) <= 180:
                return {"lat": lat, "lon": lon}
        return None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> dict[str, float] | None:
        """The same: a pair of coordinates is hardly anything else."""
        return self.read(text, args, language)


reader = Location()
