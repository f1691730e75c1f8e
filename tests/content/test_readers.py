"""The readers together: a type has one, and whatever people write gives a value or none."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import load_readers
from bot.content.readers import digits, tokens
from bot.content.readers.words import words

READERS = load_readers()
MONTHS = {"unit": "month"}
TODAY = {"today": "2026-11-24"}
LANGUAGES = ("en", "ne", "hi", "ar", "xx")


def test_every_type_that_a_flow_may_name_has_a_reader() -> None:
    plain = {"text", "number", "amount", "date", "country", "phone", "media", "location"}
    assert set(READERS) == plain | {
        "digits",
        "hours",
        "topic",
        "need",
        "code",
        "kin",
        "bare",
        "unknown",
        "sentence",
        "service",
        "language",
    }


def test_text_and_media() -> None:
    assert READERS["text"].read("  तीन महिना \n", {}, "ne") == "तीन महिना"
    assert READERS["text"].read(" \n", {}, "ne") is None
    assert READERS["text"].find("anything", {}, "en") is None
    assert READERS["media"].read("photo", {}, "en") is None
    assert READERS["media"].find("photo", {}, "en") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("he asked me for money", "he asked me for money"),
        (" उसले पैसा माग्यो ", "उसले पैसा माग्यो"),
        ("طلب مني المال", "طلب مني المال"),
    ],
)
def test_three_words_are_a_sentence(text: str, value: str) -> None:
    assert READERS["sentence"].read(text, {}, "en") == value
    assert READERS["sentence"].find(text, {}, "en") is None


@pytest.mark.parametrize("text", ["", "5", "yes", "my code", "1 2 3", "zz qq ...", "12 345 678"])
def test_less_is_none(text: str) -> None:
    assert READERS["sentence"].read(text, {}, "en") is None


# -- properties

PIECES = """3 ٣ ३ 180 1,5 2.000 ½ KD k.d. दिनार دينار mahina महिनामा months لل و Kuwait नेपालबाट lakh مية وخمسين
15 March / 2026 . , + 00965 9999999999999999999999999999999999999999"""
WORDS = st.sampled_from(PIECES.split())
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet=st.characters(categories=("Cs", "Nd", "No", "Cf", "Mn", "Sc", "Lo"))),
    st.lists(WORDS, max_size=8).flatmap(lambda w: st.sampled_from(["", " "]).map(lambda gap: gap.join(w))),
)
ARGS = st.sampled_from([{}, MONTHS, TODAY, {"country": "KW"}, {"country": "??", "today": "x", "unit": "?"}])


@settings(max_examples=300, deadline=None)
@given(TEXTS, ARGS, st.sampled_from(LANGUAGES))
def test_any_text_gives_a_value_or_none(text: str, args: dict[str, str], language: str) -> None:
    for name, reader in READERS.items():
        for value in (reader.read(text, args, language), reader.find(text, args, language)):
            assert value is None or _valid(name, value), (name, value)


def _valid(name: str, value: Any) -> bool:
    json.dumps(value, allow_nan=False)
    match name:
        case "digits":
            return bool(re.fullmatch(r"[0-9]+", value))
        case "hours":
            return set(value) == {"from", "until"} and all(0 <= v <= 1440 for v in value.values())
        case "number":
            return not isinstance(value, bool) and 0 <= value <= 1000 and value * 4 % 1 == 0
        case "amount":
            currency = value["currency"]
            return bool(re.fullmatch(r"\d{1,11}(\.\d+)?", value["value"])) and (
                currency is None or bool(re.fullmatch("[A-Z]{3}", currency))
            )
        case "country":
            return bool(re.fullmatch("[A-Z]{2}", value))
        case "date":
            return 1920 <= date.fromisoformat(value).year <= 2035
        case "phone":
            return bool(re.fullmatch(r"\+\d{7,15}", value))
        case "code":
            return bool(re.fullmatch(r"[0-9]{8,32}", value))
        case "bare":
            return value is True
        case "location":
            return abs(value["lat"]) <= 90 and abs(value["lon"]) <= 180
        case _:
            words = {"text", "sentence", "topic", "need", "kin", "language", "service"}  # a word of theirs may be drawn
            return name in words and isinstance(value, str) and value != ""


def test_a_letter_that_stands_for_eighteen_does_not_make_a_text_longer() -> None:
    assert len(tokens.plain("\ufdfa" * 3000)) == tokens.LONGEST_TEXT
    assert digits.digits_in("7" + " " * 5000) == ""
    assert digits.digits_in("7482 9173") == "74829173"


def test_a_table_that_is_equal_in_two_languages_is_kept_once() -> None:
    nepali, arabic = words("ne"), words("ar")
    assert nepali.countries._meanings is arabic.countries._meanings
    assert nepali.numbers._meanings is not nepali.countries._meanings


@pytest.mark.parametrize("line", ["2", "٨", "२.", " 8 ", "1️⃣"])
def test_a_lone_digit_is_no_words(line: str) -> None:
    assert READERS["text"].read(line, {}, "en") is None


@pytest.mark.parametrize("line", ["block 2", "12", "X", "2845"])
def test_all_else_is_words_as_it_was_written(line: str) -> None:
    assert READERS["text"].read(f" {line} ", {}, "en") == line


@pytest.mark.parametrize(("line", "name"), [("77", None), ("98-12", None), ("Ram", "Ram"), ("राम 2", "राम 2")])
def test_a_name_has_letters(line: str, name: str | None) -> None:
    assert READERS["text"].read(line, {"letters": True}, "en") == name
