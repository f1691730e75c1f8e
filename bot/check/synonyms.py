"""Rule: what a person writes means one thing.

Law: in each language (English is always accepted too) no two options of a question share a spelling, none is the
number of another, and none is a universal word that leads somewhere else. What of stop may be an answer: `_same`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import at, options, place
from bot.content import Content, Problem
from bot.engine.answers import fold, number
from bot.engine.flow import Ask, Choice, Flow

STOP = "stop"
NUMERIC = frozenset({"number", "amount", "date", "phone", "code"})


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Spellings that clash with each other, with numbers, or with universal words."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if isinstance(step, Ask) and options(step):
                yield from {p for language in content.languages for p in _clashes(content, root, flow, step, language)}


def _clashes(content: Content, root: Path, flow: Flow, ask: Ask, language: str) -> Iterable[Problem]:
    """What English shares with all languages is said once, at the step; the rest where the language writes it."""
    owners: dict[str, str] = {}
    words = content.words(language)
    for number_of, choice in enumerate(options(ask), 1):
        context = f"{flow.name}.{ask.id}#option.{choice.id}"
        label = words.label(f"{flow.name}.{ask.id}", choice)
        english = {fold(w): w for w in _english(choice)}
        for spelling, word in {**{fold(w): w for w in (label.shown, *label.accepted)}, **english}.items():
            found = [_number(ask, number_of, choice, word)]
            other = owners.setdefault(spelling, choice.id)
            if other != choice.id:
                found.append(f"{other} and {choice.id} can both be written: {word}")
            command = words.universal(word)
            if command and not _same(content, flow, choice, command, word):
                found.append(f"{choice.id} can be written {word}, which everywhere else means {command}")
            source, prefix = ask.source, ""
            if spelling not in english:
                source, prefix = _written(content, root, language, context, word, ask.source), f"{language}: "
            yield from (at(source, prefix + message) for message in found if message)


def _written(content: Content, root: Path, language: str, context: str, word: str, source: str) -> str:
    """Where a language writes this word for an option: as its label, short label, or among the synonyms."""
    for ending in ("", ".sms"):
        if content.catalogue.text(language, context + ending, "") == word:
            return place(content, root, language, context + ending, source)
    return place(content, root, language, f"{context}.synonyms", source)


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


def _same(content: Content, flow: Flow, choice: Choice, command: str, word: str) -> bool:
    """Whether the option does what the universal word does: it leads to its flow, or this is its flow, or the one that
    asks whether it is so (`solved`, `is_solved`). A sentence that elsewhere stops all messages ("do not write to me")
    may be an answer here; a single word, the carriers', may not."""
    if command == STOP and " " in fold(word):
        return True
    meant = content.rules.flow_of(command)
    return bool(meant) and (choice.goto == f"flow:{meant}" or flow.name in {meant, f"is_{meant}"})
