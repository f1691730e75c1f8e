"""What SMS cost, as an estimate: segments times the price that somebody wrote down for the country of the phone.

Law: pure; the facts stand in `knowledge/sms_prices.yml`. Where no price is known there is none, and no sum either: half
of a sum would look like all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

FACTS = "sms_prices"


@dataclass(frozen=True, slots=True)
class Prices:
    """By country; `currency` is one for all."""

    currency: str
    by_country: Mapping[str, Decimal]

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Prices:
        """From the file. A price counts that is a number above nothing, with a source and the day it was looked at."""
        found = {str(code): _price(entry) for code, entry in facts["countries"].items()}
        return cls(str(facts["currency"]), {code: price for code, price in found.items() if price is not None})

    def of(self, country: str | None, segments: int) -> Decimal | None:
        """The estimate; None when the price of this country is not known."""
        price = self.by_country.get(country or "")
        return None if price is None else price * segments

    def together(self, sent: Iterable[tuple[str | None, int]]) -> Decimal | None:
        """The estimate of several (country, segments); None as soon as one of them has no price."""
        costs = [self.of(country, segments) for country, segments in sent]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if costs and len(known) == len(costs) else None


def _price(entry: Mapping[str, Any]) -> Decimal | None:
    told, sourced = entry.get("price"), entry.get("source") and isinstance(entry.get("checked_on"), date)
    if isinstance(told, bool) or not isinstance(told, int | float) or not sourced:
        return None
    price = Decimal(str(told))
    return price if price.is_finite() and price > 0 else None
