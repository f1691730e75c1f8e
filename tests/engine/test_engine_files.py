"""Files that answer nothing: received, asked for once more, or heard by a human."""

from __future__ import annotations

from bot.engine.session import Session
from tests.engine.engine_world import Talk, means, wages_talk


def test_photos_are_received_and_the_question_is_asked_once_more_only() -> None:
    talk = wages_talk()
    assert talk.share("image") == ["system.media_received>wages.work"]
    assert talk.share("image") == ["system.media_received"]
    assert talk.hear("company") == ["wages.employer"]
    assert talk.share("image") == ["system.media_received>wages.employer"]


def test_a_caption_is_heard() -> None:
    assert wages_talk().share("image", "company") == ["system.media_received", "wages.employer"]
    assert Talk().share("image", "law", means("ask_contacts")) == ["system.media_received", "contacts.list"]


def test_voices_lead_to_a_human() -> None:
    assert Talk(session=Session()).share("audio") == ["system.media_received", "human.noted"]
    talk = wages_talk()
    assert talk.share("audio") == ["system.media_received>wages.work"]
    assert talk.share("audio") == ["system.retry_help>wages.work"]
    assert talk.share("audio") == ["system.media_received", "human.noted"]


def test_files_with_nothing_open() -> None:
    assert Talk().share("image") == ["system.media_received"]
    assert Talk(session=Session()).share("location") == ["system.media_received", "welcome.hello", "welcome.lang"]
