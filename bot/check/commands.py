"""Rule: a universal word means the same in all languages, and the carriers' words keep their meaning.

Law: people mix languages, so one word has one command; STOP and its kin are the carriers' (Twilio: STOP, STOPALL,
UNSUBSCRIBE, CANCEL, END, QUIT, OPTOUT, REVOKE) and stop everything, wherever they are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.content import Content, Problem
from bot.content.languages import COMMANDS
from bot.engine.answers import fold

CARRIERS = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke")


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Words under two commands, carriers' words under another, commands without a word, words for no flow."""
    named = dict.fromkeys((*COMMANDS, *(w for lang in content.languages.values() for w in lang.universal)))
    seen: dict[str, tuple[str, str]] = {}
    for code, language in content.languages.items():
        file = f"locales/{code}/language.yml"
        for command in named:
            words = language.universal.get(command, ())
            if not words:
                yield Problem(file, 1, f"no word for {command}")
            if command not in COMMANDS and command not in content.flows.by_name:
                yield Problem(file, 1, f"`universal:` has words for {command}, which is no command and no flow")
            for word in words:
                owner, where = seen.setdefault(fold(word), (command, code))
                if owner != command:
                    yield Problem(file, 1, f"{word} is {command} here and {owner} in {where}")
                if fold(word) in CARRIERS and command != "stop":
                    yield Problem(file, 1, f"{word} belongs to the carriers and stops messages; it cannot be {command}")
