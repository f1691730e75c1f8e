"""Who looks at the screen sees no difference: with the word and without it, quick exit and second word, case or none.

Law: compared as the phone shows it, letter by letter, on every channel and in every language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from bot.content import Content
from bot.content.languages import load_languages
from bot.engine.flow import Ask
from bot.engine.inputs import Danger, Meaning, Started
from bot.settings import ROOT
from bot.store.records import BoxLetter
from tests.conversations.harness import CHANNELS, Phone, recording
from tests.conversations.walk import DANGER, NONSENSE, Mould

LANGUAGES = tuple(load_languages(ROOT))
WORD, SECOND = "4071", "0629"
# flow: what she taps before she is asked for her word
SENSITIVE = {
    "delete": ("yes",),
    "solved": ("yes",),
    "withdraw": ("yes",),
    "details": (),
    "hours": (),
    "link": ("give",),
    "my_data": ("copy",),
    "set_word": (),
    "second_word": (),
}
NEVER_DIFFERENT = ("delete", "solved", "withdraw", "my_data")  # also with the right word
WAYS = ("wrong", "none", "second", "too_many", "wrong_in_danger")


def person(content: Content, channel: str, language: str, *, words: bool = True) -> Phone:
    """Somebody who wrote before, with a word and a second one."""
    phone = Phone(recording(content), channel, language)
    phone.subject.person.country = "KW"
    phone.subject.person.profile["letters"] = "own"  # else an SMS follows the letters of what was typed last
    phone.subject.person.profile["feedback"] = "no"  # asked once, before any word: not what is looked at here
    if words:
        for kind, digits in (("word", WORD), ("duress", SECOND)):
            phone.has_word(kind, digits)
    return phone


async def answer(phone: Phone, flow: str, taps: Sequence[str], written: str) -> tuple[list[str], list[str]]:
    """(what the phone shows from the beginning of the flow on, the notices)."""
    lines = await phone.give(Started(flow, "test"))
    for tap in taps:
        lines += await phone.hear(label(phone, tap))
    assert phone.asking == "word.word", (flow, [line.id for line in lines])
    lines += await phone.hear(written)
    return [phone.shown(line) for line in lines], [n["kind"] for n in phone.notices]


def label(phone: Phone, option: str) -> str:
    """An option of the open question by its label."""
    line = next(line for line in reversed(phone.lines) if line.reply.step == phone.asking)
    return next(o.label for o in line.reply.options if o.id == option)


async def told(content: Content, channel: str, language: str, flow: str, way: str) -> tuple[list[str], list[str]]:
    """What is shown and noticed when it goes this way."""
    phone = person(content, channel, language)
    await phone.hear("8")
    if way == "wrong_in_danger":
        await phone.hear(NONSENSE, DANGER)
        await phone.released()
        await phone.hear("x")
    if way == "too_many":
        phone.subject.person.profile["word_tries"] = [phone.now.isoformat()] * 5
    none = "none" if language == "en" else label_of_none(phone)
    written = {"none": none, "second": SECOND, "right": WORD, "too_many": WORD}.get(way, "9183")
    return await answer(phone, flow, SENSITIVE[flow], written)


def label_of_none(phone: Phone) -> str:
    """How she says that she has none."""
    ask = next(s for s in phone.content.flows.by_name["word"].steps if isinstance(s, Ask))
    assert ask.skip
    return phone.words.label("word.word", ask.skip).shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("flow", SENSITIVE)
async def test_why_something_was_not_proved_cannot_be_seen(
    content: Content, channel: str, language: str, flow: str
) -> None:
    shown = {}
    for way in WAYS:
        shown[way], notices = await told(content, channel, language, flow, way)
        assert [n for n in notices if n.startswith("unproved_")], way
        assert ("duress" in notices) == (way == "second")
    if flow in NEVER_DIFFERENT:
        shown["right"], notices = await told(content, channel, language, flow, "right")
        assert not [n for n in notices if n.startswith("unproved_")]
    assert len({tuple(lines) for lines in shown.values()}) == 1, shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flow", [f for f in SENSITIVE if f not in ("set_word", "second_word")])
async def test_who_has_no_word_sees_the_same(content: Content, language: str, flow: str) -> None:
    """So nobody learns from an answer whether she has one; and what she wants is not lost, a human looks."""
    shown = []
    for words in (True, False):
        phone = person(content, "sms", language, words=words)
        await phone.hear("8")
        lines, notices = await answer(phone, flow, SENSITIVE[flow], "9183")
        shown.append(lines)
        assert [n for n in notices if n.startswith("unproved_")]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_second_word_looks_like_the_quick_exit(content: Content, channel: str, language: str) -> None:
    flows = [f.name for f in content.flows.by_name.values() if any(isinstance(s, Ask) for s in f.steps)]
    known = person(content, channel, language)
    await known.hear("8")
    before, looked = Mould(known), 0
    for flow in flows:
        begun = before.twin()
        await begun.give(Started(flow, "test"))
        asking, seen = begun.asking, []
        if asking.startswith(("word.", "set_word.", "second_word.", "link.code")):
            continue  # digits are asked for: there it looks like wrong ones
        here = Mould(begun)
        for written in ("xx", SECOND):
            phone = here.twin()
            lines = await phone.hear(written)
            seen.append([phone.shown(line) for line in lines])
            assert phone.asking == "", flow
            pages = [n["kind"] for n in phone.notices if n["audience"] == "page"]
            assert pages == (["duress"] if written == SECOND else []), (flow, asking)
            assert bool(phone.subject.person.seized_at) == (written == SECOND)
        looked += 1
        assert len(seen[0]) == 1
        assert seen[0] == seen[1], flow
    assert looked > 10


@pytest.mark.parametrize("language", LANGUAGES)
async def test_danger_pages_unseen_on_a_seized_phone(content: Content, language: str) -> None:
    phone = person(content, "sms", language)
    await phone.hear(SECOND)
    phone.subject.open_notices.clear()  # somebody has taken the first page
    lines = await phone.hear(NONSENSE, DANGER)
    assert [line.id for line in lines] == ["leave.done"]
    assert [n["kind"] for n in phone.notices if n["audience"] == "page"] == ["report_violence"]


@pytest.mark.parametrize("text", ["your worker asked me for money and touched me", "my employer touched me"])
async def test_danger_from_one_of_us_is_also_a_letter_of_the_box(content: Content, text: str) -> None:
    """Somebody is woken; and whoever is woken may be the one that it is about, so others read it too."""
    phone = person(content, "telegram", "en", words=False)
    await phone.hear(text, DANGER)
    assert [n["audience"] for n in phone.notices].count("page") == 1
    letters = [letter.body for letter in phone.world.of(BoxLetter)]
    assert letters == ([text] if text.startswith("your") else [])


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("way", ["text", "edited", "caption"])
async def test_danger_pages_on_a_seized_phone_however_it_comes(content: Content, way: str, stopped: bool) -> None:
    """An edit and the words under a photo start no flow that asks who holds the phone whether he can write; and who
    said STOP is told nothing, but somebody is woken."""
    phone = person(content, "telegram", "en")
    await phone.hear(SECOND)
    phone.notices.clear()
    phone.subject.open_notices.clear()  # somebody has taken the first page
    if stopped:
        phone.subject.person.opted_out_at = phone.now
    if way == "caption":
        lines = await phone.share("image", NONSENSE, DANGER)
    else:
        lines = await phone.hear(NONSENSE, DANGER, edited=way == "edited")
    assert [line.id for line in lines] == ([] if stopped else ["leave.done"])
    assert [n["audience"] for n in phone.notices].count("page") == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "meaning", [Meaning(danger=Danger("report_violence", "ask")), Meaning(child="self")], ids=["may_be_danger", "child"]
)
async def test_a_seized_phone_asks_nothing_of_what_may_be_grave(
    content: Content, language: str, meaning: Meaning
) -> None:
    """Neither "Are you okay?" nor what is said to a child stands on the screen of whoever took it; a human is woken."""
    phone = person(content, "whatsapp", language)
    await phone.hear(SECOND)
    phone.notices.clear()
    phone.subject.open_notices.clear()  # somebody has taken the first page
    lines = await phone.hear(NONSENSE, meaning)
    assert [line.id for line in lines] == ["leave.done"]
    assert phone.asking == ""
    assert [n["audience"] for n in phone.notices].count("page") == 1, phone.notices


async def test_nothing_leaves_a_seized_phone_by_itself(content: Content) -> None:
    from bot import outgoing

    phone = person(content, "sms", "en")
    phone.subject.person.consent_contact_at = phone.now
    await phone.hear("8")
    decide = lambda origin: outgoing.decide(  # noqa: E731
        phone.policy, phone.subject.person, phone.conversation, origin=origin, epoch=0, now=phone.now
    )
    assert [decide(o).state for o in ("bot", "human")] == ["queued", "queued"]
    await phone.hear(SECOND)
    assert (decide("human").state, decide("human").reason) == ("held", "seized")
    assert decide("bot").state == "queued"  # the direct answer, which looks as always
    phone.later(minutes=11)
    phone.conversation.agreed_until = phone.now.replace(year=2030)
    assert (decide("bot").state, decide("bot").reason) == ("held", "seized")


async def test_proofs_are_not_kept_as_they_were_written(content: Content) -> None:
    """Neither in the session, nor in the profile, nor in the history."""
    from bot.store.keys import open_json
    from tests.conversations.harness import KEY

    phone = person(content, "sms", "ne", words=False)
    await phone.hear("8")
    await phone.give(Started("set_word", "test"))
    for _ in range(2):
        await phone.hear("४०७१")
        row = phone.subject.messages[-2]
        body = open_json(KEY, row["body_enc"], where=f"messages.body_enc.{row['id']}")
        assert body["text"] == "****"
    kept = f"{phone.conversation.session} {phone.subject.person.profile}"
    assert "word" in phone.subject.person.profile
    assert WORD not in kept
    assert "४०७१" not in kept


@pytest.mark.parametrize(("flow", "asked"), [("set_word", "set_word.first"), ("second_word", "second_word.again")])
async def test_who_chooses_new_digits_may_try_the_present_second_ones(content: Content, flow: str, asked: str) -> None:
    """Once she proved that it is she, that is no call for help."""
    phone = person(content, "sms", "en")
    await phone.hear("8")
    await answer(phone, flow, (), WORD)
    assert phone.asking == f"{flow}.first"
    await phone.hear(SECOND)
    assert phone.asking == asked
    assert [n["kind"] for n in phone.notices if n["audience"] == "page"] == []
    assert phone.subject.person.seized_at is None
    assert heard(phone) == "****"


async def test_a_phone_number_of_eight_digits_is_not_lost(content: Content) -> None:
    phone = person(content, "sms", "en")
    await phone.hear("8")
    lines = await phone.hear("9912 3456")
    assert heard(phone) == "9912 3456"
    assert "link_here" not in " ".join(line.id for line in lines)


@pytest.mark.parametrize("taken", ["keep", "जोड", "4071", "٤٠٧١", "4829 1735", "7", "x" * 30])
async def test_the_word_that_ends_the_talk_is_no_other_word(content: Content, taken: str) -> None:
    phone = person(content, "sms", "en")
    await phone.give(Started("exit_word", "test"))
    lines = await phone.hear(taken)
    assert [line.id for line in lines] == ["exit_word.unfit", "exit_word.exit"], taken
    assert "exit" not in phone.subject.person.profile


@pytest.mark.parametrize(("command", "flow"), [("stop", "stop.done"), ("help", "human.here"), ("menu", "menu.what")])
async def test_commands_mean_what_they_mean_to_everybody(content: Content, command: str, flow: str) -> None:
    phone = person(content, "sms", "en")
    await phone.give(Started("exit_word", "test"))
    assert [line.id for line in await phone.hear(command)] == [flow]
    assert "exit" not in phone.subject.person.profile
    phone.subject.person.profile["exit"] = command  # however it came there
    phone.subject.person.opted_out_at = None
    assert [line.id for line in await phone.hear(command)] != ["leave.done"]


TYPED = ("{}.", "#{}", "\u200f{}", "({})", "{0[0]}\ufe0f\u20e3{0[1]}\ufe0f\u20e3{0[2]}\ufe0f\u20e3{0[3]}\ufe0f\u20e3")


@pytest.mark.parametrize("typed", TYPED)
async def test_a_word_is_known_however_it_is_typed(content: Content, typed: str) -> None:
    """What the question reads as digits is a second word that pages, and a proof that no history keeps."""
    phone = person(content, "telegram", "en")
    await phone.hear("8")
    lines, notices = await answer(phone, "delete", SENSITIVE["delete"], typed.format(WORD))
    assert lines
    assert notices == ["erasure_requested"]
    assert heard(phone) == "****"
    await phone.hear(typed.format(SECOND))
    assert [n["kind"] for n in phone.notices if n["audience"] == "page"] == ["duress"]
    assert heard(phone) == "****"


async def test_an_edit_to_digits_alone_is_not_kept(content: Content) -> None:
    phone = person(content, "telegram", "en")
    await phone.give(Started("delete", "test"))
    await phone.hear(WORD, edited=True)
    assert heard(phone) == "****"
    await phone.hear("it was 3 months", edited=True)
    assert heard(phone) == "it was 3 months"


def heard(phone: Phone) -> str:
    """The history's words of the last message that came."""
    from bot.store.keys import open_json
    from tests.conversations.harness import KEY

    row = next(row for row in reversed(phone.subject.messages) if row["direction"] == "in")
    return str(open_json(KEY, row["body_enc"], where=f"messages.body_enc.{row['id']}")["text"])


