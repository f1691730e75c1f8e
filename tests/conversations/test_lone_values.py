"""A country, a number or a day alone starts nothing, whatever a classifier makes of it, on all channels and in every
language: the open question is asked again; danger and universal words count all the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.conductor.arrived import weighed
from bot.content import Content
from bot.content.languages import load_languages
from bot.engine.inputs import Danger, Heard, Meaning, Pressed, Shared
from bot.settings import ROOT
from tests.conversations.harness import CHANNELS, Phone, recording

LANGUAGES = tuple(load_languages(ROOT))
SURE = Meaning("start_orientation", 0.95)
WAGES = Meaning("report_unpaid_wages", 0.95)


def _qatar(language: str) -> str:
    table: dict[str, Any] = yaml.safe_load((ROOT / "locales" / language / "language.yml").read_text("utf-8"))
    return str(table["countries"]["QA"][0])


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_country_is_no_answer_to_a_yes_or_no_and_leaves_no_report(
    content: Content, channel: str, language: str
) -> None:
    for text in (_qatar(language), "qatar", "Qatar!", "15/3/2026", "180 KD"):
        phone = Phone(recording(content), channel, language)
        await phone.hear("my pay", WAGES)
        assert phone.asking == "wages.safe"
        lines = await phone.hear(text, SURE)
        assert phone.asking == "wages.safe"
        assert [f.flow for f in phone.session.stack] == ["wages"]
        assert [line.id for line in lines] == ["system.retry>wages.safe"] or lines[-1].id.endswith("wages.safe")


async def test_what_the_country_says_is_not_lost(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("talab payena", WAGES)
    await phone.hear("qatar", SURE)
    await phone.hear("1")
    assert phone.asking == "wages.work"  # it need not be asked again which country it is
    assert phone.session.shared["country"] == "QA"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_country_alone_begins_nothing(content: Content, language: str) -> None:
    phone = Phone(recording(content), "sms", language)
    await phone.hear(_qatar(language), SURE)
    assert phone.asking == "menu.what"


async def test_a_country_after_a_pause_is_no_clear_wish(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("talab payena", WAGES)
    phone.later(days=2)
    await phone.hear("qatar", SURE)
    assert phone.asking.startswith("resume.")


async def test_danger_and_a_universal_word_break_in_all_the_same(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("talab payena", WAGES)
    await phone.hear("qatar", Meaning("report_violence", 0.95, danger=Danger("report_violence")))
    assert phone.session.stack[-1].flow == "danger" or phone.asking.startswith("danger")
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("talab payena", WAGES)
    await phone.hear("menu")
    assert phone.asking == "menu.what"


async def test_more_than_a_country_is_a_wish(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("talab payena", WAGES)
    await phone.hear("qatar jana sikna man cha", SURE)
    assert phone.session.stack[-1].flow == "orientation"


def test_only_the_wish_is_taken_away(content: Content) -> None:
    told = Meaning("start_orientation", 0.95, {"country": "QA"}, None, "ne", "self")
    expected = Meaning("nlu_fallback", 0.0, {"country": "QA"}, None, "ne", "self")
    assert weighed(Heard("qatar ma", told), content.readers, "ne") == Heard("qatar ma", expected)
    assert weighed(Shared("image", "r", "qatar", told), content.readers, "ne") == Shared(
        "image", "r", "qatar", expected
    )
    for given in (None, Pressed("a.b", "c", "1"), Heard("", told), Heard("salary in qatar", told)):
        assert weighed(given, content.readers, "ne") == given
    polite = Heard("chha", Meaning("affirm", 0.9))
    assert weighed(polite, content.readers, "ne") == polite
