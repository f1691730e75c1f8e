"""Days that are said from today, with names of months and weekdays of every language, and Bikram Sambat."""

from __future__ import annotations

import pytest

from bot.content.readers.date import reader

TODAY = "2026-11-25"  # a Wednesday; 9 Mangsir 2083

AHEAD = [
    ("en", "next month", "2026-12-01"),
    ("en", "I leave next month", "2026-12-01"),
    ("en", "in 3 weeks", "2026-12-16"),
    ("en", "3 weeks", "2026-12-16"),
    ("en", "next Friday", "2026-11-27"),
    ("en", "on wednesday", "2026-12-02"),
    ("en", "15 March", "2027-03-15"),
    ("en", "25 poush 2083", "2027-01-09"),
    ("en", "25 poush", "2027-01-09"),
    ("en", "tomorrow", "2026-11-26"),
    ("ne", "25 poush 2083", "2027-01-09"),
    ("ne", "२५ पुष", "2027-01-09"),
    ("ne", "पुस २५ गते", "2027-01-09"),
    ("ne", "ma arko mahina jadai chhu", "2026-12-01"),
    ("ne", "अर्को महिना", "2026-12-01"),
    ("ne", "3 hapta pachi", "2026-12-16"),
    ("ne", "तीन हप्तापछि", "2026-12-16"),
    ("ne", "शुक्रबार", "2026-11-27"),
    ("ne", "aune sombar", "2026-11-30"),
    ("hi", "अगले महीने", "2026-12-01"),
    ("hi", "agle mahine", "2026-12-01"),
    ("hi", "3 हफ्ते बाद", "2026-12-16"),
    ("hi", "15 मार्च", "2027-03-15"),
    ("hi", "5 janvari", "2027-01-05"),
    ("hi", "somvar", "2026-11-30"),
    ("hi", "25 पौष 2083", "2027-01-09"),
    ("ar", "الشهر القادم", "2026-12-01"),
    ("ar", "بعد 3 أسابيع", "2026-12-16"),
    ("ar", "15 مارس", "2027-03-15"),
    ("ar", "15 كانون الثاني", "2027-01-15"),
    ("ar", "٥ آذار", "2027-03-05"),
    ("ar", "الجمعة", "2026-11-27"),
    ("ar", "shahr eljay", "2026-12-01"),
]
PAST = [
    ("en", "last month", "2026-10-01"),
    ("en", "2 months ago", "2026-09-25"),
    ("en", "last friday", "2026-11-20"),
    ("en", "monday", "2026-11-23"),
    ("en", "15 March", "2026-03-15"),
    ("ne", "2 mahina aghi", "2026-09-25"),
    ("ne", "गएको महिना", "2026-10-01"),
    ("ne", "५ असोज", "2026-09-21"),
    ("hi", "2 महीने पहले", "2026-09-25"),
    ("hi", "pichle mahine", "2026-10-01"),
    ("ar", "قبل شهرين", "2026-09-25"),
    ("ar", "الشهر الماضي", "2026-10-01"),
]


@pytest.mark.parametrize(("language", "text", "day"), AHEAD)
def test_a_day_that_is_ahead(language: str, text: str, day: str) -> None:
    assert reader.read(text, {"today": TODAY, "side": "ahead"}, language) == day


@pytest.mark.parametrize(("language", "text", "day"), PAST)
def test_a_day_that_is_past(language: str, text: str, day: str) -> None:
    assert reader.read(text, {"today": TODAY}, language) == day


@pytest.mark.parametrize("text", ["may be", "I do not know", "32 March", "soon", "40 poush 2083", "3 boxes"])
def test_what_is_no_day(text: str) -> None:
    assert reader.read(text, {"today": TODAY, "side": "ahead"}, "en") is None


def test_hindi_months_of_the_moon_are_no_bikram_sambat_without_its_year() -> None:
    assert reader.read("5 माघ", {"today": TODAY}, "hi") is None
    assert reader.read("5 माघ", {"today": TODAY}, "ne") is not None


def test_without_a_today_nothing_is_seen_from_it() -> None:
    assert [reader.read(t, {}, "en") for t in ("next month", "in 3 weeks", "monday", "25 poush")] == [None] * 4
    assert reader.read("25 poush 2083", {}, "en") == "2027-01-09"
