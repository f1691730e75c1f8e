"""A broadcast as its page shows it: how far it is, what it would be, and each text with who wrote and who agreed.

Law: words come from desk/words/; numbers are counts of people, in the reader's digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from babel.numbers import format_currency, format_percent

from bot.broadcasting import FACTS, Broadcasting, Measured
from bot.store.broadcasts import Broadcast
from desk.sheets import Say

STATES = {
    "waiting": "broadcasts.state_waiting",
    "queued": "broadcasts.state_queued",
    "sent": "broadcasts.state_sent",
    "skipped": "broadcasts.state_skipped",
    "failed": "broadcasts.state_failed",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One broadcast in a list: for how many it is over, of how many."""

    id: UUID
    name: str
    topic: str
    state: str
    over: int
    all: int
    told: str
    share: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What it would be. `people` and `left_out`: (words, number)."""

    reached: str
    all: str
    people: list[tuple[str, str]]
    left_out: list[tuple[str, str]]
    segments: str
    cost: str
    hours: str
    sms: bool


@dataclass(frozen=True, slots=True)
class TextLine:
    """The words of one language. `mark`: stands for them where somebody agrees; `agreed`: by whom; `mine`: the reader
    wrote them, and so may not agree."""

    language: str
    words: str
    mark: str
    segments: int
    writer: str
    agreed: str
    mine: bool


def line(say: Say, one: Broadcast) -> Line:
    """As a list shows it."""
    part = one.over / one.all if one.all else 0.0
    share = str(format_percent(part, "#,##0%", locale=say.visit.language))
    told = say.t("broadcasts.so_far", over=say.n(one.over), all=say.n(one.all))
    return Line(one.id, one.name, one.topic, one.state, one.over, max(one.all, 1), told, share)


def rows(say: Say, one: Broadcast) -> list[tuple[str, str, str]]:
    """(state, why, people), as they are counted now."""
    order = ("sent", "queued", "waiting", "skipped", "failed")
    found = sorted(one.counts.items(), key=lambda item: (order.index(item[0][0]), -item[1]))
    return [
        (say.t(STATES[state]), _why(say, reason) if reason else "", say.n(number)) for (state, reason), number in found
    ]


def _why(say: Say, reason: str) -> str:
    name = f"broadcasts.why_{reason}"
    if reason == "silence":
        return say.t(name, n=say.n(int(say.look.content.knowledge.get(FACTS)["silence_minutes"])))
    return say.t(name if f"desk.{name}" in say.look.content.desk else "broadcasts.why_other")


def plan(say: Say, measured: Measured) -> Plan:
    """Above the button that starts it."""
    look, language = say.look, say.visit.language
    people = [
        (f"{look.tongue(language, code)} · {say.t(f'channel.{channel}')}", say.n(number))
        for (code, channel), number in sorted(measured.people.items(), key=lambda item: -item[1])
    ]
    left = [
        (_why(say, reason), say.n(number)) for reason, number in sorted(measured.skipped.items(), key=lambda i: -i[1])
    ]
    cost = (
        say.t("broadcasts.no_price")
        if measured.cost is None
        else format_currency(measured.cost, measured.currency, locale=language)
    )
    hours = say.t("broadcasts.hours", n=say.n(max(1, round(measured.hours))))
    return Plan(
        say.n(measured.reached), say.n(measured.all), people, left, say.n(measured.sms), cost, hours, bool(measured.sms)
    )


def texts(one: Broadcast, room: Broadcasting, names: Mapping[UUID, str], reader: UUID) -> list[TextLine]:
    """Each language that has one."""
    return [
        TextLine(
            code,
            text.words,
            text.mark,
            room.length(code, text.words),
            names.get(text.written_by, ""),
            names.get(text.approved_by, "") if text.approved_by else "",
            text.written_by == reader,
        )
        for code, text in sorted(one.texts.items())
    ]
