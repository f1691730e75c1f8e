"""Rule: a universal word or phrase means the same in all languages, and the carriers' words keep their meaning.

Law: people mix languages, so one word has one command; STOP and its kin are the carriers' (Twilio: STOP, STOPALL,
UNSUBSCRIBE, CANCEL, END, QUIT, OPTOUT, REVOKE) and stop everything, wherever they are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.channels.twilio_forms import CARRIER_STOP
from bot.content import Content, Problem
from bot.content.languages import COMMANDS
from bot.engine.answers import fold


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Words under two commands, carriers' words under another, commands without a word, phrases of no flow."""
    seen: dict[str, tuple[str, str]] = {}
    phrases = dict.fromkeys(flow for language in content.languages.values() for flow in language.phrases)
    for code, language in content.languages.items():
        file = f"locales/{code}/language.yml"
        words = {c: language.universal[c] for c in COMMANDS} | {p: language.phrases.get(p, ()) for p in phrases}
        for flow in [p for p in language.phrases if p not in content.flows.by_name]:
            yield Problem(file, 1, f"`phrases:` has words for {flow}, and there is no such flow")
        for command, spellings in words.items():
            if not spellings:
                yield Problem(file, 1, f"no word for {command}")
            for word in spellings:
                owner, where = seen.setdefault(fold(word), (command, code))
                if owner != command:
                    yield Problem(file, 1, f"{word} is {command} here and {owner} in {where}")
                if fold(word) in CARRIER_STOP and command != "stop":
                    yield Problem(file, 1, f"{word} belongs to the carriers and stops messages; it cannot be {command}")
