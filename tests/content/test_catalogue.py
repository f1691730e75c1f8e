"""A catalogue in memory: what stands in it may be put anew after it was read."""

from __future__ import annotations

from bot.content.catalogue import Catalogue, Entry


def entry(text: str, english: str) -> Entry:
    return Entry(text, english, fuzzy=False, line=1, file="ne.po")


def test_a_language_may_be_put_after_one_was_read() -> None:
    catalogue = Catalogue()
    catalogue.put("ne", {"menu.what": entry("के चाहियो?", "What do you want?")})
    assert catalogue.entry("ne", "menu.what") == entry("के चाहियो?", "What do you want?")
    catalogue.put("hi", {"human.here": entry("ठीक है।", "Okay.")})
    assert catalogue.entry("hi", "human.here") == entry("ठीक है।", "Okay.")
    catalogue.put("ne", {"menu.what": entry("के गरौँ?", "What shall we do?")})
    assert catalogue.entry("ne", "menu.what") == entry("के गरौँ?", "What shall we do?")
