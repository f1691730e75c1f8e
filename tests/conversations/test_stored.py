"""Some transcripts through the whole application and its database: what the harness says in memory is what is stored.

Law: the same expectations as in memory, held against rows; then the texts of both are compared.
"""

from __future__ import annotations

import re

import pytest

from bot.app import App
from bot.content import Content
from tests.conftest import Clock
from tests.conversations.harness import Line, Phone
from tests.conversations.stored import telling
from tests.conversations.telling import Telling
from tests.conversations.transcript import TRANSCRIPTS

pytestmark = pytest.mark.slow
TOLD = (
    ("danger.main", "sms", "ne"),
    ("danger.while_waiting", "whatsapp", "ar"),
    ("wages.main", "telegram", "hi"),
    ("wages.told_at_once", "sms", "en"),
    ("wages.danger_in_the_middle", "telegram", "ne"),
    ("wages.stop_and_start", "sms", "ar"),
    ("welcome.greeting", "whatsapp", "hi"),
    ("delete.yes", "telegram", "en"),
    ("coming_home.main", "sms", "ne"),
)


def _steady(phone: Phone, line: Line) -> tuple[str, str, str]:
    """Without the digits of the case's number, which is drawn at random."""
    return line.id, line.state, re.sub(r"\d{3}\s\d{3}\s\d", "#", phone.shown(line))


@pytest.mark.parametrize(("name", "channel", "language"), TOLD)
async def test_the_database_tells_the_same_story(
    app: App, clock: Clock, content: Content, name: str, channel: str, language: str
) -> None:
    transcript = next(t for t in TRANSCRIPTS if t.name == name)
    stored = await telling(app, clock, content, transcript, channel, language)
    memory = Telling(content, transcript, channel, language, 0)
    shown = [_steady(stored.phone, line) for line in await stored.run()]
    assert shown
    assert shown == [_steady(memory.phone, line) for line in await memory.run()]
