"""Languages: a folder in `locales/` is a language, and its `language.yml` says how it is spoken to.

Law: no language is named in Python; what is on disk is what there is. One that says `in_translation: true` is not there
for people yet: its catalogues may have holes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel import UnknownLocaleError

from bot.content.cldr import locale
from bot.content.sheet import Sheet
from bot.content.source import ContentError, Place, Problem, read
from bot.engine.answers import fold
from bot.engine.flow import Choice
from bot.engine.phrases import phrase

COMMANDS = ("menu", "back", "human", "language", "status", "clear", "delete", "stop", "start", "complain")
DIRECTIONS = ("ltr", "rtl")
BUT, DECLINE = "but", "decline"  # of `answers:`
PLAINLY = ("yes", "no", BUT, "others")
FALLBACK = "en"
OWN, ANYWHERE = 9, "ZZ"  # of `likely:`


@dataclass(frozen=True, slots=True)
class Language:
    """One language. `universal`: command to the whole messages that mean it; `phrases`: the same for flows by name;
    `sentences`: what means a command or flow inside a message; `refusals`: the words that say no, folded;
    `answers`: what answers any question. `likely` counts for the order of the menu alone; 9 = the country's own
    language, `ZZ` = anywhere else."""

    code: str
    name: str
    english_name: str
    direction: str
    also: tuple[str, ...]
    reviewer: str | None
    universal: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sentences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: frozenset[str] = frozenset()
    answers: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # `yes`, `no`, `but`: words; `decline`: phrases
    unknown: tuple[str, ...] = ()  # phrases that say "I do not know", alone in a message
    latin: str = ""  # its name in Latin letters, which every phone shows
    latin_days: tuple[str, ...] = ()  # Monday first: the days of the week in them, short
    likely: Mapping[str, int] = field(default_factory=dict)  # country -> how likely its numbers speak it, 1 to 9


def load_languages(root: Path) -> dict[str, Language]:
    """By code, English first, then in order of the codes. Raises ContentError."""
    languages: dict[str, Language] = {}
    problems: list[Problem] = []
    for path in sorted((root / "locales").glob("*/language.yml")):
        sheet = Sheet(path.relative_to(root).as_posix())
        try:
            top = read(path, root)
            if not sheet.flag(top, "in_translation"):
                languages[path.parent.name] = _language(sheet, top, path.parent.name)
        except ContentError as error:
            problems += error.problems
        problems += sheet.problems
    if FALLBACK not in languages and not problems:
        problems.append(Problem(f"locales/{FALLBACK}/language.yml", 1, "English must be there: it is the last resort"))
    if problems:
        raise ContentError(problems)
    return {FALLBACK: languages.pop(FALLBACK), **languages}


def in_translation(root: Path) -> list[str]:
    """Folders that are no languages for people yet, in order: what translators work at."""
    ready = load_languages(root)
    return sorted(p.name for p in (root / "locales").iterdir() if p.is_dir() and p.name not in ready)


def _language(sheet: Sheet, top: Place, code: str) -> Language:
    try:
        locale(code)
    except (ValueError, UnknownLocaleError):
        sheet.wrong(1, f"the folder {code} is no language that CLDR knows: dates and numbers could not be written")
    universal, phrases = sheet.table(top, "universal"), sheet.table(top, "phrases")
    sentences = sheet.table(top, "sentences")
    sheet.only(universal, COMMANDS, "`universal:`")
    return Language(
        code=code,
        name=sheet.text(top, "name"),
        english_name=sheet.text(top, "english_name"),
        direction=sheet.one_of(top, "direction", DIRECTIONS, DIRECTIONS[0]),
        also=sheet.words(top, "also"),
        reviewer=sheet.text(top, "reviewer", needed=False) or None,
        universal={command: sheet.words(universal, command) for command in COMMANDS},
        phrases={flow: sheet.words(phrases, flow) for flow in phrases},
        sentences={flow: _phrases(sheet, sentences, flow) for flow in sentences},
        refusals=frozenset(fold(word) for word in sheet.words(top, "refusals")),
        answers=_answers(sheet, top),
        unknown=_phrases(sheet, top, "unknown"),
        latin=sheet.text(top, "latin", needed=False) or sheet.text(top, "english_name"),
        latin_days=sheet.words(top, "latin_days"),
        likely=_likely(sheet, top),
    )


def _answers(sheet: Sheet, top: Place) -> dict[str, tuple[str, ...]]:
    """`answers: {yes: [...], no: [...], but: [...], others: [...], decline: [...]}`: what answers any question."""
    table = sheet.table(top, "answers")
    sheet.only(table, (*PLAINLY, DECLINE), "`answers:`")
    plain = {option: tuple(map(fold, sheet.words(table, option))) for option in PLAINLY}
    return {**plain, DECLINE: _phrases(sheet, table, DECLINE)}


def _likely(sheet: Sheet, top: Place) -> dict[str, int]:
    """`likely: {NP: 9, AE: 4}`."""
    table = sheet.table(top, "likely")
    found = {country: sheet.whole(table, country) for country in table}
    for country, weight in found.items():
        if not 1 <= weight <= OWN or not (len(country) == 2 and country.isupper()):
            sheet.wrong(
                table.at(country), f"`likely:` has countries of two capitals and numbers from 1 to {OWN}: {country}"
            )
    return found


def of_country(languages: Mapping[str, Language], country: str | None) -> str:
    """The language of a country whose own it alone is: a guess from a number. Empty where several are, or none."""
    own = [code for code, language in languages.items() if language.likely.get(country or "") == OWN]
    return own[0] if len(own) == 1 else ""


def _phrases(sheet: Sheet, place: Place, key: str) -> tuple[str, ...]:
    written = sheet.words(place, key)
    for raw in written:
        try:
            phrase(raw)
        except ValueError as error:
            sheet.wrong(place.at(key), str(error))
    return written


def as_choices(languages: Mapping[str, Language]) -> list[Choice]:
    """The options of `options: languages`: native names, never translated."""
    return [
        Choice(id=lang.code, label=lang.name, short=lang.latin, synonyms=(lang.english_name, *lang.also))
        for lang in languages.values()
    ]


def whose_words(languages: Mapping[str, Language]) -> dict[str, str]:
    """Folded whole message of two words or more to the one language whose table has it: single words are many
    languages' own, and no table has all of its own."""
    found: dict[str, set[str]] = {}
    for code, language in languages.items():
        for words in (*language.phrases.values(), *language.universal.values()):
            for word in (fold(w) for w in words):
                if " " in word:
                    found.setdefault(word, set()).add(code)
    return {word: codes.pop() for word, codes in found.items() if len(codes) == 1}


def universal_words(languages: Mapping[str, Language]) -> dict[str, str]:
    """Folded whole message to command, or to the flow that a phrase starts, over all languages: people mix."""
    return {
        fold(word): command
        for language in reversed(list(languages.values()))
        for command, words in (*language.phrases.items(), *language.universal.items())
        for word in words
    }
