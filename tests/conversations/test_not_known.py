""" "I do not know" answers the question that is open, or none: it begins nothing, whatever a classifier makes of it, in
every language, native and in Latin letters."""

from __future__ import annotations

import pytest

from bot.content import Content
from bot.engine.inputs import Danger, Meaning, Started
from bot.engine.phrases import phrase
from tests.content.whole import whole
from tests.conversations.harness import Phone, recording
from tests.conversations.telling import floor

LANGUAGES = tuple(whole().languages)
MISSING = Meaning("report_missing", 0.97)
WAGES = Meaning("report_unpaid_wages", 0.95)
MOST = 8  # answers: no flow asks more on one way
# What was written to us, or would be, where a number, a day or a name was asked for.
LINES = [
    *("thaha chhaina", "Thaha chaina.", "malai thaha xaina", "pata nahi", "mujhe nahi pata", "maloom nahi", "jani na"),
    *("amar jana nai", "ariyilla", "enikku ariyilla", "theriyathu", "enakku theriyala", "danne na", "mama danne nehe"),
    *("थाहा छैन", "मालूम नहीं", "मुझे याद नहीं", "জানি না", "അറിയില്ല", "தெரியாது", "දන්නේ නෑ", "معلوم نہیں", "لا أعرف"),
    *("ما بعرف", "ma a3ref", "di ko alam", "tidak tahu", "gak tau", "I don't know", "dont know", "I forgot", "idk"),
]
MORE = ["bahini kaha cha thaha chaina", "I dont know where he is", "i do not know english", "thaha cha", "na", "no"]


def examples(code: str) -> list[str]:
    """Every phrase of a language, each of its words in one of them."""
    return [line for raw in whole().languages[code].unknown for line in phrase(raw).examples()]


@pytest.mark.parametrize("text", LINES)
def test_who_says_so_is_understood(text: str) -> None:
    assert whole().readers["unknown"].read(text, {}, "en")


@pytest.mark.parametrize("text", MORE)
def test_who_says_more_or_something_else_is_not(text: str) -> None:
    assert not whole().readers["unknown"].read(text, {}, "en")


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_such_phrases_that_are_no_danger(code: str) -> None:
    lines = examples(code)
    assert len(lines) > 10
    assert [line for line, told in zip(lines, floor().understand(lines), strict=True) if told.danger] == []
    commands = whole().words(code)
    assert [line for line in lines if commands.universal(line) or commands.sentence(line)] == []


@pytest.mark.parametrize("text", LINES)
async def test_it_begins_nothing(content: Content, text: str) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear(text, MISSING)
    assert phone.asking == "menu.what"


@pytest.mark.parametrize("text", LINES)
async def test_it_answers_what_was_asked(content: Content, text: str) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("talab payena", WAGES)
    await phone.hear("1")
    assert phone.asking == "wages.country"
    await phone.hear(text, MISSING)
    assert phone.asking == "wages.work"


@pytest.mark.parametrize("flow", sorted(set(whole().flows.by_name) - {"missing"}))
async def test_under_no_question_it_is_another_matter(content: Content, flow: str) -> None:
    phone = Phone(recording(content), "sms", "ne")
    phone.subject.person.country = "KW"
    await phone.give(Started(flow, "test"))
    for _ in range(MOST):
        if not phone.asking:
            break
        await phone.hear("thaha chhaina", MISSING)
        assert "missing" not in [frame.flow for frame in phone.session.stack]


async def test_danger_counts_all_the_same(content: Content) -> None:
    phone = Phone(recording(content), "sms", "ne")
    await phone.hear("talab payena", WAGES)
    await phone.hear("thaha chhaina", Meaning("report_violence", 0.95, danger=Danger("report_violence")))
    assert phone.asking.startswith("danger")
