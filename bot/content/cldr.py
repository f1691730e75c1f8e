"""What CLDR (Babel) knows of our languages, without what nobody asks it.

Law: `localedata.load` gives each asker the same mapping, so what goes from it is gone for all: names of time zones and
of units of measure but times, compact numbers and intervals. They are more than half of its 11 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from babel import Locale, UnknownLocaleError, localedata

_UNSAID = (
    "time_zones",
    "meta_zones",
    "unit_display_names",
    "compound_unit_patterns",
    "compact_decimal_formats",
    "compact_currency_formats",
    "interval_formats",
)
_UNITS, _SAID = "unit_patterns", "duration-"  # "3 hours"


@lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """Babel's locale of a language, or of a language in a country (`ar_IQ`). Raises ValueError, UnknownLocaleError."""
    found = Locale.parse(language)
    for name in ("root", language.partition("_")[0], str(found)):  # each is made from the one before
        _forget(name)
    return found


def locales(languages: Iterable[str]) -> Iterator[Locale]:
    """Those that CLDR has: a language without its data has its own table still. One after the other: Babel writes what
    it has resolved into what a country's locale takes over from its language's."""
    for language in languages:
        try:
            yield locale(language)
        except (UnknownLocaleError, ValueError):
            continue


def _forget(name: str) -> None:
    data = localedata.load(name)
    for part in _UNSAID:
        data.pop(part, None)
    data[_UNITS] = {unit: said for unit, said in data.get(_UNITS, {}).items() if unit.startswith(_SAID)}
