"""CLDR says what is asked of it, and holds no more of our languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from babel import UnknownLocaleError, localedata
from babel.dates import format_timedelta
from babel.numbers import format_currency

from bot.content.cldr import locale, locales
from bot.content.languages import load_languages
from bot.settings import ROOT


@pytest.mark.parametrize("language", load_languages(ROOT))
def test_times_countries_and_amounts_are_said(language: str) -> None:
    found = locale(language)
    told = format_timedelta(timedelta(hours=3), granularity="minute", threshold=1.5, format="short", locale=found)
    assert told.replace("3", "").strip()
    assert "{0}" not in told
    assert found.territories["KW"]
    assert found.languages["ne"]
    assert "KWD" in format_currency(1.5, "KWD", format="#,##0.### ¤¤", locale=found)
    data = localedata.load(language)
    assert not {"time_zones", "meta_zones", "unit_display_names", "compact_decimal_formats"} & data.keys()
    assert all(unit.startswith("duration-") for unit in data["unit_patterns"])


def test_a_country_names_its_months_and_its_language_keeps_its_own() -> None:
    for code, november in (("ar", "نوفمبر"), ("ar_IQ", "تشرين الثاني"), ("ar_MA", "نونبر")):
        assert locale(code).months["format"]["wide"][11] == november
    assert locale("ar").months["format"]["abbreviated"][11] == "نوفمبر"


def test_a_language_without_data_is_passed_over() -> None:
    assert [str(found) for found in locales(["ne", "xx", "not a code", "ar"])] == ["ne", "ar"]
    with pytest.raises(UnknownLocaleError):
        locale("xx")
