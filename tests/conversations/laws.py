"""What holds for every message of ours: limits, one segment, no leftovers, the right language, none of her words.

Law: looks only at what the phone shows; each fault is one sentence, so that a failing transcript says what to mend.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

from bot.channels.layout import flatten
from bot.channels.limits import LIMITS, units
from bot.channels.segments import count
from bot.check import screen
from bot.check.discreet import LEXICON, Lexicon, lexicon_of
from bot.check.slots import calls
from bot.check.texts import allowed
from bot.content import Content
from bot.content.languages import Language
from bot.content.reply import WordsOf
from bot.engine.answers import fold
from bot.engine.events import Asked
from bot.engine.flow import Ask, Flows, Say
from tests.conversations.harness import Line, Phone

T = TypeVar("T")
R = TypeVar("R")
LATIN = "LATIN"
LANGUAGE_LISTS = frozenset({"language.language", "welcome.language"})
CODES = frozenset(
    {"start", "x", "skip", "kd", "noc", "sms", "whatsapp", "telegram", "saathi", "delete"}
)  # typed, shown by a phone, or called so in every language
_GAP = re.compile(r"  |[ \t]\n|\n[ \t]| [,.;:!?।؟،](?:\s|$)|^\s|\s$")
_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"(?:https?:/)?/\S+")
_MARKS = dict.fromkeys(map(ord, "\u2068\u2069\u200e\u200f"), "")


@cache
def script(language_name: str) -> str:
    """The script of a language, by its own name in it (`DEVANAGARI`)."""
    return next(unicodedata.name(c).split()[0] for c in language_name if c.isalpha())


class _Of(Generic[T, R]):
    """What is reckoned once for each thing that has no hash: by which one it is, and it is kept, so that its id stays
    its own. Thousands of messages are held against the same few."""

    def __init__(self, reckon: Callable[[T], R]) -> None:
        self._reckon = reckon
        self._known: dict[int, tuple[T, R]] = {}

    def __call__(self, thing: T) -> R:
        """As it was reckoned first."""
        if id(thing) not in self._known:
            self._known[id(thing)] = thing, self._reckon(thing)
        return self._known[id(thing)][1]


@_Of
def budgeted(flows: Flows) -> frozenset[str]:
    """Flows whose every SMS is one segment: those with a budget, and what they call."""
    found = {name for name, flow in flows.by_name.items() if flow.sms_budget}
    while more := {call.flow for name in found for call in calls(flows.by_name[name])} - found:
        found |= more
    return frozenset(found)


def to_the_number(lines: Sequence[Line]) -> Sequence[Line]:
    """What was said up to the first number of reference; all of it where none was given."""
    first = next((n for n, line in enumerate(lines, 1) if "reference" in line.event.slots), len(lines))
    return lines[:first]


def faults(phone: Phone, line: Line, one_segment: frozenset[str]) -> Iterator[str]:
    """All that is wrong with one message."""
    shown = phone.shown(line)
    if not line.parts or not all(p.text.strip() for p in line.parts):
        yield "it is empty"
    if "{" in shown or "}" in shown:
        yield "a placeholder is left over"
    if any(_GAP.search(p.text) for p in line.parts):
        yield "there is a gap in the text"
    if unknown := [i for i in text_ids(line.event.slots, offered(line)) if i not in phone.content.knowledge.texts]:
        yield f"texts that knowledge has not: {unknown}"
    yield from _over_limits(phone.channel, line)
    if phone.channel == "sms" and line.event.text_id.partition(".")[0] in one_segment:
        cost = count(line.parts[0].text)
        if len(line.parts) != 1 or cost.segments > _allowed(phone.content, line):
            yield f"{cost.segments} segments ({cost.units} of {cost.encoding})"
    if not _romanised(phone, line, shown):
        yield from _foreign(phone.content, line, shown)


def _allowed(content: Content, line: Line) -> int:
    """The segments that one SMS of this step may take."""
    name, _, step_id = line.event.text_id.partition(".")
    flow = content.flows.by_name.get(name)
    return next((allowed(s) for s in flow.steps if s.id == step_id and isinstance(s, Say | Ask)), 1) if flow else 1


def offered(line: Line) -> list[Any]:
    """The values of options that an action found."""
    return [c.value for c in line.event.offered] if isinstance(line.event, Asked) else []


def text_ids(*values: Any) -> Iterator[str]:
    """The ids of texts of knowledge in slot values, however deep."""
    for value in values:
        if isinstance(value, Mapping):
            if isinstance(value.get("text"), str):
                yield value["text"]
            yield from text_ids(*value.values())
        elif isinstance(value, list | tuple):
            yield from text_ids(*value)


def telling(phone: Phone, line: Line, started: str) -> Iterator[str]:
    """What a watched screen should not show, with the values that are really said (T41); `started`: the flow that a job
    started, if she did not write."""
    words = phone.content.knowledge.get(LEXICON)
    if line.event.text_id in words[screen.ALLOWED]:
        return
    lexicon = _lexicon(words, line.reply.language)
    quiet = started in words[screen.UNASKED] or line.reply.urgent or line.event.text_id.startswith("system.")
    facts = any(text_ids(line.event.slots, offered(line)))  # a fact that she asked for begins as it begins
    for fault in screen.faults(line.parts, lexicon, quiet, line.reply.sensitivity):
        if quiet or not facts or not fault.startswith("begins"):
            yield fault


def _lexicon(words: Mapping[str, Any], language: str) -> Lexicon:
    """`lexicon_of`, made once for each language."""
    known = _LEXICONS.get((id(words), language))
    if known is None:
        known = _LEXICONS[id(words), language] = words, lexicon_of(words, language)
    return known[1]


# By the words and the language: the words too, so that their id stays theirs.
_LEXICONS: dict[tuple[int, str], tuple[Mapping[str, Any], Lexicon]] = {}


@_Of
def _names(languages: Mapping[str, Language]) -> frozenset[str]:
    """Languages by their own names, and in Latin letters."""
    return frozenset(w for n in languages.values() for w in (n.name, *_words_in(n.latin)))


@lru_cache(maxsize=8192)
def _words_in(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


def _over_limits(channel: str, line: Line) -> Iterator[str]:
    limits = LIMITS[channel]
    for part in line.parts:
        if units(flatten(part).text if limits.flattens else part.text) > limits.text:
            yield "longer than a message"
        if part.buttons and units(part.text) > limits.body:
            yield "longer than a message with buttons"
        most = limits.list_items if part.kind == "list" else limits.buttons
        label = limits.list_label if part.kind == "list" else limits.button_label
        if len(part.buttons) > most or any(not b.label or units(b.label) > label for b in part.buttons):
            yield "too many buttons, or too long ones"
        if any(len(b.payload.encode()) > 64 for b in part.buttons):
            yield "a payload of more than 64 bytes"
        if part.kind == "list" and not 0 < units(part.list_label) <= limits.list_button:
            yield "no label that opens the list, or a long one"


def _romanised(phone: Phone, line: Line, shown: str) -> bool:
    """Her own language in Latin letters: by SMS, unless she writes in her own (`bot/check/latin.py` reads those texts),
    or anywhere, because nobody knows yet which letters she reads."""
    for language in phone.content.languages.values():  # in a list each has its own letters
        shown = shown.replace(language.name, "") if unscripted(phone) else shown
    own = shown.isascii() and line.reply.language in phone.content.latin
    profile = phone.subject.person.profile
    chosen = profile.get("letters") or ("own" if profile.get("latin") is False else "latin")
    by_sms = phone.channel == "sms" and chosen == "latin"
    return own and (by_sms or unscripted(phone))


def unscripted(phone: Phone) -> bool:
    """Whether she wrote Hindi or Urdu in Latin letters, and has not said which of the two she reads."""
    return phone.subject.person.language is None and bool(phone.subject.person.profile.get("unscripted"))


def _foreign(content: Content, line: Line, shown: str) -> Iterator[str]:
    """Letters of another script: only the names of languages, codes, and what is called so (`_named`)."""
    if line.reply.step in LANGUAGE_LISTS:
        for option in line.reply.options:  # each by its own name; the words around them are looked at
            shown = shown.replace(option.label, "") if option.id in content.languages else shown
    commands = content.words("en")
    own = script(content.languages[line.reply.language].name)
    words = _WORD.findall(_LINK.sub(" ", shown.translate(_MARKS)))
    if not any(_script(w) == own for w in words):
        yield f"no word in the letters of {line.reply.language}"
    named = _names(content.languages) | _named(content, line)
    strange = [w for w in words if _script(w) != own and w.casefold() not in CODES and w not in named]
    facts = any(text_ids(line.event.slots, offered(line)))  # offices have their letters there: MWC, SLBFE
    strange = [w for w in strange if not (w.isupper() and (facts or _typed(commands, w)))]  # COMPLAIN: typed so
    if strange:
        yield f"words in other letters: {' '.join(strange)}"


def _typed(english: WordsOf, word: str) -> bool:
    """Whether a word in capitals is one that does something when it is sent, in every language."""
    return english.universal(word) is not None or word in {"PIN", "NO", "STORY", "KEEP", "A", "B"}


def _named(content: Content, line: Line) -> set[str]:
    """What has its name in Latin letters everywhere: laws, pages and apps, and the proper names in an English fact."""
    facts = content.knowledge.texts
    ids = set(text_ids(line.event.slots, offered(line))) & set(facts)
    proper = {w for i in ids for w in _words_in(facts[i].english)}
    return proper | {w for plain in _plain([line.event.slots, *offered(line)]) for w in _WORD.findall(plain)}


def _plain(value: Any) -> Iterator[str]:
    """Plain words among slot values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from () if key == "text" else _plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _plain(inner)


