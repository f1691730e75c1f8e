"""Who shows a reply, and how: one rule, by channel and account."""

from __future__ import annotations

from typing import Any

import pytest

from bot.app import load_channels
from bot.channels.contract import Part
from bot.channels.limits import LIMITS
from bot.content import load
from bot.engine.messages import Option, Reply
from bot.layouts import Layouts
from bot.settings import ROOT, Settings

OURS, OTHER = "+97711111111", "+97722222222"
ASK = Reply("wages.safe", "en", "Safe?", options=(Option("yes", "Yes"), Option("no", "No")), step="wages.safe")
NUMBERED = "Safe?\n\n1. Yes\n2. No"


@pytest.fixture(scope="module")
def content() -> Any:
    return load(ROOT)


def layouts(content: Any, **environment: str) -> Layouts:
    settings = Settings(_env_file=None, whatsapp_sender=OURS, **environment)
    sender = settings.whatsapp_sender
    return Layouts(load_channels(), content, settings.provisioned, simulated="simulator", sender=sender)


def test_no_account_has_templates_until_somebody_says_so(content: Any) -> None:
    shown = layouts(content)
    for account in (OURS, OTHER, "simulator"):
        assert shown.parts("whatsapp", account, ASK) == (Part("text", NUMBERED),)


def test_the_simulator_shows_what_the_account_that_it_stands_for_sends(content: Any) -> None:
    shown = layouts(content, whatsapp_templates=f"whatsapp:{OURS} , ")
    for account in (OURS, "simulator"):
        assert [part.kind for part in shown.parts("whatsapp", account, ASK)] == ["buttons"]
    assert shown.parts("whatsapp", OTHER, ASK) == (Part("text", NUMBERED),)
    other = layouts(content, whatsapp_templates=OTHER)
    assert other.parts("whatsapp", "simulator", ASK) == (Part("text", NUMBERED),)


def test_templates_are_of_whatsapp_alone(content: Any) -> None:
    shown = layouts(content, whatsapp_templates=OURS)
    bare = layouts(content)
    for channel in set(LIMITS) - {"whatsapp"}:
        assert shown.parts(channel, OURS, ASK) == bare.parts(channel, OURS, ASK)
    assert [part.kind for part in bare.parts("telegram", OURS, ASK)] == ["buttons"]
