"""Who shows a reply, and how: one rule, by channel and by what was provisioned."""

from __future__ import annotations

from typing import Any

import pytest

from bot.app import load_channels
from bot.channels.contract import Part
from bot.channels.limits import LIMITS
from bot.engine.messages import Option, Reply
from bot.layouts import Layouts
from bot.store.contents import Book, Made
from tests.fakes import once

OURS, OTHER = "+97711111111", "+97722222222"
ASK = Reply("wages.safe", "en", "Safe?", options=(Option("yes", "Yes"), Option("no", "No")), step="wages.safe")
NUMBERED = "Safe?\n\n1. Yes\n2. No"


@pytest.fixture(scope="module")
def content() -> Any:
    return once.written()


def layouts(content: Any, *made: Made) -> Layouts:
    book = Book()
    book.refill(made)
    return Layouts(load_channels(), content, book)


def test_no_account_has_menus_until_they_were_provisioned(content: Any) -> None:
    for shown in (layouts(content), layouts(content, Made("news", "ne", "HX1", "x", "approved"))):
        for account in (OURS, OTHER, "simulator"):
            assert shown.parts("whatsapp", account, ASK) == (Part("text", NUMBERED),)


def test_with_menus_the_phone_and_the_simulator_show_buttons(content: Any) -> None:
    shown = layouts(content, Made("buttons_2", "", "HX1", "x"))
    for account in (OURS, "simulator"):
        assert [part.kind for part in shown.parts("whatsapp", account, ASK)] == ["buttons"]


def test_menus_are_of_whatsapp_alone(content: Any) -> None:
    shown, bare = layouts(content, Made("buttons_2", "", "HX1", "x")), layouts(content)
    for channel in set(LIMITS) - {"whatsapp"}:
        assert shown.parts(channel, OURS, ASK) == bare.parts(channel, OURS, ASK)
    assert [part.kind for part in bare.parts("telegram", OURS, ASK)] == ["buttons"]
