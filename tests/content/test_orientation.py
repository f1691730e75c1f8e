"""The course as data: what a chat can show of it in every language, and where each lesson comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels.limits import LIMITS, units
from bot.content import Content
from bot.content.languages import FALLBACK

TRACKS = ("pre_departure", "post_arrival", "pre_return")
LESSON, LABEL = 300, LIMITS["whatsapp"].list_label


def modules(content: Content) -> Iterator[tuple[str, str, Any]]:
    for track in TRACKS:
        for name, module in content.knowledge.get("orientation")[track]["modules"].items():
            yield track, name, module


def test_there_are_three_tracks_of_six_modules_of_four_questions(content: Content) -> None:
    found = [(track, name, len(module["quiz"])) for track, name, module in modules(content)]
    assert [sum(track == t for t, _, _ in found) for track in TRACKS] == [6, 6, 6]
    assert {count for _, _, count in found} == {4}
    names = [name for _, name, _ in found]
    assert len(set(names)) == 18
    assert all(name.isalpha() and len(name) <= 12 for name in names)
    assert {content.knowledge.get("orientation")[track]["pass_mark"] for track in TRACKS} == {3}


def test_every_question_has_three_answers_and_one_of_them_is_right(content: Content) -> None:
    rights = []
    for _, name, module in modules(content):
        for question in module["quiz"].values():
            assert list(question["answers"]) == ["a", "b", "c"], name
            assert question["right"] in question["answers"]
            rights.append(question["right"])
    assert all(rights.count(letter) >= 20 for letter in "abc")  # always tapping the same one does not pass


def test_what_is_tapped_and_what_is_read_fits_in_every_language(content: Content) -> None:
    facts = {i: f.english for i, f in content.knowledge.texts.items() if i.startswith("orientation.")}
    assert len(facts) == 457
    wrong = []
    for language in content.languages:
        for text_id, english in facts.items():
            if language != FALLBACK:
                assert content.catalogue.entry(language, text_id) is not None, (language, text_id)
            words = content.catalogue.text(language, text_id, english)
            kind = text_id.rpartition(".")[2]
            most = LABEL if kind in {"a", "b", "c", "title"} else LESSON
            if units(words) > most:
                wrong.append((language, text_id, units(words)))
    assert wrong == []


def test_the_three_answers_differ_in_every_language(content: Content) -> None:
    for language in content.languages:
        for track, name, module in modules(content):
            for key, question in module["quiz"].items():
                ids = [f"orientation.{track}.{name}.{key}.{a}" for a in "abc"]
                shown = {content.catalogue.text(language, i, question["answers"][i[-1]]) for i in ids}
                assert len(shown) == 3, (language, ids[0])


def test_every_module_says_where_it_comes_from_and_how_sure_it_is(content: Content) -> None:
    sources = content.knowledge.get("sources")
    for _, name, module in modules(content):
        assert module["source"], name
        assert set(module["source"]) <= set(sources), name
        assert module["confidence"] in {"high", "medium", "low"}, name
        assert "checked_on" in module


def test_leaflets_are_made_of_texts_that_exist(content: Content) -> None:
    sources, rights = content.knowledge.get("sources"), content.knowledge.get("rights")
    topics = content.knowledge.get("topics")["topics"]
    for name, leaflet in content.knowledge.get("materials")["leaflets"].items():
        for text_id in leaflet["text"]:
            assert text_id in content.knowledge.texts, (name, text_id)
        for country in leaflet["countries"]:
            assert rights[country]["topics"][leaflet["rights"]]["say"], (name, country)
        kind, topic, key = leaflet["title"].split(".")[:3] if leaflet["rights"] else ("", "", "")
        assert not kind or (kind == "topics" and topics[topic][key]), name
        assert set(leaflet["source"]) <= set(sources), name
        assert all(leaflet[key] for key in ("date", "confidence")), name
        assert [leaflet["picture"], leaflet["audio"]] == [None, None]  # a file that is named must exist


@pytest.mark.parametrize("language", ["ne", "hi", "ar"])
def test_a_translation_keeps_the_numbers(content: Content, language: str) -> None:
    """500, 2025, 20 minutes: digits of the English stand in every translation."""
    for text_id, fact in content.knowledge.texts.items():
        if text_id.startswith("orientation."):
            words = content.catalogue.text(language, text_id, fact.english)
            digits = {n.strip(".,") for n in fact.english.replace(",", "").split() if n.strip(".,").isdigit()}
            assert all(n in words.replace(",", "") for n in digits), (text_id, digits)
