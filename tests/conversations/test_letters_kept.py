"""By SMS she is answered in the letters in which she writes; the name of a country tells nothing of them."""

from __future__ import annotations

from bot.content import Content
from bot.engine.inputs import Meaning
from bot.nlu.language import script_of
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


async def test_a_country_at_first_tells_nothing_either(content: Content) -> None:
    assert await answered(Phone(recording(content), "sms", "hi"), "Saudi") == "DEVANAGARI"


async def test_a_sentence_tells(content: Content) -> None:
    phone = Phone(recording(content), "sms", "hi")
    assert await answered(phone, "मेरा भाई लापता है", "uska naam ram hai") == "LATIN"
    assert await answered(Phone(recording(content), "sms", "hi"), "bhai lapata") == "LATIN"
