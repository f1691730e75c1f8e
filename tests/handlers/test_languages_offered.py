"""Which languages are offered, where: the likely ones first, English always near, each of all within reach."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.content import Content, languages
from bot.engine.inputs import Danger, Meaning
from handlers.languages import likely, pages
from tests.conversations.harness import CHANNELS, Phone, recording

SPOKEN = {
    "en": {"ZZ": 5},
    "ne": {"NP": 9, "QA": 7, "ZZ": 5},
    "hi": {"IN": 7, "QA": 6, "ZZ": 5},
    "bn": {"BD": 9, "QA": 6, "ZZ": 4},
    "ur": {"PK": 9, "ZZ": 4},
}


@pytest.mark.parametrize(
    ("guesses", "countries", "first"),
    [
        ([], ["NP"], ["ne"]),
        ([], ["QA"], ["ne", "hi", "bn"]),
        ([], [None], ["en", "hi", "ne"]),
        (["ur"], ["QA"], ["ur", "ne"]),
        (["ur", "bn"], ["QA"], ["ur", "bn", "ne"]),
    ],
)
def test_what_she_writes_then_her_number_then_anywhere(
    guesses: list[str], countries: list[str | None], first: list[str]
) -> None:
    order = likely(SPOKEN, guesses, countries)
    assert order[: len(first)] == first
    assert sorted(order) == sorted(SPOKEN)


@pytest.mark.parametrize("first", [2, 3, 4, 9])
@pytest.mark.parametrize("further", [1, 4, 9])
def test_every_language_is_on_one_page_and_english_on_the_first(first: int, further: int) -> None:
    made = pages(likely(SPOKEN, [], ["BD"]), first, further)
    assert sorted(code for page in made for code in page) == sorted(SPOKEN)
    assert "en" in made[0]
    assert made[0][0] == "bn"
    assert all(made)


def test_a_number_of_a_country_with_one_language_tells_it(content: Content) -> None:
    known = content.languages
    assert {c: languages.of_country(known, c) for c in ("NP", "BD", "PK", "PH", "ID", "EG")} == {
        "NP": "ne",
        "BD": "bn",
        "PK": "ur",
        "PH": "fil",
        "ID": "id",
        "EG": "ar",
    }
    assert not any(languages.of_country(known, c) for c in ("IN", "LK", "KW", "AE", "", None))


@dataclass
class Talk:
    phone: Phone

    def ids(self) -> list[str]:
        line = next(line for line in reversed(self.phone.lines) if line.reply.options)
        return [option.id for option in line.reply.options]


def stranger(content: Content, channel: str, number: str = "") -> Talk:
    return Talk(Phone(recording(content), channel, "en", number=number, chosen=False))


@pytest.mark.parametrize("channel", CHANNELS)
async def test_page_by_page_every_language_can_be_reached_by_its_number(content: Content, channel: str) -> None:
    talk = stranger(content, channel)
    await talk.phone.hear("hello", Meaning("greet", 0.95))
    seen: list[str] = []
    while len(seen) < len(content.languages):
        page = talk.ids()
        assert page[-1] == "skip"
        assert len(page) <= 10
        new = [code for code in page[:-1] if code not in seen]
        assert new, f"{seen} come again before {set(content.languages) - set(seen)}"
        seen += new
        await talk.phone.hear(str(len(page)))
    assert set(seen) == set(content.languages)
    await talk.phone.hear("1")
    assert talk.phone.subject.person.language == talk.phone.lines[-1].reply.language


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("bangla", "bn"),
        ("বাংলা", "bn"),
        ("Bengali", "bn"),
        ("bn", "bn"),
        ("tagalog", "fil"),
        ("اردو", "ur"),
        ("සිංහල", "si"),
        ("indonesia", "id"),
        ("Tamil", "ta"),
        ("മലയാളം", "ml"),
    ],
)
async def test_any_name_is_understood_also_of_another_page(content: Content, written: str, code: str) -> None:
    talk = stranger(content, "sms", "+97798000000")
    await talk.phone.hear("hello", Meaning("greet", 0.95))
    assert talk.ids()[0] == "ne"
    await talk.phone.hear(written)
    assert talk.phone.subject.person.language == code


async def test_a_name_alone_is_a_wish_and_a_country_is_none(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("bangla")
    assert phone.subject.person.language == "bn"
    phone = Phone(recording(content), "sms", "ne")
    lines = await phone.hear("indonesia")
    assert phone.subject.person.language == "ne"
    assert [line.id for line in lines] == ["menu.what"]


async def test_the_names_on_an_sms_are_in_letters_that_every_phone_shows(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    (line,) = await phone.hear("#")
    assert phone.shown(line).isascii()
    await phone.hear("भाषा")  # who writes her own letters sees her own language in them, and no other
    (line,) = await phone.hear("#")
    shown = phone.shown(line)
    assert "नेपाली" in shown or "Nepali" not in shown
    assert all(
        content.languages[code].name not in shown for code in content.languages if code not in ("ne", "en", "fil", "id")
    )


async def test_another_language_is_offered_once_and_never_taken(content: Content) -> None:
    phone, wish = Phone(recording(content), "sms", "ne"), Meaning("report_unpaid_wages", 0.95, language="bn")
    lines = await phone.hear("আমার বেতন দেয় না", wish)
    assert [line.id for line in lines] == ["system.other_language", "wages.safe"]
    assert [line.reply.language for line in lines] == ["bn", "ne"]
    assert "বাংলা" in lines[0].reply.text
    lines = await phone.hear("আমি বুঝি না", Meaning(language="bn"))
    assert "system.other_language" not in [line.id for line in lines]
    assert phone.subject.person.language == "ne"
    lines = await phone.hear("বাংলা")
    assert lines[0].reply.language == "bn"
    assert phone.subject.person.language == "bn"


@pytest.mark.parametrize(("text", "language"), [("hello", "en"), ("ok thanks", "en"), ("mero talab", "bn"), ("মার", "")])
async def test_a_word_or_two_in_latin_letters_offer_nothing(content: Content, text: str, language: str) -> None:
    phone = Phone(recording(content), "sms", "ne")
    lines = await phone.hear(text, Meaning("ask_rights", 0.95, language=language))
    assert "system.other_language" not in [line.id for line in lines]


async def test_nothing_is_offered_before_danger(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    danger = Meaning("report_violence", 0.95, danger=Danger("report_violence"), language="bn")
    lines = await phone.hear("সে আমাকে মারছে এখন", danger)
    assert [line.id for line in lines] == ["danger.can_write"]
    assert [n["kind"] for n in phone.notices if n["audience"] == "page"] == ["report_violence"]
