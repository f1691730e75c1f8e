"""Words for people inside facts: their ids, their catalogues, and how a slot says them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.content import Content, ContentError, load
from bot.content.wording import ISOLATE, POP
from bot.engine.events import Asked, Said
from bot.engine.flow import Choice
from tests.content.small_content import HEAD, entry, write

RIGHTS = """\
words: [say]
country: KW
topics:
  wages: {say: Your pay comes every month., law: Law 6, source: [one]}
  passport: {say: Your passport is yours., law: Law 7}
"""
FLOW = """\
flow: rights
steps:
  - ask: topic
    say: Which one?
    options: $topics
    skip: {label: None of them}
  - say: told
    text: "{statement} ({country})"
"""
FILES = {
    "knowledge/rights/KW.yml": RIGHTS,
    "knowledge/needs.yml": "words: [label]\nneeds: [{id: bed, label: A bed}]\n",
    "flows/rights.yml": FLOW,
    "locales/ne/LC_MESSAGES/rights.po": HEAD
    + entry("rights.KW.wages.say", "Your pay comes every month.", "तलब हरेक महिना।"),
    "locales/ar/LC_MESSAGES/rights.po": HEAD
    + entry("rights.KW.wages.say", "Your pay comes every month.", "الأجر كل شهر."),
}
WAGES: dict[str, Any] = {"text": "rights.KW.wages.say"}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return load(write(tmp_path_factory.mktemp("facts"), FILES))


def test_a_folder_is_one_fact_file_and_only_declared_keys_hold_words(content: Content) -> None:
    assert content.knowledge.get("rights")["KW"]["topics"]["wages"]["law"] == "Law 6"
    texts = {t.id: (t.english, t.source) for t in content.knowledge.texts.values()}
    assert texts == {
        "rights.KW.wages.say": ("Your pay comes every month.", "knowledge/rights/KW.yml:4"),
        "rights.KW.passport.say": ("Your passport is yours.", "knowledge/rights/KW.yml:5"),
        "needs.bed.label": ("A bed", "knowledge/needs.yml:2"),
    }


def said(content: Content, value: Any, language: str, **more: Any) -> str:
    return content.reply(Said("rights.told", {"statement": value, **more}), language).text


def test_a_slot_says_a_fact_in_the_persons_language(content: Content) -> None:
    assert said(content, WAGES, "en", country={"country": "KW"}) == "Your pay comes every month. (Kuwait)"
    assert said(content, WAGES, "ne", country={"country": "KW"}) == "तलब हरेक महिना। (कुवेत)"
    assert said(content, {"text": "rights.KW.passport.say"}, "ne") == "Your passport is yours. ()"  # not translated yet
    assert said(content, {"text": "rights.XX.wages.say"}, "en") == "()"


@pytest.mark.parametrize(
    ("value", "english"),
    [
        ({"row": [WAGES, "112", None]}, "Your pay comes every month. 112"),
        (
            {"list": [{"row": [WAGES, 5]}, {"month": "2026-11"}, {"day": "2026-11-05"}, {"text": "none"}]},
            "Your pay comes every month. 5\nNovember 2026\nNovember 5, 2026",
        ),
        ({"country": "XX"}, "XX"),
        ({"unheard": "of"}, ""),
        ({"list": []}, ""),
    ],
)
def test_values_are_composed(content: Content, value: Any, english: str) -> None:
    assert said(content, value, "en").removesuffix("()").strip() == english


def test_in_arabic_what_is_written_from_left_to_right_is_kept_apart_piece_by_piece(content: Content) -> None:
    text = said(content, {"list": [{"row": [WAGES, "2493 7600"]}, "112"]}, "ar")
    assert text.removesuffix("()").strip() == f"الأجر كل شهر. {ISOLATE}2493 7600{POP}\n{ISOLATE}112{POP}"


def test_offered_options_are_said_in_the_persons_language_and_taken_in_english_too(content: Content) -> None:
    offered = (Choice("w1", "", value=WAGES), Choice("p1", "", value={"country": "KW"}))
    asked = Asked("rights.topic", "rights.topic", "v", ("w1", "p1", "skip"), {}, "", offered)
    reply = content.reply(asked, "ne")
    assert [(o.id, o.label) for o in reply.options] == [
        ("w1", "तलब हरेक महिना।"),
        ("p1", "कुवेत"),
        ("skip", "None of them"),
    ]
    assert reply.numbered
    label = content.words("ne").label("rights.topic", offered[0])
    assert (label.shown, label.accepted) == ("तलब हरेक महिना।", ("तलब हरेक महिना।", "Your pay comes every month."))


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {"knowledge/rights/KW.yml": RIGHTS.replace("[say]", "say")},
            "knowledge/rights/KW.yml:1: `words:` must be a list",
        ),
        (
            {"knowledge/rights/KW.yml": RIGHTS.replace("say: Your passport is yours.", "say: [a]")},
            "knowledge/rights/KW.yml:5",
        ),
        (
            {"knowledge/needs.yml": "words: [label]\nneeds: [{id: bed, label: A}, {id: bed, label: B}]\n"},
            "needs.bed.label",
        ),
        ({"locales/ne/LC_MESSAGES/more.po": HEAD + entry("wages.work", "x", "y")}, "wages.work stands in"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    with pytest.raises(ContentError) as error:
        load(write(tmp_path, {**FILES, **files}))
    assert problem in str(error.value)
