"""In which language and letters a stranger is answered at once: by her words, by a word of danger where nothing else
tells it, and never in letters that she may not read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.content import Content
from bot.engine.inputs import Meaning
from bot.nlu.language import script_of
from tests.conversations.harness import CHANNELS, Phone, recording
from tests.conversations.telling import floor

HOME = Meaning("report_status_problem", 0.9)
NUMBERS = {"IN": "+919810000001", "PK": "+923001234567"}
STEMS = {
    "fil": "saklolo",
    "hi": "mujhe bacha lo",
    "ne": "malai bachau",
    "ta": "kappathunga",
    "ml": "enne rakshikku",
    "bn": "amake bachao",
    "si": "mawa gahanawa",
    "id": "saya disekap",
}


def stranger(content: Content, channel: str = "sms", number: str = "") -> Phone:
    return Phone(recording(content), channel, "hi", number=number, chosen=False)


def shown(phone: Phone) -> str:
    return "\n".join(phone.shown(line) for line in phone.lines)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(("language", "line"), STEMS.items())
async def test_a_word_of_danger_tells_the_language_with_english_beneath_it(
    content: Content, channel: str, language: str, line: str
) -> None:
    phone, (meaning,) = stranger(content, channel), floor().understand([line])
    assert (meaning.language, meaning.stem) == ("", language)
    lines = await phone.hear(line, meaning)
    assert [(each.id, each.reply.language) for each in lines] == [("danger.can_write", language)]
    assert lines[0].reply.under.startswith("Okay, we got this.")
    assert lines[0].reply.under in phone.shown(lines[0])
    assert [n["audience"] for n in phone.notices] == ["page"]


async def test_what_she_writes_next_tells_more_than_that_word(content: Content) -> None:
    phone = stranger(content)
    await phone.hear("saklolo", floor().understand(["saklolo"])[0])
    (line,) = await phone.hear("ok", Meaning(language="id"))
    assert (line.reply.language, line.reply.under) == ("id", "")


@pytest.mark.parametrize("line", ["bachao", "balatkar"])
def test_a_word_of_two_languages_tells_none(line: str) -> None:
    (meaning,) = floor().understand([line])
    assert meaning.danger is not None
    assert meaning.stem == ""


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("guess", ["hi", "ur"])
async def test_hindi_or_urdu_in_latin_letters_is_answered_in_no_other_letters(
    content: Content, channel: str, guess: str
) -> None:
    phone = stranger(content, channel)
    await phone.hear("mujhe ghar jana hai", replace(HOME, language=guess))
    await phone.hear("1")
    await phone.hear("kuwait")
    assert phone.lines
    assert all(script_of(phone.shown(line)) == "LATIN" for line in phone.lines), shown(phone)
    assert not phone.subject.person.language


@pytest.mark.parametrize(("country", "script"), [("IN", "DEVANAGARI"), ("PK", "ARABIC")])
async def test_her_own_letters_or_her_country_s_tell_which_of_the_two_she_reads(
    content: Content, country: str, script: str
) -> None:
    phone = stranger(content, "whatsapp", NUMBERS[country])
    (line,) = await phone.hear("mujhe ghar jana hai", replace(HOME, language="ur"))
    assert script_of(phone.shown(line)) == script
    phone = stranger(content, "whatsapp")
    await phone.hear("mujhe ghar jana hai", replace(HOME, language="ur"))
    (line,) = await phone.hear("हाँ", Meaning(language="hi"))
    assert script_of(phone.shown(line)) == "DEVANAGARI"


async def test_whoever_has_chosen_her_language_reads_its_letters(content: Content) -> None:
    phone = Phone(recording(content), "whatsapp", "ur")
    (line,) = await phone.hear("mujhe ghar jana hai", replace(HOME, language="hi"))
    assert script_of(phone.shown(line)) == "ARABIC"


async def test_a_yes_to_be_kept_does_not_choose_between_the_two(content: Content) -> None:
    phone = stranger(content)
    await phone.hear("tankhwah nahi mili", Meaning("report_unpaid_wages", 0.9, language="ur"))
    for _ in range(9):
        if phone.asking == "consent.may_we":
            break
        await phone.hear({"wages.country": "kuwait", "wages.owed": "3 mahine"}.get(phone.asking, "1"))
    assert phone.asking == "consent.may_we"
    await phone.hear("1")
    assert phone.subject.person.consent_store_at is not None
    assert phone.subject.person.language is None
