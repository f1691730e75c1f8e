"""The words that readers know: numbers, units, currencies, countries, days, from every `locales/<lang>/language.yml`.

Law: the person's own language first, then English, then all the others, for people mix; read once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from bot.content.cldr import locales
from bot.content.readers.tokens import Phrases, written
from bot.content.source import read
from bot.engine.answers import fold
from bot.settings import ROOT

T = TypeVar("T")
FALLBACK = "en"
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_SIDED = ("ahead", "ago")
_shared: list[dict[tuple[str, ...], Any]] = []  # what phrases mean, of all vocabularies
_CLEAR = 5  # letters; a shorter name of a country that nobody migrates to is too often another word


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the readers know for one person. Phrases are folded; `home`: ISO codes, see `readers.country`."""

    numbers: Phrases[Decimal]
    multipliers: Phrases[int]
    units: Phrases[str]
    counted: Phrases[tuple[str, Decimal]]  # a number and its unit in one word
    currency: Phrases[str]  # ISO 4217, or a family in small letters: dinar, riyal
    countries: Phrases[str]  # every name
    clear_countries: Phrases[str]  # names that are nothing else, for free text
    codes: frozenset[str]  # countries that stand in our own tables
    days: Phrases[int]  # days from today
    months: Phrases[int]
    bikram: Phrases[int]  # months of Bikram Sambat
    lunar: bool  # whether the language's own people may mean other months by those names
    weekdays: Phrases[int]  # Monday is 0
    times: Phrases[str]  # next, last, this, and ahead or ago with the side they stand on: "ahead.before"
    home: frozenset[str]
    elsewhere_before: frozenset[str]
    elsewhere_after: frozenset[str]


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, Mapping[str, Any]]:
    """The table of every language that people may choose, by code, in order of the codes."""
    paths = sorted((ROOT / "locales").glob("*/language.yml"))
    tables = {path.parent.name: read(path, ROOT) for path in paths}
    return {code: table for code, table in tables.items() if not table.get("in_translation")}


@lru_cache(maxsize=256)
def words(language: str) -> Vocabulary:
    """The vocabulary for a person who writes this language; an unknown one gets English first. Raises ContentError
    when a table cannot be read (at start, not at a message: `bot.content.load` reads the same files)."""
    everything = _tables()
    order = sorted(everything, key=lambda code: (code != language, code != FALLBACK, code))
    tables = [everything[code] for code in order]
    before = _folded(tables, "attached", "before")
    after = _folded(tables, "attached", "after")
    own = _grouped(tables, "countries")
    named = _territories(order)
    ours = frozenset(own.values())
    clear = {n: c for n, c in named.items() if c in ours or len(fold(n)) >= _CLEAR}
    return Vocabulary(
        numbers=_phrases(_numbers(tables), before=before),
        multipliers=_phrases({k: int(v) for t in reversed(tables) for k, v in _flat(t, "multipliers")}, after=after),
        units=_phrases(_grouped(tables, "units"), before=before, after=after),
        counted=_phrases(_counted(tables), before=before, after=after),
        currency=_phrases(_grouped(tables, "currency"), before=before, after=after),
        countries=_phrases({**named, **own}, before=before, after=after),
        clear_countries=_phrases({**clear, **own}, before=before, after=after),
        codes=ours,
        days=_phrases({w: n for t in reversed(tables) for day, n in _DAYS.items() for w in t.get(day, ())}),
        months=_phrases({**_numbered(tables, "months"), **_months(_with_regions(order, everything))}, after=after),
        bikram=_phrases(_numbered(tables, "bikram"), after=after),
        lunar=bool(everything.get(language, {}).get("home")) and "bikram" not in everything.get(language, {}),
        weekdays=_phrases({**_weekdays(order), **_numbered(tables, "weekdays")}, after=after),
        times=_phrases(_times(tables)),
        home=frozenset(everything.get(language, {}).get("home", ())),
        elsewhere_before=frozenset(_folded(tables, "elsewhere", "before")),
        elsewhere_after=frozenset(_folded(tables, "elsewhere", "after")),
    )


