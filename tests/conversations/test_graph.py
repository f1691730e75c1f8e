"""From wherever a conversation stands: a human is near, the universal words work, danger breaks in, nothing dead-ends.

Law: looked at in every state that real turns lead to, not only at the questions as written; what depends on words, in
every language on disk.
"""

from __future__ import annotations

import gc
from dataclasses import replace
from zlib import crc32

import pytest

from bot.check.slots import calls
from bot.content import Content
from bot.content.languages import load_languages
from bot.engine import answers
from bot.engine.answers import Asking
from bot.engine.events import Asked
from bot.engine.flow import Ask
from bot.engine.inputs import Danger, Meaning
from bot.engine.interrupts import FIRST, command
from bot.settings import ROOT
from tests.conversations.harness import Phone, recording
from tests.conversations.transcript import TRANSCRIPTS
from tests.conversations.walk import DANGER, NONSENSE, Mould, Walk, in_language, state_of, twin, walk

pytestmark = pytest.mark.slow
LANGUAGES = tuple(load_languages(ROOT))
EVERYWHERE = ("en", "ne")  # languages that are looked at in every question
SHARE = 5  # the others: one question of so many
LEADS_TO = {  # universal word -> what is said at once, as the beginning of its id
    "menu": "menu.what",
    "language": "language.language",
    "status": "status.",
    "clear": "clear.done",
    "delete": "delete.sure",
    "stop": "stop.done",
    "start": "",  # nothing was stopped: the menu, the first contact, or the question again
    "human": "human.",
    "complain": "complain.what",
}


@pytest.fixture(scope="module")
async def walked(content: Content) -> Walk:
    """All states. One walk: the ways are the same in every language, and it takes half a minute."""
    gc.disable()  # all that it makes stays: a sixth of its time would be looking for garbage
    try:
        return await walk(content, "en")
    finally:
        gc.enable()


@pytest.fixture(scope="module", params=LANGUAGES)
def spoken(walked: Walk, request: pytest.FixtureRequest) -> dict[str, Phone]:
    """A phone at each question, in one language; in most languages at a share of the questions, each at another one."""
    phones, language = in_language(walked, request.param), request.param
    if language in EVERYWHERE:
        return phones
    turn = LANGUAGES.index(language)
    return {step: phone for step, phone in phones.items() if (crc32(step.encode()) + turn) % SHARE == 0}


def _asks(content: Content) -> list[tuple[str, Ask]]:
    flows = content.flows.by_name.values()
    return [(f"{f.name}.{s.id}", s) for f in flows for s in f.steps if isinstance(s, Ask)]


def test_the_walk_comes_to_every_question(content: Content, walked: Walk) -> None:
    assert len(walked.phones) > 4000  # a walk that became quick by going nowhere proves nothing
    assert sum(len(ways) for ways in walked.ways.values()) > 20_000
    asked = {phone.asking for phone in walked.phones.values()}
    missed = {step for step, _ in _asks(content)} - asked
    places = content.knowledge.get("recruiting")["countries"].values()
    no_cap = set() if any(place["fee"]["cap"] for place in places) else {"recruiter.asked"}  # nothing to compare with
    told = {turn.get("asks") for told in TRANSCRIPTS for turn in told.turns}
    # The walk is at noon, and nothing was said or learnt before.
    half_known = {"self_harm.may_i", "wages.how_much", "wages.how_many"}
    half_known |= {
        "stranded.their_place",
        "stranded.here",
        "danger.their_place",
        "passport.their_leave",
        "missing.name",
        "missing.last_heard",
        "cover.later",
        "cover.none",
        "whom.whom",  # where women and men answer
        "whom.later_woman",
        "whom.later_man",
        "uses.keep",
        "news.more",  # where she hears of some topic already
        "news.rest",
        "hand_on.may_we_files",  # where files would go along
    }
    half_known |= {f"orientation.{step}" for step in ("go_on", "question", "failed", "name")}
    proved_again = {"news.both"}  # where she came back by her word to a phone on which somebody else writes too
    assert missed == half_known | no_cap | proved_again
    assert half_known <= told


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


