"""Rule: a translation is not the English sentence again.

Law: up to three words may well be the same in two languages (a name, "OK"); a sentence is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import WRITTEN, messages, translated_languages
from bot.content import Content, Problem

WORDS = 3


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Copies of the English."""
    for language in translated_languages(content):
        for message in messages(content):
            entry = content.catalogue.entry(language, message.context)
            if entry is None or message.kind in WRITTEN or len(message.english.split()) <= WORDS:
                continue
            if entry.text.strip().casefold() in {message.english.strip().casefold(), entry.english.strip().casefold()}:
                yield Problem(entry.file, entry.line, f"{message.context} is still English")
