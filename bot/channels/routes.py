"""Routes of SMS: whether an answer to our message can arrive, and what a message may hold, by country and by sender.

Law: pure; the facts stand in `knowledge/sms_routes.yml`. On a route of one way no question is asked, since her answer
would go nowhere and she would pay for it: the message says which number to write to, or to ring once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers

from bot.engine.messages import Reply

FACTS = "sms_routes"


@dataclass(frozen=True, slots=True)
class Route:
    """From one sender of ours to phones of one country. `answer_to`: a number of ours that can be answered there, ""
    when there is none, or when numbers in the body are filtered."""

    two_way: bool = True
    numbers: bool = True
    answer_to: str = ""


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes of an installation. `sims`: numbers of SIMs at partners, which anybody can answer."""

    countries: Mapping[str, Mapping[str, Any]]
    sims: Sequence[str] = ()

    @classmethod
    def read(cls, facts: Mapping[str, Any], sims: Sequence[str]) -> Routes:
        """From the file."""
        return cls(facts["countries"], tuple(sims))

    def to(self, country: str | None, account: str) -> Route:
        """The route from our `account` to a phone of `country`. Unknown countries count as two-way: her own message
        has just come that way."""
        told = self.countries.get(country or "", {})
        numbers = bool(told.get("numbers_in_body", True))
        if account in self.sims or told.get("two_way", True):
            return Route(True, numbers)
        near = sorted(self.sims, key=lambda sim: (region(sim) != country, self.sims.index(sim)))
        return Route(False, numbers, near[0] if near and numbers else "")


def region(number: str) -> str | None:
    """The country of a number (ISO 3166-1 alpha-2); None when it is not certain."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def asks(reply: Reply) -> bool:
    """Whether a reply wants an answer."""
    return bool(reply.step or reply.options)


def one_way(reply: Reply, route: Route, words: Mapping[str, str]) -> Reply:
    """The reply as it may leave on this route. `words`: the channel's own, filled with the route's number.

    A question becomes the receipt and the way to answer; what asks nothing stays as it is. With no number to name, it
    says to write where she wrote before: her own message came that way.
    """
    if route.two_way or not asks(reply):
        return reply
    told = words["one_way" if route.answer_to else "one_way_same"]
    return replace(reply, text=told, sms=told, options=(), step="", version="")
