"""Rule: what is heard inside free text is clear, and is never what must be asked.

Law: a phrase means one option of its question in whatever language it was written; what means danger is danger; safety,
consent, age and the questions of danger flows are answered by the person, never by a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.check.texts import at, place
from bot.content import Content, Problem
from bot.content.hearing import ASKED, HEARD, refusals, written
from bot.content.languages import COMMANDS, FALLBACK
from bot.engine.flow import Ask, Flow
from bot.engine.phrases import Phrase, heard, phrase
from bot.engine.state import heard_slot
from bot.nlu import intents
from bot.nlu.danger import DangerFloor

# Slots of which a wrong guess hurts. Flows of level danger and questions with `safety: true` have none at all.
ASKED_ONLY = frozenset({"safe", "okay", "can_write", "agreed", "child", "continue", "proved", "consent", "decides"})
CARRIERS_OWN = frozenset({"stop", "start", "delete", "clear"})  # commands that a sentence never gives
DANGER = "danger"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Phrases that cannot be read, that mean two things or danger, and phrases where nothing may be guessed."""
    folder = root / "nlu_data"
    floor = DangerFloor.load(folder) if (folder / "danger.yml").exists() else None
    for flow in content.flows.by_name.values():
        for ask in (s for s in flow.steps if isinstance(s, Ask)):
            phrases = dict(_phrases(content, root, flow, ask))
            if not phrases:
                continue
            if flow.level == DANGER or ask.safety or heard_slot(ask) in ASKED_ONLY:
                yield at(ask.source, f"{flow.name}.{ask.id} is always asked: nothing may be `heard:` for it")
            yield from _unreadable(content, root, flow, ask)
            yield from _unclear(ask, phrases, floor)
    yield from _sentences(content)
    yield from _kin(content)


def _phrases(content: Content, root: Path, flow: Flow, ask: Ask) -> Iterator[tuple[str, dict[str, list[Phrase]]]]:
    """By option (or the question's own step): where a phrase stands -> the phrases."""
    step = f"{flow.name}.{ask.id}"
    rows = [(c.id, f"{step}#option.{c.id}{HEARD}", c.heard) for c in ask.choices if c.heard]
    for name, context, english in [*rows, *([(ask.id, f"{step}{ASKED}", ask.heard)] if ask.heard else [])]:
        found: dict[str, list[Phrase]] = {}
        for code in content.languages:
            raws = english if code == FALLBACK else written(content.catalogue.text(code, context, ""))
            where = place(content, root, code, context, ask.source)
            found.setdefault(where, []).extend(_read(raws, refusals(code, content.languages)))
        yield name, found


def _read(raws: Iterable[str], no: frozenset[str]) -> Iterator[Phrase]:
    for raw in raws:
        try:
            yield phrase(raw, no)
        except ValueError:
            continue  # `_unreadable` says it


def _unreadable(content: Content, root: Path, flow: Flow, ask: Ask) -> Iterable[Problem]:
    step = f"{flow.name}.{ask.id}"
    contexts = [f"{step}#option.{c.id}{HEARD}" for c in ask.choices if c.heard] + [f"{step}{ASKED}"] * bool(ask.heard)
    for code in (c for c in content.languages if c != FALLBACK):
        for context in contexts:
            for raw in written(content.catalogue.text(code, context, "")):
                try:
                    phrase(raw)
                except ValueError as error:
                    yield at(place(content, root, code, context, ask.source), f"{code}: {error}")


def _unclear(ask: Ask, phrases: dict[str, dict[str, list[Phrase]]], floor: DangerFloor | None) -> Iterable[Problem]:
    """What pages and is of no danger flow ("no food") is told to a human, and may be a fact of its report as well."""
    every = {name: [p for found in places.values() for p in found] for name, places in phrases.items()}
    for name, places in phrases.items():
        for where, found in places.items():
            for one in found:
                for example in one.examples():
                    if ask.choices and heard(every, example) != name:
                        yield at(where, f"{example!r} ({one.raw}) is not heard as {name} alone")
                    seen = floor.judge(example).danger if floor else None
                    if seen and seen.tier == "page" and seen.kind in intents.DANGER:
                        yield at(where, f"{example!r} ({one.raw}) means {seen.kind}, which is not for {name} to hear")


def _sentences(content: Content) -> Iterable[Problem]:
    """Sentences of no flow, of a command that only its own word may give, and of two flows."""
    sentences = content.words(FALLBACK).sentences
    for code, language in content.languages.items():
        file = f"locales/{code}/language.yml"
        for name, raws in language.sentences.items():
            if name in CARRIERS_OWN or name not in {*COMMANDS, *content.flows.by_name}:
                yield Problem(file, 1, f"`sentences:` has phrases for {name}, which no sentence starts")
            for one in _read(raws, refusals(code, content.languages)):
                for example in one.examples():
                    if heard(sentences, example) != name:
                        yield Problem(file, 1, f"{example!r} ({one.raw}) is not heard as {name} alone")


def _kin(content: Content) -> Iterable[Problem]:
    """Words for relatives and friends that cannot be read, or that mean two of them."""
    file, rows = "knowledge/kin.yml", content.knowledge.by_name.get("kin", {}).get("kin", {})
    every: dict[str, list[Phrase]] = {}
    for key, entry in rows.items():
        for language in [code for code in content.languages if not entry["heard"].get(code)]:
            yield Problem(file, entry.line, f"no words of {language} for {key}")
        for language, raws in entry["heard"].items():
            for raw in map(str, raws):
                try:
                    every.setdefault(key, []).append(phrase(raw))
                except ValueError as error:
                    yield Problem(file, entry["heard"].at(language), str(error))
    for key, phrases in every.items():
        for one in phrases:
            for example in [e for e in one.examples() if heard(every, e) != key]:
                yield Problem(file, rows[key].line, f"{example!r} ({one.raw}) is not heard as {key} alone")
