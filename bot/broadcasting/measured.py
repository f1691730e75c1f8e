"""What a broadcast would be before it starts: whom it reaches, who is left out, what it costs, how long it takes.

Law: numbers of people only, never who; a price that is not known is told as that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.channels.prices import Prices
from bot.store import accounts, audience, lanes
from bot.store.audience import Sparing, Wanted
from bot.store.database import Connection


@dataclass(frozen=True, slots=True)
class Measured:
    """What a broadcast would be, told before it starts. `people`: by language and channel; `skipped`: by reason;
    `segments`: of one SMS by language; `cost`: of all SMS, None where a price of it is not known; `hours`: until all
    of it has left by the accounts' rates, if everybody could be written to at once."""

    people: Mapping[tuple[str, str], int]
    skipped: Mapping[str, int]
    segments: Mapping[str, int]
    sms: int
    cost: Decimal | None
    currency: str
    hours: float

    @property
    def reached(self) -> int:
        """People who would hear it."""
        return sum(self.people.values())

    @property
    def all(self) -> int:
        """Everybody who subscribed and is meant."""
        return self.reached + sum(self.skipped.values())


async def measure(
    connection: Connection, wanted: Wanted, sparing: Sparing, lengths: Mapping[str, int], prices: Prices, now: datetime
) -> Measured:
    """Whom it would reach now, who is left out and why, and what it would cost. `lengths`: segments by language."""
    people: Counter[tuple[str, str]] = Counter()
    skipped: Counter[str] = Counter()
    paid: Counter[tuple[str | None, int]] = Counter()
    rows = await audience.counts(connection, wanted, sparing, now)
    for language, channel, country, reason, number in rows:
        if reason is not None:
            skipped[reason] += number
            continue
        people[language, str(channel)] += number
        if channel == "sms":
            paid[country, lengths[language]] += number
    sent = [(country, length * number) for (country, length), number in paid.items()]
    slowest = await _hours(connection, people)
    return Measured(people, skipped, lengths, sum(n for _, n in sent), prices.together(sent), prices.currency, slowest)


async def _hours(connection: Connection, people: Mapping[tuple[str, str], int]) -> float:
    """By the slowest channel, its accounts together."""
    by_channel: Counter[str] = Counter()
    for (_, channel), number in people.items():
        by_channel[channel] += number
    rates: dict[str, float] = {}
    for (channel, _), rate in (await lanes.rates(connection)).items():
        rates[channel] = rates.get(channel, 0.0) + rate
    spans = [
        number / (rates.get(channel) or accounts.PER_SECOND[channel] * accounts.LANE_SHARE)
        for channel, number in by_channel.items()
    ]
    return max(spans, default=0.0) / 3600
