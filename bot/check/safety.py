"""Rule: texts marked `safety: true` are said only in wording that was made for today's English.

Law: elsewhere an older translation is better than none; about danger, a wrong one is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import messages, translated_languages
from bot.content import Content, Problem


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Fuzzy or outdated translations of safety texts."""
    for language in translated_languages(content):
        for message in (m for m in messages(content) if m.safety):
            entry = content.catalogue.entry(language, message.context)
            if entry and (entry.fuzzy or entry.english != message.english):
                yield Problem(
                    entry.file,
                    entry.line,
                    f"{message.context} is about safety and its translation is doubtful (fuzzy): review it",
                )
