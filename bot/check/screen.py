"""Rule: a watched screen shows no more than the moment allows (law 3 of the design; reliability.md T41).

Law: every text of the flows, the engine and the channels is looked at as each channel lays it out, in every language.
What is about danger, or reaches a person who did not write just now, holds no telling word at all and begins harmless;
any other text that holds one, or names one to choose from, says so (`sensitivity`) and begins without it: such a text
is only ever the direct answer to what she wrote.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.channels.contract import Chrome, Part
from bot.channels.limits import LIMITS
from bot.check.discreet import DANGER, LEXICON, PREVIEW, Lexicon, found, lexicon_of
from bot.check.graph import edges
from bot.check.samples import longest
from bot.check.texts import at, place, translated_languages
from bot.content import Content, Problem
from bot.content.catalogue import in_latin
from bot.content.flows import CHROME, SYSTEM
from bot.content.languages import FALLBACK
from bot.content.wording import PLACEHOLDER
from bot.engine.answers import fold, numbered
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask, Flow, Say
from bot.engine.messages import Reply, Sensitivity
from bot.nlu.language import TWINS

UNASKED, ALLOWED = "unasked", "allowed"
SOMETHING = "… " * (PREVIEW // 2)  # for a value that nothing bounds: it fills the beginning, and tells nothing


@dataclass(frozen=True, slots=True)
class Shown:
    """A text in one language, and whether it is of those that may tell nothing."""

    source: str
    reply: Reply
    quiet: bool


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Telling words on a screen, flows that nobody has, and exceptions that nothing needs."""
    words = content.knowledge.by_name.get(LEXICON, {})
    allowed = dict(words.get(ALLOWED) or {})
    needed: set[str] = set()
    for name in words.get(UNASKED) or ():
        if name not in content.flows.by_name:
            yield Problem(f"knowledge/{LEXICON}.yml", 1, f"`{UNASKED}` names {name}, but there is no such flow")
    for language in (FALLBACK, *translated_languages(content)):
        if not isinstance(words.get(language), Mapping):
            continue  # the rule `discreet` says so
        lexicon, chrome = lexicon_of(words, language), chrome_of(content, language)
        for text in every(content, language):
            if text.reply.urgent:
                continue  # the rule `discreet` reads these more strictly, as they stand in the catalogues
            told = {
                fault
                for channel in LIMITS
                for fault in faults(laid_out(channel, text.reply, chrome), lexicon, text.quiet, text.reply.sensitivity)
            }
            needed |= {text.reply.text_id} if told else set()
            where = place(content, root, language, text.reply.text_id, text.source)
            for fault in () if text.reply.text_id in allowed else sorted(told):
                yield at(where, f"{text.reply.text_id} {fault}")
    for text_id in sorted(set(allowed) - needed):
        yield Problem(f"knowledge/{LEXICON}.yml", 1, f"`{ALLOWED}` names {text_id}, which needs it no longer")


def every(content: Content, language: str) -> Iterator[Shown]:
    """All texts that are sent, with the longest values that they may hold; also in Latin letters where they are so."""
    quiet = reaches_unasked(content)
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if isinstance(step, Say | Ask):
                event = event_of(content, flow, step, language)
                still = flow.level == DANGER or (flow.name, step.id) in quiet
                yield Shown(step.source, content.reply(event, language), still)
                if content.catalogue.entry(language, in_latin(f"{event.text_id}#sms")):
                    latin = content.reply(event, language, latin=True, script=language not in TWINS)
                    yield Shown(step.source, latin, still)
    for room in (SYSTEM, CHROME):
        for say in content.texts.get(room, ()):
            yield Shown(say.source, content.reply(Said(f"{room}.{say.id}"), language), True)


def reaches_unasked(content: Content) -> set[tuple[str, str]]:
    """The steps that a person may be told or asked before she has written anything: the beginning of a flow that a job
    or a human starts, up to its first question."""
    flows, ways = content.flows, edges(content.flows, across=True)
    names = content.knowledge.by_name.get(LEXICON, {}).get(UNASKED) or ()
    ahead = [(name, flows.by_name[name].steps[0].id) for name in names if name in flows.by_name]
    seen: set[tuple[str, str]] = set()
    while ahead:
        node = ahead.pop()
        flow = flows.get(node[0])
        index = flow.index(node[1]) if flow else None
        if flow is None or index is None or node in seen:
            continue
        seen.add(node)
        if not isinstance(flow.steps[index], Ask):
            ahead += ways.get(node, ())
    return seen


def event_of(content: Content, flow: Flow, step: Say | Ask, language: str) -> Said | Asked:
    """The step as the engine would say it, with values that are as long as they can get."""
    names = [n for n in PLACEHOLDER.findall(f"{step.text} {step.sms}") if n != "options"]
    slots: dict[str, Any] = {n: longest(content, flow, n, language) or SOMETHING for n in names}
    text_id = f"{flow.name}.{step.id}"
    if isinstance(step, Say):
        return Said(text_id, slots)
    return Asked(text_id, text_id, flow.version, tuple(c.id for c in numbered(step)), slots)


def chrome_of(content: Content, language: str) -> Chrome:
    """The channels' own words."""
    words = content.chrome(language)
    return Chrome(list_label=words.get("list_label", ""), more=words.get("more", ""))


def laid_out(channel: str, reply: Reply, chrome: Chrome) -> tuple[Part, ...]:
    """What the phone shows."""
    parts: tuple[Part, ...] = importlib.import_module(f"bot.channels.{channel}").channel.layout(reply, chrome)
    return parts


def faults(parts: Sequence[Part], lexicon: Lexicon, quiet: bool, sensitivity: Sensitivity) -> Iterator[str]:
    """What a message tells that it should not."""
    for number, part in enumerate(parts):
        labels = " | ".join((part.list_label, *(f"{b.label} {b.description}" for b in part.buttons)))
        for stem in telling(labels, lexicon) if quiet or sensitivity is Sensitivity.NEUTRAL else ():
            yield f'shows "{stem}" on a button'
        beginning = part.text[:PREVIEW]
        if quiet or sensitivity is Sensitivity.NEUTRAL:
            how = "" if quiet else ", or give it a sensitivity"
            for stem in telling(part.text, lexicon):
                yield f'tells what this is about: say it without "{stem}"{how}'
        elif number == 0:
            for stem in telling(beginning, lexicon):
                yield f'begins with "{stem}": not in the first {PREVIEW} characters'
        for stem in telling(beginning, replace(lexicon, never=lexicon.start)) if quiet else ():
            yield f'shows "{stem}" on a locked screen: not in the first {PREVIEW} characters'


def telling(text: str, lexicon: Lexicon) -> list[str]:
    """The words of `never` that stand in a text. Most texts have none: one search says so."""
    if not lexicon.never or not _any_of(lexicon.never).search(fold(text)):
        return []
    return list(found(text, lexicon.never, lexicon.prefixes))


@lru_cache(maxsize=64)
def _any_of(stems: tuple[str, ...]) -> re.Pattern[str]:
    """A first sieve: the last words of the stems, wherever they stand (a prefix may stand before them)."""
    return re.compile("|".join(re.escape(stem.split()[-1]) for stem in stems))