def plain_text(shown: str) -> str:
    """What is shown, without marks of direction."""
    return shown.translate(_MARKS)


@lru_cache(maxsize=65_536)
def _script(word: str) -> str:
    return next((unicodedata.name(c, "").split()[0] for c in word if c.isalpha()), "")


def repeated(phone: Phone, line: Line, told: Sequence[str]) -> set[str]:
    """Words of four letters and more of her own that stand in a message, but not in the text as its author wrote it,
    with the facts and countries that it names; the words of options aside."""
    hers = {w for text in told for w in fold(text).split() if len(w) >= 4 and not w.isdigit()}
    found = set(fold(phone.shown(line)).split()) & hers
    if not found:
        return found
    slots = {name: ours for name, value in line.event.slots.items() if (ours := _ours(value)) is not None}
    event = replace(line.event, slots=slots)
    both = [Content.reply(phone.content, event, line.reply.language, latin=latin) for latin in (False, True)]
    shown = " ".join((*(w for bare in both for w in (bare.text, bare.sms)), *(o.label for o in line.reply.options)))
    return found - set(fold(shown).split()) - options_words(phone.content, phone.words)


def _ours(value: Any) -> Any:
    """A slot value without what may be her words: facts, countries, moments stay."""
    if isinstance(value, Mapping):
        for key in ("row", "list"):
            if key in value:
                return {key: [ours for v in value[key] if (ours := _ours(v)) is not None]}
        return value if {"text", "country", "at", "month"} & set(value) else None
    return None


def options_words(content: Content, words: WordsOf) -> frozenset[str]:
    """The words of every option of every question, in her language and in English."""
    known = _OPTIONS.get(id(words))
    if known is None or known[0] is not words:
        known = _OPTIONS[id(words)] = words, frozenset(_options_words(content, words))
    return known[1]


_OPTIONS: dict[int, tuple[WordsOf, frozenset[str]]] = {}  # by language: its words, kept so that the id stays theirs


def _options_words(content: Content, words: WordsOf) -> Iterator[str]:
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            for choice in (*step.choices, *((step.skip,) if step.skip else ())) if isinstance(step, Ask) else ():
                label = words.label(f"{flow.name}.{step.id}", choice)
                for text in (choice.label, choice.short, *label.accepted):
                    yield from fold(text).split()