def prepare(languages: Iterable[str]) -> None:
    """Once at start: the first message should not pay for it. The tables themselves are not needed after that."""
    for language in languages:
        words(language)
    homes()
    for side in ("before", "after"):
        attached(side)
    for remembered in (_tables, written):  # 9 MB, and no text of a person is looked for there
        remembered.cache_clear()


def _phrases(meanings: Mapping[str, T], *, before: Sequence[str] = (), after: Sequence[str] = ()) -> Phrases[T]:
    """Each table once: every language knows the words of all, and hardly one means something else in another."""
    made = Phrases(meanings, before=before, after=after)
    made.share(_shared)
    return made


@lru_cache(maxsize=1)
def homes() -> frozenset[str]:
    """The countries that people of any of our languages come from."""
    return frozenset(str(code) for table in _tables().values() for code in table.get("home", ()))


@lru_cache(maxsize=2)
def attached(side: str) -> tuple[str, ...]:
    """What any language writes onto the `before` or `after` of a word, folded."""
    return _folded(_tables().values(), "attached", side)


def _flat(table: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    return ((str(k), v) for k, v in table.get(key, {}).items())


def _grouped(tables: Iterable[Mapping[str, Any]], key: str) -> dict[str, str]:
    """Word to group, the first table winning."""
    grouped: dict[str, str] = {}
    for table in tables:
        for group, spellings in table.get(key, {}).items():
            for word in spellings:
                grouped.setdefault(" ".join(written(str(word))), str(group))
    return grouped


def _numbers(tables: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    numbers: dict[str, Decimal] = {}
    for table in tables:
        for word, value in _flat(table, "numbers"):
            numbers.setdefault(word, Decimal(str(value)))
    return numbers


def _counted(tables: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, Decimal]]:
    return {
        str(word): (str(unit), Decimal(str(number)))
        for table in tables
        for unit, spellings in table.get("counted", {}).items()
        for word, number in spellings.items()
    }


def _folded(tables: Iterable[Mapping[str, Any]], key: str, side: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(str(w)) for t in tables for w in t.get(key, {}).get(side, ())))


def _territories(codes: Iterable[str]) -> dict[str, str]:
    """CLDR's names of countries, in every language, to ISO 3166 alpha-2."""
    names: dict[str, str] = {}
    for locale in locales(codes):
        for territory, name in locale.territories.items():
            if len(territory) == 2 and territory not in {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}:
                names.setdefault(name, territory)
    return names


def _with_regions(codes: Iterable[str], tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The languages, each with the regions that have other names of months (`months_by:`)."""
    return [name for code in codes for name in (code, *tables[code].get("months_by", ()))]


def _numbered(tables: Iterable[Mapping[str, Any]], key: str) -> dict[str, int]:
    """Words of tables like `{1: [baisakh, ...]}` to their numbers, the first table winning."""
    found: dict[str, int] = {}
    for table in tables:
        for number, spellings in table.get(key, {}).items():
            for word in spellings:
                found.setdefault(str(word), int(number))
    return found


def _weekdays(codes: Iterable[str]) -> dict[str, int]:
    """CLDR's long names of the days of the week; Monday is 0."""
    names: dict[str, int] = {}
    for locale in locales(codes):
        for day, name in locale.days["format"]["wide"].items():
            names.setdefault(name, int(day))
    return names


def _times(tables: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The words of `times:`."""
    found: dict[str, str] = {}
    for table in tables:
        for name, spellings in table.get("times", {}).items():
            sides = (
                {f"{name}.{side}": words for side, words in spellings.items()} if name in _SIDED else {name: spellings}
            )
            for meaning, words in sides.items():
                for word in words:
                    found.setdefault(str(word), meaning)
    return found


def _months(codes: Iterable[str]) -> dict[str, int]:
    """CLDR's names of the months of the common calendar, long and short; no name of one letter."""
    names: dict[str, int] = {}
    for locale in locales(codes):
        for use in locale.months.values():
            for width in ("wide", "abbreviated"):
                for month, name in use.get(width, {}).items():
                    if len(fold(name)) > 2:
                        names.setdefault(name, int(month))
    return names
