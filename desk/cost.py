"""What SMS cost, in words and as rows: segments, and an estimate of money where every price of it is known.

Law: a sum is never half of one; a price that nobody wrote down is a dash.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from babel.numbers import format_currency, format_decimal

from bot.channels.prices import FACTS, Prices
from bot.content.knowledge import Facts
from bot.store.sms_spent import Spent
from desk.look import Look
from desk.sheets import Say

NONE = "–"


def told(look: Look, language: str, knowledge: Facts, country: str | None, segments: int) -> str:
    """What the SMS of a conversation cost; nothing when none left."""
    if not segments:
        return ""
    prices = Prices.read(knowledge.get(FACTS))
    n, about = format_decimal(segments, locale=language), prices.of(country, segments)
    if about is None:
        return look.word(language, "case.sms_sent", n=n)
    return look.word(language, "case.sms_sent_about", n=n, price=_money(about, prices, language))


def rows(say: Say, knowledge: Facts, spent: Sequence[Spent]) -> list[tuple[str, str, str, str, str]]:
    """(month, country, messages, segments, about): each country, and after them the month."""
    prices, language = Prices.read(knowledge.get(FACTS)), say.visit.language
    found: list[tuple[str, str, str, str, str]] = []
    for month, group in groupby(spent, key=lambda one: one.month):
        theirs = list(group)
        name = say.day(month, "month")
        for one in theirs:
            about = prices.of(one.country, one.segments)
            numbers = say.n(one.messages), say.n(one.segments)
            found.append((name, say.country(one.country), *numbers, _money(about, prices, language)))
        if len(theirs) > 1:
            about = prices.together((one.country, one.segments) for one in theirs)
            numbers = say.n(sum(one.messages for one in theirs)), say.n(sum(one.segments for one in theirs))
            found.append((name, say.t("figures.sms_sum"), *numbers, _money(about, prices, language)))
    return found


def _money(about: Decimal | None, prices: Prices, language: str) -> str:
    return NONE if about is None else format_currency(about, prices.currency, locale=language)
