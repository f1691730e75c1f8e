"""Rule: nothing that is said about danger tells who reads it over the shoulder what this is about.

Law: the words stand in `knowledge/discreet.yml`; every shown text and option of a danger flow is read in every
language, and the first characters of an SMS, which a locked screen shows, more strictly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.check.texts import SMS, WRITTEN, Message, at, of_flow, translated_languages
from bot.content import Content, Problem
from bot.content.languages import FALLBACK
from bot.engine.answers import fold
from bot.engine.flow import Flow

LEXICON = "discreet"
DANGER = "danger"
PREVIEW = 40  # characters of an SMS that a locked screen shows (protection.md, the first reply to danger)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Folded stems of a text's language and of English, and what may be joined to the front of a word."""

    never: tuple[str, ...]
    start: tuple[str, ...]
    prefixes: tuple[str, ...]


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Telling words in danger flows, and an absent list of them."""
    dangers = [flow for flow in content.flows.by_name.values() if flow.level == DANGER]
    if not dangers:
        return
    try:
        words = content.knowledge.get(LEXICON)
    except KeyError:
        yield Problem(f"knowledge/{LEXICON}.yml", 1, "the words that danger texts may not hold must stand here")
        return
    for language in (FALLBACK, *translated_languages(content)):
        if not isinstance(words.get(language), Mapping):
            yield Problem(f"knowledge/{LEXICON}.yml", 1, f"list the telling words of {language} here")
        lexicon = lexicon_of(words, language)
        for flow in dangers:
            yield from _flow(content, root, flow, language, lexicon)


def lexicon_of(words: Mapping[str, Any], language: str) -> Lexicon:
    """What a text of this language is read with: people mix English into every language."""
    lists = [part for code in dict.fromkeys((FALLBACK, language)) if isinstance(part := words.get(code), Mapping)]

    def folded(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fold(str(word)) for part in lists for word in part.get(key) or ()))

    return Lexicon(folded("never"), folded("start"), folded("prefixes"))


def tells(name: str, words: Mapping[str, Any], languages: Iterable[str]) -> list[str]:
    """What a name that stands at the beginning of a text tells of whom she writes to, in English or these languages."""
    lexicons = (lexicon_of(words, language) for language in (FALLBACK, *languages))
    return sorted({stem for lex in lexicons for stem in found(name, (*lex.never, *lex.start), lex.prefixes)})


def found(text: str, stems: Sequence[str], prefixes: Sequence[str]) -> Iterator[str]:
    """The stems that begin a word of the text, or several words in a row."""
    words = fold(text).split()
    bare = [{w, *(w[len(p) :] for p in prefixes if w.startswith(p) and len(w) > len(p) + 1)} for w in words]
    forms = " ".join(("", *(form for each in bare for form in each)))  # a space before each
    for stem, begins, whole, last in _looked_for(tuple(stems)):
        if begins not in forms:
            continue  # nearly always
        for place in range(len(words) - len(whole)):
            row = bare[place : place + len(whole)]
            if all(part in forms for part, forms in zip(whole, row, strict=True)) and any(
                form.startswith(last) for form in bare[place + len(whole)]
            ):
                yield stem
                break


@lru_cache(maxsize=64)  # the lists of a language are held against thousands of texts
def _looked_for(stems: tuple[str, ...]) -> tuple[tuple[str, str, tuple[str, ...], str], ...]:
    """Of each stem: itself, its last word as `forms` would hold it, the words before, the last."""
    apart = ((stem, stem.split()) for stem in stems)
    return tuple((stem, f" {words[-1]}", tuple(words[:-1]), words[-1]) for stem, words in apart)


def _flow(content: Content, root: Path, flow: Flow, language: str, lexicon: Lexicon) -> Iterator[Problem]:
    shown = [m for m in of_flow(content, flow) if m.kind not in WRITTEN]
    with_sms = {m.context.removesuffix("#sms") for m in shown if m.kind == SMS}
    for message in shown:
        if (said := _said(content, root, message, language)) is None:
            continue
        text, source = said
        for stem in found(text, lexicon.never, lexicon.prefixes):
            yield at(source, f'{message.context} tells what this is about: say it without "{stem}"')
        sent_as_sms = message.kind == SMS or ("#" not in message.context and message.context not in with_sms)
        for stem in found(text[:PREVIEW], lexicon.start, lexicon.prefixes) if sent_as_sms else ():
            yield at(
                source, f'{message.context} shows "{stem}" on a locked screen: not in the first {PREVIEW} characters'
            )


def _said(content: Content, root: Path, message: Message, language: str) -> tuple[str, str] | None:
    """The text in the language and its `file:line`; None when there is no translation (`coverage` says so)."""
    if language == FALLBACK:
        return message.english, message.source
    entry = content.catalogue.entry(language, message.context)
    return (entry.text, f"{entry.file}:{entry.line}") if entry else None
