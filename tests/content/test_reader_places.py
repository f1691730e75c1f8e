"""Readers of where: countries, phones, places on a map."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.content import load_readers

READERS = load_readers()


COUNTRIES: list[tuple[str, str, str | None, str | None]] = [
    ("en", "Kuwait", "KW", "KW"),
    ("en", "i am in dubai now", "AE", "AE"),
    ("en", "Abu Dhabi", "AE", "AE"),
    ("en", "KW", None, "KW"),
    ("en", "kw", None, None),
    ("en", "NO", None, None),
    ("en", "uk", None, "GB"),
    ("en", "help us", None, None),
    ("en", "a woman from Romania", None, None),
    ("en", "every woman", None, None),
    ("en", "I am from Nepal working in Kuwait", "KW", "KW"),
    ("en", "I want to go to Nepal", None, None),
    ("en", "Kuwait or Qatar", None, None),
    ("en", "Mali", None, "ML"),
    ("en", "Germany", "DE", "DE"),
    ("ne", "कुवेत", "KW", "KW"),
    ("ne", "म कुवेतमा छु", "KW", "KW"),
    ("ne", "kuwaitma chu", "KW", "KW"),
    ("ne", "dubai ma chu", "AE", "AE"),
    ("ne", "नेपालबाट कतार आएको", "QA", "QA"),
    ("ne", "nepal farkina man cha", None, None),
    ("ne", "nepal", None, "NP"),
    ("ne", "साउदी अरब", "SA", "SA"),
    ("ne", "माली", None, "ML"),
    ("hi", "मैं कुवैत में हूँ", "KW", "KW"),
    ("hi", "main saudi me hun", "SA", "SA"),
    ("hi", "india wapas jana hai", None, None),
    ("ar", "بالكويت", "KW", "KW"),
    ("ar", "أنا في السعودية", "SA", "SA"),
    ("ar", "من نيبال والآن في قطر", "QA", "QA"),
    ("ar", "دبي", "AE", "AE"),
]


@pytest.mark.parametrize(("language", "text", "find", "read"), COUNTRIES)
def test_countries(language: str, text: str, find: str | None, read: str | None) -> None:
    assert READERS["country"].find(text, {}, language) == find
    assert READERS["country"].read(text, {}, language) == read


@pytest.mark.parametrize(
    ("text", "country", "find", "read"),
    [
        ("+965 5012 3456", "", "+96550123456", "+96550123456"),
        ("call me 0096550123456 please", "", "+96550123456", "+96550123456"),
        ("५०१२३४५६", "KW", "+96550123456", "+96550123456"),
        ("50123456", "", None, None),
        ("9779841234567", "", None, "+9779841234567"),
        ("3 months 180 KD", "KW", None, None),
    ],
)
def test_phones(text: str, country: str, find: str | None, read: str | None) -> None:
    assert READERS["phone"].find(text, {"country": country}, "en") == find
    assert READERS["phone"].read(text, {"country": country}, "en") == read


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("29.33,48.07", {"lat": 29.33, "lon": 48.07}),
        ("https://maps.google.com/?q=29.33,-48.07", {"lat": 29.33, "lon": -48.07}),
        ("https://maps.google.com/maps/@29.3312,48.0712,17z", {"lat": 29.3312, "lon": 48.0712}),
        ("२९.३३, ४८.०७", {"lat": 29.33, "lon": 48.07}),
        ("99.33,48.07", None),
        ("180 KD, 3 months", None),
    ],
)
def test_places(text: str, place: Mapping[str, float] | None) -> None:
    assert READERS["location"].read(text, {}, "en") == place
    assert READERS["location"].find(text, {}, "en") == place
