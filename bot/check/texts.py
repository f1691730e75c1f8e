"""Every text that a translator translates, as one list: what is extracted, and what the rules look at.

Law: the order is that of the files and steps; a context stands here once, and nothing else is ever looked up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polib

from bot.channels.limits import LIMITS
from bot.content import Content, Problem
from bot.content.catalogue import MESSAGES, po_path
from bot.content.flows import SYSTEM
from bot.content.hearing import ASKED, HEARD
from bot.content.languages import FALLBACK
from bot.content.reply import is_language_option
from bot.engine.flow import Ask, Choice, Flow, Say
from bot.engine.messages import Sensitivity

TEXT, SMS, LABEL, SHORT, SYNONYMS, FACT = "text", "sms", "label", "short label", "synonyms", "fact"
PAGE = "page"  # of the caseworkers' desk: no person reads it
PHRASES = "phrases"
WRITTEN = frozenset({SYNONYMS, PHRASES})  # what people write: never said by us
MOST_ROWS = min(limits.list_items for limits in LIMITS.values() if limits.list_items)  # of a list; a page has no more
DANGER = "danger"  # the level of flows


@dataclass(frozen=True, slots=True)
class Message:
    """One text. `context` is its msgctxt, `source` its `file:line`, `kind` one of the constants above."""

    context: str
    english: str
    source: str
    kind: str
    safety: bool = False
    optional: bool = False  # a translation may be left empty
    options: int = 0  # how many options stand beside it: decides the room for a label
    sensitivity: Sensitivity = Sensitivity.NEUTRAL
    danger: bool = False  # of a flow of level danger: the words of knowledge/discreet.yml may not stand in it
    segments: int = 1  # that its SMS may take
    also_sms: bool = False  # a long text that has no short variant: it goes out as SMS too

    @property
    def domain(self) -> str:
        """The catalogue that it belongs to."""
        return self.context.partition(".")[0] if self.kind in (FACT, PAGE) else MESSAGES


def messages(content: Content) -> list[Message]:
    """Every text of flows and of the files of loose texts, the words for people in knowledge/, and the desk's own."""
    made = [m for flow in content.flows.by_name.values() for m in of_flow(content, flow)]
    for room, says in content.texts.items():
        made += [m for say in says for m in _voice(room, say, sent=room == SYSTEM)]
    made += [Message(fact.id, fact.english, fact.source, FACT) for fact in content.knowledge.texts.values()]
    made += [Message(word.id, word.english, word.source, PAGE) for word in content.desk.values()]
    return made


def of_flow(content: Content, flow: Flow) -> Iterator[Message]:
    """The texts of one flow."""
    for step in flow.steps:
        if isinstance(step, Say | Ask):
            yield from _voice(flow.name, step, flow.level == DANGER)
        if isinstance(step, Ask):
            if step.heard:
                yield _phrases(f"{flow.name}.{step.id}{ASKED}", step.heard, step)
            for choice in options(step):
                if not is_language_option(choice, content.languages):
                    yield from _option(flow, step, choice)


def allowed(step: Say | Ask) -> int:
    """The segments that one SMS of this step may take, where a budget holds."""
    return step.segments if isinstance(step, Ask) else 1


def options(ask: Ask) -> tuple[Choice, ...]:
    """The options of a question, the refusal last: the order of their numbers."""
    return (*ask.choices, *((ask.skip,) if ask.skip else ()))


def _voice(room: str, step: Say | Ask, danger: bool = False, *, sent: bool = True) -> Iterator[Message]:
    text = Message(
        f"{room}.{step.id}",
        step.text,
        step.source,
        TEXT,
        step.safety,
        sensitivity=step.sensitivity,
        danger=danger,
        segments=allowed(step),
        also_sms=not step.sms and sent,
    )
    yield text
    if step.sms:
        yield replace(text, context=f"{text.context}#sms", english=step.sms, kind=SMS)


def _option(flow: Flow, ask: Ask, choice: Choice) -> Iterator[Message]:
    context = f"{flow.name}.{ask.id}#option.{choice.id}"
    count, danger = MOST_ROWS if ask.shown else len(options(ask)), flow.level == DANGER
    label = Message(context, choice.label, ask.source, LABEL, ask.safety, options=count, danger=danger)
    yield label
    if choice.short:
        yield replace(label, context=f"{context}.sms", english=choice.short, kind=SHORT)
    synonyms = ", ".join(choice.synonyms) or choice.label  # a msgid cannot be empty
    yield Message(f"{context}.synonyms", synonyms, ask.source, SYNONYMS, optional=True)
    if choice.heard:
        yield _phrases(f"{context}{HEARD}", choice.heard, ask)


def _phrases(context: str, heard: tuple[str, ...], ask: Ask) -> Message:
    return Message(context, ", ".join(heard), ask.source, PHRASES)


def room_for_label(count: int) -> int:
    """The longest label, in UTF-16 units, that every channel can show as something to tap when there are `count`
    options; 0 = no limit, since all channels that have one number such a list in the text."""
    rooms = []
    for limits in LIMITS.values():
        if limits.buttons and count <= limits.buttons:
            rooms.append(limits.button_label)
        elif limits.list_items and count <= limits.list_items:
            rooms.append(limits.list_label)
    return min(rooms, default=0)


# --- where problems are, and what a catalogue says


def at(source: str, message: str) -> Problem:
    """A problem at `file:line`."""
    file, _, line = source.rpartition(":")
    return Problem(file, int(line), message)


def place(content: Content, root: Path, language: str, context: str, source: str) -> str:
    """`file:line` of a text in a language: its place in the catalogue, else `source`, the step's."""
    entry = None if language == FALLBACK else content.catalogue.entry(language, context)
    return f"{entry.file}:{entry.line}" if entry else source


def translated(content: Content, language: str, context: str) -> bool:
    """Whether the language has words of its own for this context; English always has."""
    return language == FALLBACK or content.catalogue.entry(language, context) is not None


def translated_languages(content: Content) -> list[str]:
    """The languages that need a catalogue: all but English."""
    return [code for code in content.languages if code != FALLBACK]


def catalogue_file(root: Path, language: str, domain: str = MESSAGES) -> str:
    """A catalogue's name in problems."""
    return po_path(root, language, domain).relative_to(root).as_posix()


def entries(root: Path, language: str, domain: str = MESSAGES) -> dict[str, polib.POEntry] | None:
    """A catalogue's entries by context, the untranslated too; None when there is no such catalogue."""
    path = po_path(root, language, domain)
    if not path.exists():
        return None
    return {e.msgctxt: e for e in polib.pofile(str(path), encoding="utf-8") if e.msgctxt and not e.obsolete}
