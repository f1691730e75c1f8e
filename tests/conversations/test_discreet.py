"""Danger texts as the phone shows them: no telling word, a neutral beginning, and nothing of what she wrote.

Law: looked at as laid out on every channel, with its buttons and the longest values, not as written in the catalogue.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module

import pytest
import yaml

from bot.channels.contract import Part
from bot.check import screen
from bot.check.discreet import PREVIEW, Lexicon, found, lexicon_of
from bot.content import Content
from bot.content.languages import load_languages
from bot.engine.events import Said
from bot.engine.flow import Ask, Flow, Say
from bot.settings import ROOT
from bot.store import search_copies
from handlers import consents
from tests.conversations import laws
from tests.conversations.harness import CHANNELS, Line, Phone, recording
from tests.conversations.telling import Telling
from tests.conversations.transcript import TRANSCRIPTS

LANGUAGES = tuple(load_languages(ROOT))
INFLECTED = yaml.safe_load((ROOT / "tests/conversations/tables/inflected.yml").read_text("utf-8"))
ENGINE = (
    "retry",
    "retry_help",
    "old_button",
    "lost_step",
    "limit",
    "media_received",
    "nothing_to_go_back",
    "slowly",
    "trouble",
)


def _dangers(content: Content) -> list[tuple[Flow, Say | Ask]]:
    flows = [f for f in content.flows.by_name.values() if f.level == "danger"]
    return [(f, s) for f in flows for s in f.steps if isinstance(s, Say | Ask)]


def _words(parts: tuple[Part, ...]) -> str:
    return "\n".join(w for p in parts for w in (p.text, *(b.label for b in p.buttons)))


def _lexicon(content: Content, language: str) -> Lexicon:
    return lexicon_of(content.knowledge.get("discreet"), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_nothing_said_about_danger_tells_what_it_is_about(content: Content, channel: str, language: str) -> None:
    lexicon, phone = _lexicon(content, language), Phone(recording(content), channel, language)
    for flow, step in _dangers(content):
        shown = _words(phone.laid_out(content.reply(screen.event_of(content, flow, step, language), language)))
        assert not list(found(shown, lexicon.never, lexicon.prefixes)), shown
        assert not list(found(shown[:PREVIEW], lexicon.start, lexicon.prefixes)), shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_what_the_engine_says_by_itself_tells_nothing(content: Content, channel: str, language: str) -> None:
    """It may stand in any conversation, before any question, also one about danger."""
    lexicon, phone = _lexicon(content, language), Phone(recording(content), channel, language)
    for name in ENGINE:
        shown = _words(phone.laid_out(content.reply(Said(f"system.{name}"), language)))
        assert not list(found(shown, lexicon.never, lexicon.prefixes)), shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_t41_no_text_tells_more_than_the_moment_allows(content: Content, language: str) -> None:
    """Every text of every flow, the engine's and the channels', as each channel lays it out. The facts that flows
    say, and all values, are held to the same in every transcript (`laws.telling`)."""
    words, lexicon = content.knowledge.get("discreet"), _lexicon(content, language)
    chrome, seen, wrong = screen.chrome_of(content, language), set(), []
    for text in screen.every(content, language):
        seen.add(text.reply.text_id)
        for channel in CHANNELS:
            parts = screen.laid_out(channel, text.reply, chrome)
            assert parts, text.reply.text_id
            told = list(screen.faults(parts, lexicon, text.quiet, text.reply.sensitivity))
            if told and text.reply.text_id not in words["allowed"]:
                wrong.append(f"{text.reply.text_id} on {channel} in {language}: {told}")
    assert not wrong, "\n".join(wrong)
    steps = {f"{f.name}.{s.id}" for f in content.flows.by_name.values() for s in f.steps if isinstance(s, Say | Ask)}
    loose = {f"{room}.{say.id}" for room in ("system", "chrome") for say in content.texts[room]}
    assert seen == steps | loose


def test_t41_what_jobs_start_is_listed(content: Content) -> None:
    """A reminder reaches somebody who did not write, and so does what a human lets the bot ask: the flows that handlers
    put into one are those of the list."""
    made = {consents.FLOW}
    for path in (ROOT / "handlers").glob("*.py"):
        for name in re.findall(r"Reminder\(flow=(\w+|\"\w+\")", path.read_text("utf-8")):
            made.add(name.strip('"') if name[0] == '"' else vars(import_module(f"handlers.{path.stem}"))[name])
    made |= {search_copies.ASK, search_copies.STOP}  # a search is sent by staff, to many: the store makes these
    assert made == set(content.knowledge.get("discreet")["unasked"])
    assert len(screen.reaches_unasked(content)) > len(made)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_whole_conversation_about_danger_tells_nothing(content: Content, channel: str, language: str) -> None:
    lexicon = _lexicon(content, language)
    told = [t for t in TRANSCRIPTS if t.name.startswith(("danger.", "self_harm.")) and channel in t.channels]
    lines = 0
    for transcript in told:
        telling = Telling(content, transcript, channel, language, 0)
        for line in await telling.run():
            if line.reply.urgent and line.reply.language == language:
                lines += 1
                assert not list(found(telling.phone.shown(line), lexicon.never, lexicon.prefixes)), line.id
    assert lines > len(told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("text_id", ["danger.can_write", "self_harm.here"])
def test_the_first_reply_bears_the_number_of_her_country_or_none(
    content: Content, channel: str, language: str, text_id: str
) -> None:
    phone = Phone(recording(content), channel, language)
    flow, step = next((f, s) for f, s in _dangers(content) if f"{f.name}.{s.id}" == text_id)
    event = screen.event_of(content, flow, step, language)
    for number in {*content.knowledge.get("emergency")["numbers"].values(), ""}:
        given = replace(event, slots={**event.slots, "emergency": number or None})
        reply = content.reply(given, language)
        line = Line(given, reply, phone.laid_out(reply), "queued")
        assert not list(laws.faults(phone, line, frozenset({"danger"})))
        assert [d for d in re.findall(r"\d+", phone.shown(line)) if len(d) > 1] == [number] * bool(number)


async def test_the_scan_for_her_own_words_finds_them(content: Content) -> None:
    """The law that every transcript is held against can fail."""
    phone = Phone(recording(content), "sms", "en")
    step = "status.unread"
    event = Said(step, {"reference": "my employer Mustafa"})
    reply = content.reply(event, "en")
    line = Line(event, reply, phone.laid_out(reply), "queued")
    assert laws.repeated(phone, line, ["Mustafa has my passport"]) == {"mustafa"}
    assert not laws.repeated(phone, line, ["a person writes"])


def test_the_lexicon_finds_what_it_must(content: Content) -> None:
    """Not a scan that finds nothing because it looks for nothing."""
    for language in LANGUAGES:
        lexicon = _lexicon(content, language)
        assert len(lexicon.never) > 40
        assert all(list(found(stem, lexicon.never, lexicon.prefixes)) for stem in lexicon.never)


@pytest.mark.parametrize("language", INFLECTED)
def test_telling_words_are_found_as_people_inflect_them(content: Content, language: str) -> None:
    """Case endings, plurals, prefixes, reduplication: a stem that fits only the word of the dictionary misses most."""
    lexicon, told = _lexicon(content, language), INFLECTED[language]
    everywhere = (*lexicon.never, *lexicon.start)
    assert [w for w in told["never"] if not list(found(w, lexicon.never, lexicon.prefixes))] == []
    assert [w for w in told["start"] if not list(found(w, everywhere, lexicon.prefixes))] == []