async def test_a_human_is_at_most_two_messages_away(spoken: dict[str, Phone]) -> None:
    assert len(spoken) > 20  # in most languages a share of the questions
    for here, phone in spoken.items():
        new = twin(phone)
        for word in ("0", phone.words.languages[phone.language].universal["human"][0]):
            await new.hear(word)
            if new.conversation.owner == "waiting":
                break
        assert new.conversation.owner == "waiting", here
        assert any(n["audience"] == "queue" for n in new.notices), here


async def test_a_human_is_near_in_every_state(walked: Walk) -> None:
    for here, phone in walked.phones.items():
        new = twin(phone)
        await new.hear("0")
        if new.conversation.owner != "waiting":  # a 0 may be an answer
            await new.hear("help")
        assert new.conversation.owner == "waiting", here


async def test_danger_breaks_in_everywhere(content: Content, walked: Walk) -> None:
    for here, phone in walked.phones.items():
        new = twin(phone)
        lines = await new.hear(NONSENSE, DANGER)
        assert [n["kind"] for n in new.notices if n["audience"] == "page"] or _in_danger(phone), here
        assert lines or new.conversation.owner == "waiting", here  # the last question of danger was answered so
        said = {line.id.rpartition(">")[2].partition(".")[0] for line in lines} - {"system"}
        assert all(content.flows.by_name[name].level == "danger" for name in said), here


def _in_danger(phone: Phone) -> bool:
    return any(phone.content.flows.by_name[f.flow].level == "danger" for f in phone.session.stack)


async def test_every_universal_word_works_at_every_question(content: Content, spoken: dict[str, Phone]) -> None:
    """Every word where a kind of question is met first, and two of each command at all the others: only what a question
    expects is heard before a command, and that depends on its kind."""
    language = content.languages[next(iter(spoken.values())).language]
    met: set[object] = set()
    for step, phone in spoken.items():
        few = None if (kind := _readers(content, step)) not in met else 2
        met.add(kind)
        mould, asking = Mould(phone), _asking(phone)
        for word, begins in LEADS_TO.items():
            for text in language.universal[word][:few]:
                if _answers(asking, text):
                    continue  # an expected answer wins
                lines = [line.id for line in await mould.twin().hear(text)]
                assert [i for i in lines[:1] if i.startswith(begins)], f"{text!r} at {step}: {lines}"
        for text in language.universal["back"]:
            assert _answers(asking, text) or await mould.twin().hear(text), f"{text!r} at {step} is met with silence"


def _readers(content: Content, step: str) -> object:
    """What an answer to this question is read by, and in which level of flow."""
    name, _, step_id = step.partition(".")
    flow = content.flows.by_name[name]
    ask = next(s for s in flow.steps if s.id == step_id)
    assert isinstance(ask, Ask)
    return flow.level, bool(ask.choices), bool(ask.skip), tuple(f.reader for f in ask.fills)


def _asking(phone: Phone) -> Asking:
    """The open question."""
    name, _, step = phone.asking.partition(".")
    ask = next(s for s in phone.content.flows.by_name[name].steps if s.id == step)
    assert isinstance(ask, Ask)
    if ask.offers:
        event = next(line.event for line in reversed(phone.lines) if line.reply.step == phone.asking)
        offered = event.offered if isinstance(event, Asked) else ()
        ask = replace(ask, choices=tuple(c for c in offered if ask.skip is None or c.id != ask.skip.id))
    return Asking(ask, phone.asking, phone.words, phone.content.readers, phone.language, lambda slot: False)


def _answers(asking: Asking, text: str) -> bool:
    """Whether the open question takes this word, and the word is none of those that win over it."""
    word, number = command(asking.words, text), answers.number(text)
    exact = answers.exact(asking, text) is not None
    if word in FIRST:
        name = asking.step.partition(".")[0]
        mine = word == name or (word == "human" and name == "menu")
        return mine or (exact and (word == "stop" or number == 0))
    return exact


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
        assert lines[0].id.partition(".")[0] in {name, *(call.flow for call in calls(flow))}, intent
        assert lines[0].id.startswith(f"{name}.") or any(f.flow == name for f in phone.session.stack), intent
        assert state_of(phone)[1] in ("bot", "waiting")
