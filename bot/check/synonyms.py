"""Rule: what a person writes means one thing.

Law: in each language (English is always accepted too) no two options of a question share a spelling, none is the
number of another, and none is a universal word that leads somewhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import at, options
from bot.content import Content, Problem
from bot.engine.answers import fold, number
from bot.engine.flow import Ask, Choice, Flow

NUMERIC = frozenset({"number", "amount", "date", "phone"})


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Spellings that clash with each other, with numbers, or with universal words."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if isinstance(step, Ask) and options(step):
                found = {m for language in content.languages for m in _clashes(content, flow, step, language)}
                yield from (at(step.source, message) for message in sorted(found))


def _clashes(content: Content, flow: Flow, ask: Ask, language: str) -> Iterable[str]:
    """Messages; what English shares with all languages is said once, without the language."""
    owners: dict[str, str] = {}
    words = content.words(language)
    for place, choice in enumerate(options(ask), 1):
        label = words.label(f"{flow.name}.{ask.id}", choice)
        english = {fold(w): w for w in _english(choice)}
        for spelling, word in {**{fold(w): w for w in (label.shown, *label.accepted)}, **english}.items():
            where = "" if spelling in english else f"{language}: "
            other = owners.setdefault(spelling, choice.id)
            if other != choice.id:
                yield f"{where}{other} and {choice.id} can both be written: {word}"
            if message := _number(ask, place, choice, word):
                yield where + message
            command = words.universal(word)
            if command and not _same(content, flow, choice, command):
                yield f"{where}{choice.id} can be written {word}, which everywhere else means {command}"


def _english(choice: Choice) -> list[str]:
    return [w for w in (choice.id, choice.label, choice.short, *choice.synonyms) if w]


def _number(ask: Ask, place: int, choice: Choice, word: str) -> str:
    value = number(word)
    if value is None:
        return ""
    if any(f.reader in NUMERIC for f in ask.fills):
        return f"{choice.id} can be written {word}, which may be the number that the question asks for"
    if ask.choices and value != place and 1 <= value <= len(options(ask)):
        return f"{choice.id} can be written {word}, which is the number of another option"
    return ""


def _same(content: Content, flow: Flow, choice: Choice, command: str) -> bool:
    """Whether the option does what the universal word does: it leads to its flow, or this is its flow."""
    meant = content.rules.flow_of(command)
    return bool(meant) and (choice.goto == f"flow:{meant}" or flow.name == meant)
