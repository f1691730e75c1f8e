"""What is heard inside free text, from flows, catalogues and language tables: phrases of all languages, for people mix.

Law: made once; a phrase carries the refusals of its own language, and of others those that are no other word ("ma" is
"in" here and "not" there).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.content.catalogue import Catalogue
from bot.content.cldr import locale
from bot.content.languages import DECLINE, FALLBACK, Language
from bot.engine.flow import Ask, Flows
from bot.engine.folding import fold
from bot.engine.phrases import Meanings, Phrase, Phrases, phrase

HEARD = ".heard"  # ending of the msgctxt of an option's phrases
ASKED = "#heard"  # and of those of a question for words
LANGUAGE = "language"  # the flow of a language's name
LISTS = ("menu", "further", "report")  # the flows whose lines lead to others, the first page first


def written(text: str) -> list[str]:
    """The phrases of a catalogue's entry, parted by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


_NOTHING: frozenset[str] = frozenset()
CLEAR = 4  # Latin letters: a shorter refusal of another language is too often another word

Said = dict[str, Phrases]


def option_phrases(flows: Flows, catalogue: Catalogue, languages: Mapping[str, Language]) -> Said:
    """By the context of an option (`passport.who_holds#option.employer`) or question. A phrase of a catalogue that is
    not readable is left out: `saathi check` says so."""
    found: Said = {}
    refused = {code: refusals(code, languages) for code in languages}
    for flow in flows.by_name.values():
        for ask in (s for s in flow.steps if isinstance(s, Ask)):
            step = f"{flow.name}.{ask.id}"
            places = [(f"{step}#option.{c.id}", HEARD, c.heard) for c in ask.choices if c.heard]
            for context, ending, english in [*places, *([(step, ASKED, ask.heard)] if ask.heard else [])]:
                raws = {code: written(catalogue.text(code, context + ending, "")) for code in languages}
                raws[FALLBACK] = list(english)
                # Nothing refuses where the words are the answer: "no call for 3 months" says since when.
                rows = (readable(r, _NOTHING if ending == ASKED else refused[code]) for code, r in raws.items())
                found[context] = Phrases(p for phrases in rows for p in phrases)
    return found


def refusals(code: str, languages: Mapping[str, Language]) -> frozenset[str]:
    """The words that refuse a phrase of a language: people mix, so those of the others count too where they are clear;
    those of English always."""
    return frozenset(
        word
        for other, language in languages.items()
        for word in language.refusals
        if other in (code, FALLBACK) or not word.isascii() or len(word) >= CLEAR
    )


def sentences(languages: Mapping[str, Language]) -> Meanings:
    """Phrases by the command or flow that they mean."""
    found: dict[str, list[Phrase]] = {}
    for code, language in languages.items():
        refused = refusals(code, languages)
        for name, raws in language.sentences.items():
            found.setdefault(name, []).extend(readable(raws, refused))
    return Meanings(found)


def declining(languages: Mapping[str, Language]) -> Meanings:
    """Phrases by which people say that they do not know, or do not want to say. They hold what would refuse them."""
    raws = (raw for language in languages.values() for raw in language.answers.get(DECLINE, ()))
    return Meanings({DECLINE: list(readable(raws, _NOTHING))})


def readable(raws: Iterable[str], refusals: frozenset[str]) -> Iterable[Phrase]:
    """Phrases as values; what is none is left out."""
    for raw in raws:
        try:
            yield phrase(raw, refusals)
        except ValueError:
            continue


def by_label(flows: Flows, catalogue: Catalogue, languages: Mapping[str, Language]) -> dict[str, str]:
    """Folded label, short label or synonym of a line of the lists, in any language -> the flow that it leads to. A word
    of two pages belongs to the earlier one; a word that two lines of a page share in two languages, to nobody."""
    found: dict[str, str] = {}
    for name in LISTS:
        page: dict[str, set[str]] = {}
        flow = flows.get(name)
        for ask in [s for s in flow.steps if isinstance(s, Ask)] if flow else []:
            for choice in (c for c in ask.choices if c.goto.startswith("flow:")):
                context = f"{name}.{ask.id}#option.{choice.id}"
                words = [choice.label, choice.short, *choice.synonyms]
                for code in (c for c in languages if c != FALLBACK):
                    words += [catalogue.text(code, context + end, "") for end in ("", ".sms")]
                    words += written(catalogue.text(code, context + ".synonyms", ""))
                for word in filter(None, words):
                    page.setdefault(fold(word), set()).add(choice.goto.removeprefix("flow:"))
        for word, leads in page.items():
            if len(leads) == 1:
                found.setdefault(word, next(iter(leads)))
    return {**by_language(flows, languages), **found}


def by_language(flows: Flows, languages: Mapping[str, Language]) -> dict[str, str]:
    """Folded name of a language, alone in a message -> the flow that sets it. What is a country's name too (Indonesia)
    is no wish for a language."""
    if flows.get(LANGUAGE) is None:
        return {}
    places = {fold(name) for code in languages for name in locale(code).territories.values()}
    names = {fold(name) for own in languages.values() for name in (own.name, own.latin, own.english_name, *own.also)}
    return dict.fromkeys(names - places, LANGUAGE)
