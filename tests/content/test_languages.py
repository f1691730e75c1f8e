"""The tables of words in `locales/<lang>/language.yml`: complete, and without a word that means two things."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.numbers import list_currencies

from bot.content.languages import COMMANDS
from bot.content.source import read
from bot.content.wording import spoken
from bot.engine.answers import fold
from bot.settings import ROOT

FILES = sorted((ROOT / "locales").glob("*/language.yml"))
TABLES: dict[str, Mapping[str, Any]] = {
    path.parent.name: table for path in FILES if not (table := read(path, ROOT)).get("in_translation")
}
REQUIRED = (
    *("name", "english_name", "direction", "also", "status", "reviewer", "universal", "numbers", "units"),
    *("multipliers", "currency", "countries", "today", "yesterday", "tomorrow"),
)
OPTIONAL = {"phrases", "home", "attached", "elsewhere", "counted", "sentences", "refusals", "answers"} | {
    "times",
    "weekdays",
    "months",
    "months_by",
    "likely",
    "latin",
    "latin_days",
    "unknown",
    "bikram",
}
FAMILIES = {"dinar", "riyal", "dirham", "rupee", "dollar", "pound", "shilling"}
CARRIER_STOP = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit")  # what carriers and Twilio take for a stop

languages = pytest.mark.parametrize("code", TABLES)


def _grouped(table: Mapping[str, Any], key: str) -> dict[str, set[str]]:
    """Folded word to all the groups that it stands in."""
    groups: dict[str, set[str]] = {}
    for group, words in table[key].items():
        for word in words:
            groups.setdefault(fold(str(word)), set()).add(str(group))
    return groups


def test_eleven_languages_are_here() -> None:
    assert set(TABLES) >= {"en", "ne", "hi", "bn", "ml", "ta", "ur", "ar", "si", "fil", "id"}


@languages
def test_a_name_in_latin_letters_stands_on_every_phone(code: str) -> None:
    name = TABLES[code].get("latin") or TABLES[code]["english_name"]
    assert name.isascii()
    assert len(name) <= 10
    assert TABLES[code]["likely"]["ZZ"]


@languages
def test_values_are_spoken_by_cldr_with_digits_that_every_phone_shows(code: str) -> None:
    """Days, months, amounts, numbers and countries; what is typed back is typed in these digits too."""
    at = {"at": "2026-11-25T09:15:00+00:00", "zone": "Asia/Kuwait", "now": "2026-11-23T07:00:00+00:00"}
    values = [at, {"month": "2026-11"}, {"day": "2026-11-25"}, {"value": "180.5", "currency": "KWD"}, 1234567]
    told = [spoken(value, code) for value in values]
    assert all(told)
    assert all(c in "0123456789" for text in told for c in text if c.isdigit())
    assert told[0].endswith("12:15")
    assert "2026" in told[2]
    assert "25" in told[2]
    assert "KWD" in told[3]
    assert re.sub(r"[.,]", "", told[4]) == "1234567"
    assert spoken({"country": "SA"}, code) != "SA"


@languages
def test_every_key_is_there_and_no_other(code: str) -> None:
    table = TABLES[code]
    assert set(REQUIRED) <= set(table)
    assert set(table) <= {*REQUIRED, *OPTIONAL}
    assert set(table["universal"]) == set(COMMANDS)
    assert set(table["phrases"]) == set(TABLES["en"]["phrases"])
    assert set(table["units"]) == {"month", "year", "week", "day", "hour", "person"}
    assert all(table["universal"].values())
    assert table["direction"] == {"left-to-right": "ltr", "right-to-left": "rtl"}[Locale.parse(code).character_order]


@languages
def test_words_are_text_and_none_is_empty(code: str) -> None:
    for key in ("universal", "units", "currency", "countries"):
        for group, words in TABLES[code][key].items():
            for word in words:
                assert isinstance(word, str), f"{key}.{group}: quote {word!r}"
                assert fold(word)


def test_no_word_is_two_commands_in_any_language() -> None:
    meant: dict[str, set[str]] = {}
    for table in TABLES.values():
        for word, commands in _grouped(table, "universal").items():
            meant.setdefault(word, set()).update(commands)
    assert {word: commands for word, commands in meant.items() if len(commands) > 1} == {}


@pytest.mark.parametrize(("sign", "command"), [("0", "human"), ("help", "human"), ("8", "status"), ("#", "language")])
def test_the_signs_that_every_language_shares(sign: str, command: str) -> None:
    assert _grouped(TABLES["en"], "universal")[fold(sign)] == {command}


@pytest.mark.parametrize("word", CARRIER_STOP)
def test_the_carriers_words_only_stop(word: str) -> None:
    assert {c for t in TABLES.values() for c in _grouped(t, "universal").get(word, ())} == {"stop"}


@languages
def test_no_word_for_a_language_names_two(code: str) -> None:
    others = {fold(w) for other, table in TABLES.items() if other != code for w in table["also"]}
    assert {fold(w) for w in TABLES[code]["also"]} & others == set()


@languages
@pytest.mark.parametrize("key", ["units", "currency", "countries"])
def test_no_word_is_in_two_groups(code: str, key: str) -> None:
    assert {w: g for w, g in _grouped(TABLES[code], key).items() if len(g) > 1} == {}


@languages
def test_currencies_and_countries_are_real(code: str) -> None:
    table = TABLES[code]
    assert set(table["currency"]) - FAMILIES <= list_currencies()
    assert set(table["currency"]) >= {"KWD", "dinar", "riyal", "dirham", "rupee"}
    assert set(table["countries"]) <= set(Locale("en").territories)
    assert set(table["countries"]) >= {"KW", "SA", "AE", "QA", "OM", "BH", "MY", "NP", "IN"}
    assert set(table.get("home", ())) <= set(table["countries"])


@languages
def test_numbers_reach_the_days_of_a_month(code: str) -> None:
    assert {n for n in TABLES[code]["numbers"].values() if n == int(n)} >= set(range(32))


@languages
def test_files_are_short_enough_to_read(code: str) -> None:
    lines = Path(ROOT / "locales" / code / "language.yml").read_text("utf-8").splitlines()
    assert len(lines) <= 490  # tables, one thing a line; the spellings of Sinhala in Latin letters are many
