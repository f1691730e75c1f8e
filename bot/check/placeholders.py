"""Rule: a translation has the same placeholders as its English.

Law: a value that is left out is a promise not told; one that is invented is a hole in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import LABEL, SHORT, WRITTEN, at, messages, translated_languages
from bot.content import Content, Problem
from bot.content.wording import PLACEHOLDER

OPTIONS = "options"  # filled by the SMS channel alone


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Placeholders that are missing, invented, misspelt, or where they are never filled."""
    yield from _english(content)
    for language in translated_languages(content):
        for message in messages(content):
            entry = content.catalogue.entry(language, message.context)
            if entry is None or message.kind in WRITTEN:
                continue
            wanted, present = set(PLACEHOLDER.findall(message.english)), set(PLACEHOLDER.findall(entry.text))
            file = entry.file
            for name in sorted(wanted - present):
                yield Problem(file, entry.line, f"{message.context} lacks {{{name}}}")
            for name in sorted(present - wanted):
                yield Problem(file, entry.line, f"{message.context} has {{{name}}}, which the English has not")
            if entry.text.count(f"{{{OPTIONS}}}") > 1:
                yield Problem(file, entry.line, f"{message.context} has {{{OPTIONS}}} twice: only the last is filled")
            if set("{}") & set(PLACEHOLDER.sub("", entry.text)):
                yield Problem(file, entry.line, f"{message.context} has a brace that is no placeholder")


def _english(content: Content) -> Iterable[Problem]:
    """What is wrong in the flows themselves: an option is never filled, and SMS fills one {options}."""
    for message in messages(content):
        present = PLACEHOLDER.findall(message.english)
        if message.kind in (LABEL, SHORT) and set("{}") & set(message.english):
            yield at(message.source, f"{message.context} is an option, and placeholders are not filled there")
        elif present.count(OPTIONS) > 1:
            yield at(message.source, f"{message.context} has {{{OPTIONS}}} twice: only the last is filled")
