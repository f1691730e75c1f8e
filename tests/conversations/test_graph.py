"""From wherever a conversation stands: a human is near, the universal words work, danger breaks in, nothing dead-ends.

Law: looked at in every state that real turns lead to, in every language on disk, not only at the questions as written.
"""

from __future__ import annotations

import pytest

from bot.content import Content
from bot.content.languages import load_languages
from bot.engine import answers
from bot.engine.answers import Asking
from bot.engine.flow import Ask
from bot.engine.inputs import Danger, Meaning
from bot.engine.interrupts import FIRST, command
from bot.settings import ROOT
from tests.conversations.harness import Phone, recording
from tests.conversations.walk import DANGER, NONSENSE, Walk, state_of, twin, walk

LANGUAGES = tuple(load_languages(ROOT))
LEADS_TO = {  # universal word -> what is said at once, as the beginning of its id
    "menu": "menu.what",
    "language": "language.language",
    "status": "status.",
    "clear": "clear.done",
    "delete": "delete.sure",
    "stop": "stop.done",
    "start": "start.done",
    "human": "human.",
    "complain": "complain.what",
}


@pytest.fixture(scope="module", params=LANGUAGES)
async def walked(content: Content, request: pytest.FixtureRequest) -> Walk:
    """All states, in one language."""
    return await walk(content, request.param)


def _asks(content: Content) -> list[tuple[str, Ask]]:
    flows = content.flows.by_name.values()
    return [(f"{f.name}.{s.id}", s) for f in flows for s in f.steps if isinstance(s, Ask)]


def test_the_walk_comes_to_every_question(content: Content, walked: Walk) -> None:
    asked = {phone.asking for phone in walked.phones.values()}
    night = {"danger_end.hour_night"}  # the walk is at noon
    places = content.knowledge.get("recruiting")["countries"].values()
    no_cap = set() if any(place["fee"]["cap"] for place in places) else {"recruiter.asked"}  # nothing to compare with
    assert asked == {step for step, _ in _asks(content)} - night - no_cap


def test_nothing_dead_ends(walked: Walk) -> None:
    """Every input leads on or is answered, and from every state the conversation can come to an end."""
    for here, ways in walked.ways.items():
        for name, there in ways.items():
            assert there in walked.over or walked.said[here, name], f"{name} is met with silence: {here}"
    ends = {here for here in walked.ways if set(walked.ways[here].values()) & walked.over}
    while more := {here for here, ways in walked.ways.items() if set(ways.values()) & ends} - ends:
        ends |= more
    assert set(walked.ways) == ends


def test_who_is_never_understood_comes_to_a_human_or_an_end(walked: Walk) -> None:
    for here in walked.ways:
        seen, there = 0, here
        while there in walked.ways:
            seen, there = seen + 1, walked.ways[there][NONSENSE]
            assert seen <= 9, f"goes on for ever: {here}"


async def test_a_human_is_at_most_two_messages_away(walked: Walk) -> None:
    for here, phone in walked.phones.items():
        new = twin(phone)
        for word in ("0", phone.words.languages[phone.language].universal["human"][0]):
            await new.hear(word)
            if new.conversation.owner == "waiting":
                break
        assert new.conversation.owner == "waiting", here
        assert any(n["audience"] == "queue" for n in new.notices), here


async def test_danger_breaks_in_everywhere(walked: Walk) -> None:
    for here, phone in walked.phones.items():
        new = twin(phone)
        lines = await new.hear(NONSENSE, DANGER)
        assert [n["kind"] for n in new.notices if n["audience"] == "page"] or _in_danger(phone), here
        assert lines or new.conversation.owner == "waiting", here  # the last question of danger was answered so
        assert all(line.id.startswith(("danger.", "system.")) for line in lines), here


def _in_danger(phone: Phone) -> bool:
    return any(f.flow in ("danger", "self_harm") for f in phone.session.stack)


async def test_every_universal_word_works_at_every_question(content: Content, walked: Walk) -> None:
    by_step = {phone.asking: phone for phone in walked.phones.values() if not phone.subject.person.opted_out_at}
    language = content.languages[next(iter(walked.phones.values())).language]
    for step, phone in by_step.items():
        for word, begins in LEADS_TO.items():
            for text in language.universal[word]:
                if _answers(phone, text):
                    continue  # an expected answer wins
                new = twin(phone)
                lines = [line.id for line in await new.hear(text)]
                assert [i for i in lines[:1] if i.startswith(begins)], f"{text!r} at {step}: {lines}"
        for text in language.universal["back"]:
            assert _answers(phone, text) or await twin(phone).hear(text), f"{text!r} at {step} is met with silence"


def _answers(phone: Phone, text: str) -> bool:
    """Whether the open question takes this word, and the word is none of those that win over it."""
    name, _, step = phone.asking.partition(".")
    ask = next(s for s in phone.content.flows.by_name[name].steps if s.id == step)
    assert isinstance(ask, Ask)
    asking = Asking(ask, phone.asking, phone.words, phone.content.readers, phone.language, lambda slot: False)
    word = command(phone.words, text)
    if word in FIRST:
        return word == name or (word == "human" and name == "menu")
    return answers.exact(asking, text) is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_is_taken_however_it_is_written(content: Content, language: str) -> None:
    """By its number, label, short label and each synonym; what is also a universal word may be that instead."""
    words, wrong = content.words(language), []
    for step, ask in _asks(content):
        asking = Asking(ask, step, words, content.readers, language, lambda slot: False)
        for place, choice in enumerate(answers.numbered(ask), 1):
            label = words.label(step, choice)
            written = [choice.label, choice.short, label.shown, *label.accepted, *choice.synonyms]
            for text in [*written, *([str(place)] if ask.choices else [])]:
                found = answers.exact(asking, text) if text else None
                wanted = answers.tapped(asking, choice.id)
                if text and found != wanted and words.universal(text) is None:
                    wrong.append(f"{step}: {text!r} is not {choice.id}")
    assert not wrong


async def test_every_intent_starts_its_flow(content: Content) -> None:
    for intent, name in content.flows.by_intent.items():
        flow = content.flows.by_name[name]
        phone = Phone(recording(content), "telegram", "en")
        danger = Danger(intent) if flow.level == "danger" else None
        lines = await phone.hear(NONSENSE, Meaning(intent, 0.95, danger=danger, language="en"))
        assert lines, intent
        assert lines[0].id.startswith(f"{name}."), intent
        assert state_of(phone)[1] in ("bot", "waiting")
