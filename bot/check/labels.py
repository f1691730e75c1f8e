"""Rule: what is tapped fits every channel that has something to tap, and no two options of a question look the same.

Law: lengths are those of `bot/channels/limits.py`, in every language; what does not fit would silently become numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.channels.limits import LIMITS, units
from bot.check.texts import MOST_ROWS, at, options, place, room_for_label, translated
from bot.content import Content, Problem
from bot.content.flows import CHROME
from bot.content.reply import is_language_option
from bot.engine.flow import Ask, Choice, Flow

MOST = MOST_ROWS


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Labels that are too long or alike, in each language, and the words on a list's own button."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if isinstance(step, Ask) and options(step):
                for language in content.languages:
                    yield from _wrong(content, root, flow, step, language)
            if isinstance(step, Ask) and not step.shown and len(options(step)) > MOST:
                yield at(step.source, f"a list holds at most {MOST} options, and here are {len(options(step))}")
    room = min(limits.list_button for limits in LIMITS.values() if limits.list_button)
    for language in content.languages:
        for say in content.texts.get(CHROME, ()):
            words, context = content.chrome(language)[say.id], f"{CHROME}.{say.id}"
            if units(words) > room and translated(content, language, context):
                source = place(content, root, language, context, say.source)
                yield at(source, f"{language}: longer than {room} characters: {words}")


def _wrong(content: Content, root: Path, flow: Flow, ask: Ask, language: str) -> Iterable[Problem]:
    room = room_for_label(MOST if ask.shown else len(options(ask)))
    seen: dict[str, str] = {}
    for choice in options(ask):
        label = shown(content, flow, ask, choice, language)
        context = f"{flow.name}.{ask.id}#option.{choice.id}"
        own = translated(content, language, context)  # an absent one shows the English, which is looked at itself
        source = place(content, root, language, context, ask.source)
        if own and room and units(label) > room:
            yield at(source, f"{language}: the label of {choice.id} is longer than {room} characters: {label}")
        if own and label in seen:
            yield at(source, f"{language}: {seen[label]} and {choice.id} have the same label: {label}")
        seen[label] = choice.id


def shown(content: Content, flow: Flow, ask: Ask, choice: Choice, language: str) -> str:
    """The label that a person of this language sees."""
    if is_language_option(choice, content.languages):
        return choice.label
    return content.catalogue.text(language, f"{flow.name}.{ask.id}#option.{choice.id}", choice.label)
