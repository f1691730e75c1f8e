"""The reader of money: amounts as people write them, and whose currency a word is."""

from __future__ import annotations

import pytest

from bot.content import load_readers

READERS = load_readers()


# language, text, value, currency, word as found; None = nothing found
AMOUNTS: list[tuple[str, str, tuple[str, str | None, str] | None]] = [
    ("en", "180 KD", ("180", "KWD", "kd")),
    ("en", "KD 180", ("180", "KWD", "kd")),
    ("en", "180kd", ("180", "KWD", "kd")),
    ("en", "K.D. 180.500", ("180.5", "KWD", "k.d.")),
    ("en", "Rs 20,000", ("20000", None, "rs")),
    ("en", "Rs.20,000/-", ("20000", None, "rs")),
    ("en", "Rs 20.000", ("20000", None, "rs")),
    ("en", "150 riyal", ("150", None, "riyal")),
    ("en", "2 lakh rupees", ("200000", None, "rupees")),
    ("ne", "agent le 3 lakh khayo", ("300000", None, "")),
    ("en", "RM 1,500", ("1500", "MYR", "rm")),
    ("en", "Rp 2.000.000", ("2000000", "IDR", "rp")),
    ("en", "US$ 300", ("300", "USD", "us $")),
    ("en", "50 000 taka", ("50000", "BDT", "taka")),
    ("en", "I am in Kuwait, 200 dinar", ("200", "KWD", "dinar")),
    ("en", "3 months, 180 KD", ("180", "KWD", "kd")),
    ("en", "KD 180, 3 months", ("180", "KWD", "kd")),
    ("en", "3 months", None),
    ("en", "1,500", None),
    ("en", "call 96550123456 kd", None),
    ("ne", "3 mahina 180 KD", ("180", "KWD", "kd")),
    ("ne", "२०० दिनार", ("200", None, "दिनार")),
    ("ne", "२००दिनारको", ("200", None, "दिनार")),
    ("ne", "दुई लाख रुपैयाँ", ("200000", None, "रुपैयाँ")),
    ("ne", "2 lakh 50 hajar rupaiya", ("250000", None, "rupaiya")),
    ("ne", "कुवेतमा ३ महिनाको २०० दिनार", ("200", "KWD", "दिनार")),
    ("ne", "रु. १,२०,०००", ("120000", None, "रु")),
    ("hi", "पचास हजार रुपये", ("50000", None, "रुपये")),
    ("hi", "1500 dirham", ("1500", None, "dirham")),
    ("ar", "٢٠٠ دينار", ("200", None, "دينار")),
    ("ar", "١٬٥٠٠ ريال", ("1500", None, "ريال")),
    ("ar", "200 د.ك", ("200", "KWD", "د.ك")),
    ("ar", "ثلاثة آلاف ريال", ("3000", None, "ريال")),
    ("ar", "مية وخمسين دينار", ("150", None, "دينار")),
    ("ar", "راتبي بالكويت ٢٠٠ دينار", ("200", "KWD", "دينار")),
]


@pytest.mark.parametrize(("language", "text", "found"), AMOUNTS)
def test_amounts(language: str, text: str, found: tuple[str, str | None, str] | None) -> None:
    value = READERS["amount"].find(text, {}, language)
    assert value == (dict(zip(("value", "currency", "word"), found, strict=True)) if found else None)
    if value:
        assert READERS["amount"].read(text, {}, language) == value


@pytest.mark.parametrize(
    ("word", "country", "currency"),
    [
        *(("dinar", "KW", "KWD"), ("dinar", "BH", "BHD"), ("dinar", "JO", "JOD"), ("riyal", "SA", "SAR")),
        *(("riyal", "QA", "QAR"), ("rial", "OM", "OMR"), ("dirham", "AE", "AED"), ("rs", "NP", "NPR")),
        *(("rs", "IN", "INR"), ("lira", "LB", "LBP"), ("$", "SG", "SGD"), ("dinar", "SA", None), ("rs", "KW", None)),
        *(("dinar", "", None), ("dinar", "??", None), ("kd", "SA", "KWD")),
    ],
)
def test_the_country_settles_the_currency(word: str, country: str, currency: str | None) -> None:
    value = READERS["amount"].find(f"150 {word}", {"country": country}, "en")
    assert value == {"value": "150", "currency": currency, "word": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,500", "1500"), ("about 180", "180"), ("two hundred", "200"), ("3 months", None), ("do not", None), ("", None)],
)
def test_an_answer_needs_no_currency(text: str, value: str | None) -> None:
    expected = {"value": value, "currency": None, "word": ""} if value else None
    assert READERS["amount"].read(text, {}, "en") == expected
