"""Rule: a translation has the same placeholders as its English.

Law: a value that is left out is a promise not told; one that is invented is a hole in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.check.texts import LABEL, SHORT, WRITTEN, Message, at, messages, translated_languages
from bot.content import Content, Problem
from bot.content.wording import PLACEHOLDER

OPTIONS = "options"  # filled by the SMS channel alone


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Placeholders that are missing, invented, misspelt, or where they are never filled."""
    yield from _english(content)
    for language in translated_languages(content):
        for message in messages(content):
            entry = content.catalogue.entry(language, message.context)
            if entry is None:
                continue
            for fault in faults(message, entry.text):
                yield Problem(entry.file, entry.line, f"{message.context} {fault}")


def faults(message: Message, text: str) -> Iterator[str]:
    """What is wrong with the placeholders of a translation, as the end of a sentence about it; nothing of what people
    write themselves, which says no values."""
    if message.kind in WRITTEN:
        return
    wanted, present = set(PLACEHOLDER.findall(message.english)), set(PLACEHOLDER.findall(text))
    for name in sorted(wanted - present):
        yield f"lacks {{{name}}}"
    for name in sorted(present - wanted):
        yield f"has {{{name}}}, which the English has not"
    if text.count(f"{{{OPTIONS}}}") > 1:
        yield f"has {{{OPTIONS}}} twice: only the last is filled"
    if set("{}") & set(PLACEHOLDER.sub("", text)):
        yield "has a brace that is no placeholder"


def _english(content: Content) -> Iterable[Problem]:
    """What is wrong in the flows themselves: an option is never filled, and SMS fills one {options}."""
    for message in messages(content):
        present = PLACEHOLDER.findall(message.english)
        if message.kind in (LABEL, SHORT) and set("{}") & set(message.english):
            yield at(message.source, f"{message.context} is an option, and placeholders are not filled there")
        elif present.count(OPTIONS) > 1:
            yield at(message.source, f"{message.context} has {{{OPTIONS}}} twice: only the last is filled")