STATUS_WORDS = re.compile(
    r"\b(visa|undocumented|immigration|residen\w+ (permit|status)|legal status|iqama|papers|documents?"
    r"|absconding|illegal)\b",
    re.IGNORECASE,
)

# Which visa an agent gave or promised: a visit visa for work is the fraud itself, and the warning hangs on it. It is
# asked of who is still to travel, with "I do not know" beside it, and says nothing about somebody's papers today.
ABOUT_THE_AGENT = frozenset({"fraud.visa", "recruiter.visa"})


def test_no_flow_asks_for_immigration_status(content: Content) -> None:
    """A human asks where the next step needs it. A choice that names it beside other reasons to be afraid is no such
    question: who chooses it has not said which it was."""
    asked = []
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if not isinstance(step, Ask) or f"{flow.name}.{step.id}" in ABOUT_THE_AGENT:
                continue
            slots = [step.slot, *(f.slot for f in step.fills)]
            asked += [f"{flow.name}.{step.id}: slot {s}" for s in slots if STATUS_WORDS.search(s.replace("_", " "))]
            questions = [q for q in re.split(r"(?<=[.?!])\s+", step.text) if q.endswith("?")]
            asked += [f"{flow.name}.{step.id}: {q}" for q in questions if STATUS_WORDS.search(q) and "," not in q]
    assert asked == []


def test_the_look_for_immigration_status_finds_it() -> None:
    assert STATUS_WORDS.search("Do you have a visa?")
    assert STATUS_WORDS.search("What is your immigration status?")
    assert not STATUS_WORDS.search("How it stands")


async def test_thanks_after_the_end_open_nothing(content: Content) -> None:
    phone = person(content, "sms", "en")
    await phone.hear(NONSENSE, DANGER)
    await phone.closed_by_human()
    for intent in ("thank", "goodbye", "greet", "affirm", "deny"):
        phone.conversation.give_to("closed")
        await phone.hear(NONSENSE, Meaning(intent, 0.95))
        assert phone.case is None, intent
    phone.conversation.give_to("closed")
    await phone.hear(NONSENSE)
    assert phone.case is not None
    assert phone.case.stage == "reopened"


async def test_a_supervisor_ends_it(content: Content) -> None:
    from handlers import privacy

    phone = person(content, "sms", "en")
    await phone.hear(SECOND)
    await privacy.trust_again(phone._new_turn().ctx)
    lines = await phone.hear("8")
    assert [line.id for line in lines] == ["status.none"]
