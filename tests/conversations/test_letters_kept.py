"""By SMS she is answered in the letters in which she writes; the name of a country tells nothing of them."""

from __future__ import annotations

import re

import pytest

from bot.channels.segments import count
from bot.content import Content
from bot.engine.inputs import Meaning
from bot.nlu.language import script_of
from tests.content.whole import whole
from tests.conversations.harness import Phone, recording

MISSING = Meaning("report_missing", 0.9, language="hi")


async def answered(phone: Phone, *texts: str) -> str:
    """The letters of the last answer."""
    for text in texts:
        lines = await phone.hear(text, MISSING if "लापता" in text or "lapata" in text else Meaning())
    return script_of(phone.shown(lines[-1]))


async def test_a_country_in_latin_letters_changes_nothing(content: Content) -> None:
    phone = Phone(recording(content), "sms", "hi")
    assert await answered(phone, "मेरा भाई लापता है", "राम", "Saudi") == "DEVANAGARI"
    assert await answered(phone, "Al Noor") == "DEVANAGARI"


async def test_who_wrote_no_letter_of_her_own_gets_those_that_every_phone_shows(content: Content) -> None:
    for text in ("Saudi", "0", "ok"):
        assert await answered(Phone(recording(content), "sms", "hi"), text) == "LATIN"
        assert await answered(Phone(recording(content), "whatsapp", "hi"), text) == "DEVANAGARI"


async def test_one_word_of_her_own_tells_at_once(content: Content) -> None:
    assert await answered(Phone(recording(content), "sms", "hi"), "0", "हाँ", "menu") == "DEVANAGARI"


async def test_a_sentence_tells(content: Content) -> None:
    phone = Phone(recording(content), "sms", "hi")
    assert await answered(phone, "मेरा भाई लापता है", "uska naam ram hai") == "LATIN"
    assert await answered(Phone(recording(content), "sms", "hi"), "bhai lapata") == "LATIN"


async def test_what_she_writes_in_an_app_tells_of_her_first_sms(content: Content) -> None:
    for text, script in (("नमस्ते", "DEVANAGARI"), ("namaste ji kaise", "LATIN")):
        app = Phone(recording(content), "whatsapp", "hi")
        await app.hear(text)
        phone = Phone(recording(content), "sms", "hi")
        phone.subject.person.profile = dict(app.subject.person.profile)
        assert await answered(phone, "0") == script


LATIN = sorted(whole().latin)


@pytest.mark.parametrize("code", LATIN)
@pytest.mark.parametrize("by", ["name", "number"])
async def test_a_language_named_in_latin_letters_answers_in_them_and_says_how_to_change(code: str, by: str) -> None:
    """`hello`, then `hindi` or its number in the list; then the words that were said, and back."""
    phone, language = Phone(recording(whole()), "sms", "", chosen=False), whole().languages[code]
    (line,) = await phone.hear("hello", Meaning("greet", 0.9, language="en"))
    said = language.latin
    if by == "number":
        places = [option.id for option in line.reply.options]
        said = str(places.index(code) + 1) if code in places else said
    about, _ = await phone.hear(said)
    assert about.id == "welcome.about"
    assert count(phone.shown(about)).encoding == "GSM-7"
    (word,) = re.findall('"(.+?)"', phone.shown(about))
    own, _ = await phone.hear(word)
    assert own.id == "own_letters.done"
    assert script_of(phone.shown(own)) == script_of(language.name)
    assert await answered(phone, "yo ke ho malai thaha chhaina", "menu") == script_of(language.name)  # as she chose
    back, *_ = await phone.hear(re.findall("[A-Z]{4,}", phone.shown(own).replace("SMS", ""))[0])
    assert back.id == "latin_letters.done"
    assert count(phone.shown(back)).encoding == "GSM-7"
    (again,) = re.findall('"(.+?)"', phone.shown(back))
    assert (await phone.hear(again))[0].id == "own_letters.done"
    assert (await phone.hear("LATIN"))[0].id == "latin_letters.done"
    done, *_ = await phone.hear(language.latin)
    assert done.id == "language.done"
    assert re.findall('"(.+?)"', phone.shown(done)) == [word]


@pytest.mark.parametrize("code", LATIN)
async def test_named_in_its_own_letters_it_answers_in_them(code: str) -> None:
    phone, language = Phone(recording(whole()), "sms", "", chosen=False), whole().languages[code]
    await phone.hear("hello", Meaning("greet", 0.9, language="en"))
    about, _ = await phone.hear(language.name)
    assert script_of(phone.shown(about)) == script_of(language.name)


@pytest.mark.parametrize("code", sorted(set(whole().languages) - {"en"}))
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_who_writes_latin_letters_is_told_a_name_in_them_that_works(code: str, channel: str) -> None:
    phone = Phone(recording(whole()), channel, "en")
    lines = await phone.hear("aaaa bbbb cccc dddd", Meaning(language=code))
    assert lines[0].id == "system.other_language"
    name = phone.shown(lines[0]).rpartition(":")[2].strip(" \u2068\u2069")
    assert name.isascii()
    done, *_ = await phone.hear(name)
    assert (done.id, done.reply.language) == ("language.done", code)
    if channel == "sms":
        assert phone.shown(lines[0]).isascii() == (code in {*LATIN, "fil", "id"})


@pytest.mark.parametrize(("text", "code"), [("urdu huroof", "ur"), ("hindi lipi", "hi")])
async def test_the_letters_that_she_names_tell_hindi_from_urdu(text: str, code: str) -> None:
    phone = Phone(recording(whole()), "sms", "hi", chosen=False)
    await phone.hear("salary nahi mili", Meaning("report_unpaid_wages", 0.95, language="hi"))
    assert phone.subject.person.profile["unscripted"]
    done, *_ = await phone.hear(text)
    assert (done.id, done.reply.language) == ("own_letters.done", code)
    assert script_of(phone.shown(done)) == script_of(whole().languages[code].name)


async def test_a_phrase_that_one_language_has_tells_more_than_a_classifier() -> None:
    """ "samachar banda" was answered in Urdu: the classifier thought so."""
    phone = Phone(recording(whole()), "sms", "ne", chosen=False)
    line, *_ = await phone.hear("samachar banda", Meaning("stop_messages", 0.5, language="ur"))
    assert (line.id, line.reply.language) == ("no_news.ended", "ne")
