"""What goes ahead while a provider is asked about a message (`bot/conductor/ahead.py`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from bot.channels.contract import Inbound
from bot.conductor.ahead import ordered
from bot.conductor.arrived import Arrived
from bot.content import Content
from bot.engine.inputs import Danger, Heard, Input, Meaning, Pressed, Shared
from bot.store.vouched import ASKED, NO, UNKNOWN, YES

TALK = UUID(int=1)
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
HITS = Meaning(danger=Danger("report_violence", "page", "hits me"))
MAYBE = Meaning(danger=Danger("report_violence", "ask", "afraid"))
numbers = count(1)


def came(given: Input, vouched: str | None = None) -> Arrived:
    """One message that arrived."""
    number = next(numbers)
    said = Inbound("sms", "+447700900123", "+9779812345678", f"SM{number}", "text", getattr(given, "text", ""))
    return Arrived((number,), TALK, NOW + timedelta(seconds=number), said, given, (), (vouched,))


def words(text: str, meaning: Meaning | None = None) -> Heard:
    """A text of hers."""
    return Heard(text, meaning or Meaning())


@pytest.mark.parametrize(
    "cry",
    [
        words("he hits me", HITS),
        words("I am afraid", MAYBE),
        Shared("photo", "ref", "he hits me", HITS),
        words("i am 12", Meaning(child="age")),
        words("STOP"),
        words("सन्देश बन्द"),
        words("clear"),
        words("x"),
        words("Mango tree"),
    ],
)
@pytest.mark.parametrize("before", [ASKED, None, UNKNOWN])
def test_a_cry_ends_the_waiting(content: Content, cry: Input, before: str | None) -> None:
    first, second, third = came(words("status"), before), came(words("and tell me")), came(cry)
    told = ordered([first, second, third], content, {"exit": "mango tree"})
    assert [each.ids for each in told] == [first.ids, second.ids, third.ids]  # in the order in which she wrote
    assert [each.passed for each in told] == [True, True, False]
    assert told[0].vouched == (UNKNOWN,)


@pytest.mark.parametrize(
    "calm", [words("thank you"), words("menu"), words("1"), words(" "), Pressed("status.more", "yes", "1")]
)
def test_everything_else_keeps_its_place(content: Content, calm: Input) -> None:
    assert ordered([came(words("status"), ASKED), came(calm)], content, {}) == []
    free = [came(calm), came(words("status"))]
    assert ordered([*free, came(words("delete my data"), ASKED), came(calm)], content, {}) == free


def test_what_its_provider_has_said_stands(content: Content) -> None:
    group = [came(words("status"), YES), came(words("delete my data"), NO), came(words("he hits me", HITS))]
    assert [each.vouched for each in ordered(group, content, {})] == [(YES,), (NO,), (None,)]


def test_what_follows_the_cry_waits_again(content: Content) -> None:
    cry = came(words("he hits me", HITS))
    assert ordered([cry, came(words("status"), ASKED), came(words("hello"))], content, {}) == [cry]
