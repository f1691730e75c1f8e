"""How values stand in a sentence: times in the person's zone, amounts, numbers, by CLDR (Babel).

Law: formats, never phrases; what is around a value is in the flow and its translations.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal

from bot.content.cldr import locale

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_SPACES = re.compile(r" {2,}")
_LTR = re.compile(r"[0-9A-Za-z]")
_GROUPS = re.compile(r"(?<=[0-9]) (?=[0-9])")
_STAR = re.compile(r"(?<=[0-9])\*(?!\w)")
_BRACES = str.maketrans("{}", "()")
_JOINERS = "\u200c\u200d"
ISOLATE, POP = "\u2068", "\u2069"  # first strong isolate (UAX #9): a value keeps its own direction inside a text
SITE = "site"  # the placeholder of our own public address

Texts = Callable[[str], str]  # id of a text of knowledge -> its words in the language


def no_texts(text_id: str) -> str:
    """Where there is no knowledge: nothing."""
    return ""


def fill(text: str, slots: Mapping[str, Any], language: str, *, isolate: bool, texts: Texts = no_texts) -> str:
    """The text with its {placeholders} filled; an unknown one leaves nothing behind, not even double spaces."""

    def value(match: re.Match[str]) -> str:
        if match[1] == "options":
            return match[0]
        around = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        whole = "/" not in around  # a part of an address: marks inside it would break the link
        return spoken(slots.get(match[1]), language, texts, isolate=isolate and whole)

    return _SPACES.sub(" ", PLACEHOLDER.sub(value, text)).strip()


def spoken(value: Any, language: str, texts: Texts = no_texts, *, isolate: bool = False) -> str:
    """One value as words. With `isolate`, what is written from left to right keeps its direction inside a text.

    A mapping says what it is: `{"text": id}` a text of knowledge, `{"country": "KW"}`, `{"row": [values]}` joined by
    spaces, `{"list": [values]}` one per line, `{"at": ...}` a moment, `{"month": "2026-11"}`,
    `{"day": "2026-11-25"}`, `{"currency": ...}`.
    """
    if isinstance(value, Mapping):
        if "text" in value:
            return texts(str(value["text"]))
        for key, glue in (("row", " "), ("list", "\n")):
            if key in value:
                parts = (spoken(v, language, texts, isolate=isolate) for v in value[key])
                return glue.join(part for part in parts if part)
    shown = _single(value, language)
    return f"{ISOLATE}{shown}{POP}" if isolate and shown and _LTR.search(shown) else shown


def with_days(slots: Mapping[str, Any], days: Sequence[str], language: str) -> dict[str, Any]:
    """The slots with their moments said by these names of days: CLDR has none of Nepali or Tamil in Latin letters.
    Months keep the names of `language`."""
    return {
        name: moment(value, language, days) if isinstance(value, Mapping) and "at" in value else value
        for name, value in slots.items()
    }


def texts_of(value: Any) -> Iterator[str]:
    """The ids of the texts of knowledge that a value says."""
    if isinstance(value, Mapping):
        if "text" in value:
            yield str(value["text"])
        for part in (*value.get("row", ()), *value.get("list", ())):
            yield from texts_of(part)


def _single(value: Any, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if "at" in value:
            return moment(value, language)
        if "currency" in value:
            return amount(value, language)
        if "country" in value:
            return country(str(value["country"]), language)
        if "month" in value:
            return month(str(value["month"]), language)
        if "day" in value:
            return day(str(value["day"]), language)
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _formatted(value, lambda: format_decimal(value, locale=locale(language), numbering_system="latn"))
    return _harmless(str(value))


def kept_in_order(text: str) -> str:
    """A text from right to left, where no marks of isolation may stand (an SMS pays for each): groups of digits keep
    their order by the space that belongs to numbers (UAX #9: a common separator), a star behind one by a mark."""
    return _STAR.sub("*\u200e", _GROUPS.sub("\u00a0", text))


def _harmless(text: str) -> str:
    """A value that came from outside cannot look like something else: no line breaks, no marks that turn the direction
    of what follows, no braces that would be taken for a placeholder. Joiners of Indic and Arabic letters stay."""
    spaced = " ".join(text.translate(_BRACES).split())
    return "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def moment(value: Mapping[str, Any], language: str, days: Sequence[str] = ()) -> str:
    """`{"at": iso, "zone": name, "now": iso}`: the local time, with the day when it is not today. Always of four
    digits: "4:15" is taken for the afternoon. `days`: names of the week from Monday on in place of those of CLDR."""
    zone = ZoneInfo(value["zone"])
    at = datetime.fromisoformat(value["at"]).astimezone(zone)
    now = datetime.fromisoformat(value["now"]).astimezone(zone)
    clock = f"{at.hour:02}:{at.minute:02}"
    if at.date() == now.date():
        return clock
    near = abs((at.date() - now.date()).days) < 7
    if near and days:
        return f"{days[at.weekday()]} {clock}"
    return f"{format_date(at, 'EEE' if near else 'd MMM', locale=locale(language))} {clock}"


def country(code: str, language: str) -> str:
    """The name of a country (ISO 3166-1 alpha-2) by CLDR; the code where CLDR has no name."""
    return str(locale(language).territories.get(code, code))


def month(value: str, language: str) -> str:
    """`2026-11`: the month and year; no finer, since a date can tell who somebody is."""
    year, number = (int(part) for part in value.split("-")[:2])
    return format_skeleton("yMMMM", date(year, number, 1), locale=locale(language))


def day(value: str, language: str) -> str:
    """`2026-11-25`: the whole date, for what is hers alone."""
    return format_date(date.fromisoformat(value), "long", locale=locale(language))


def amount(value: Mapping[str, Any], language: str) -> str:
    """`{"value": "180", "currency": "KWD"}`; without a currency the number and the person's own word."""
    currency = value.get("currency")
    if not currency:
        return _harmless(f"{value['value']} {value.get('word') or ''}")
    written = "#,##0.### ¤¤"
    return _formatted(
        f"{value['value']} {currency}",
        lambda: format_currency(
            value["value"],
            currency,
            format=written,
            locale=locale(language),
            currency_digits=False,
            numbering_system="latn",
        ),
    )


def _formatted(value: Any, by: Callable[[], str]) -> str:
    """Formatted, or as it is when it is no number that can be formatted (30 digits and more)."""
    try:
        return by()
    except (ArithmeticError, ValueError):
        return _harmless(str(value))
