"""Rule: a translation has the same placeholders as its English.

Law: a value that is left out is a promise not told; one that is invented is a hole in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import SYNONYMS, catalogue_file, messages, translated_languages
from bot.content import Content, Problem
from bot.content.wording import PLACEHOLDER


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Placeholders that are missing, invented, or misspelt."""
    for language in translated_languages(content):
        for message in messages(content):
            entry = content.catalogue.entry(language, message.context)
            if entry is None or message.kind == SYNONYMS:
                continue
            wanted, present = set(PLACEHOLDER.findall(message.english)), set(PLACEHOLDER.findall(entry.text))
            file = catalogue_file(root, language)
            for name in sorted(wanted - present):
                yield Problem(file, entry.line, f"{message.context} lacks {{{name}}}")
            for name in sorted(present - wanted):
                yield Problem(file, entry.line, f"{message.context} has {{{name}}}, which the English has not")
            rest = PLACEHOLDER.sub("", entry.text)
            if ("{" in rest or "}" in rest) and not ("{" in message.english and not wanted):
                yield Problem(file, entry.line, f"{message.context} has a brace that is no placeholder")
