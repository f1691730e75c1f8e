"""Languages and catalogues: whose words are found, what is accepted, and what is refused at start."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content import Content, ContentError, load
from bot.content.languages import COMMANDS, as_choices, load_languages
from bot.engine.flow import Ask, Choice
from tests.content.small_content import AR_PO, ENGLISH, FILES, HEAD, NEPALI, entry, write
from tests.fakes import once


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return load(write(tmp_path))


def _option(content: Content, step: str, option: str) -> Choice:
    flow, _, step_id = step.partition(".")
    ask = content.flows.by_name[flow].steps[content.flows.by_name[flow].index(step_id) or 0]
    assert isinstance(ask, Ask)
    return next(c for c in (*ask.choices, ask.skip) if c and c.id == option)


def test_english_is_first_and_the_rest_in_order(content: Content) -> None:
    assert list(content.languages) == ["en", "ar", "ne"]
    assert content.languages["ar"].direction == "rtl"
    assert (content.languages["ne"].reviewer, content.languages["en"].reviewer) == ("Somebody", None)


def test_languages_are_options_with_their_native_names(content: Content) -> None:
    assert [(c.id, c.label, c.synonyms) for c in as_choices(content.languages)] == [
        ("en", "English", ("English", "inglish")),
        ("ar", "العربية", ("Arabic", "arabi")),
        ("ne", "नेपाली", ("Nepali", "nepali")),
    ]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("help", "human"),
        (" HELP!! ", "human"),
        ("०", "human"),
        ("0.", "human"),
        ("#", "language"),
        ("मान्छे", "human"),
        ("Manche", "human"),
        ("إنسان", "human"),
        ("انسان", "human"),
        ("मेनु", "menu"),
        ("STOP", "stop"),
        ("रोक", "stop"),
        ("stop it", None),
        ("please help me", None),
        ("80", None),
        ("", None),
        ("   ", None),
        ("?", None),
    ],
)
def test_a_universal_word_is_the_whole_message_in_any_language(
    content: Content, text: str, command: str | None
) -> None:
    assert [content.words(code).universal(text) for code in content.languages] == [command] * 3


def test_a_command_is_only_obeyed_where_its_flow_exists(content: Content) -> None:
    assert content.rules.universal == {"menu": "menu", "stop": "stop"}


def test_labels_of_a_language(content: Content) -> None:
    home = _option(content, "wages.work", "home")
    nepali = content.words("ne").label("wages.work", home)
    assert nepali.shown == "घरमा"
    assert set(nepali.accepted) == {"घरमा", "घर", "ghar", "घरेलु"}
    arabic = content.words("ar").label("wages.work", home)
    assert (arabic.shown, arabic.accepted) == ("In a house", ("In a house",))


def test_a_language_as_an_option_keeps_its_name(content: Content) -> None:
    label = content.words("ar").label("wages.language", _option(content, "wages.language", "ne"))
    assert (label.shown, label.accepted) == ("नेपाली", ("Nepali", "nepali"))


def test_an_old_translation_stays_in_use(content: Content) -> None:
    assert content.catalogue.text("ne", "wages.work", "What kind of work?") == "के काम?"
    found = content.catalogue.entry("ne", "wages.work")
    assert found is not None
    assert (found.fuzzy, found.english, found.line) == (True, "What work do you do?", 4)


def test_what_is_empty_or_absent_is_english(content: Content) -> None:
    assert content.catalogue.entry("ne", "wages.pay") is None
    assert content.catalogue.text("ne", "wages.pay", "How much?") == "How much?"
    assert content.catalogue.text("xx", "wages.work", "What kind of work?") == "What kind of work?"


def test_chrome_by_id(content: Content) -> None:
    assert content.chrome("ne") == {"list_label": "Choose", "more": "अरू"}
    assert content.chrome("xx") == {"list_label": "Choose", "more": "More"}


def test_facts_by_the_name_of_their_file(content: Content) -> None:
    assert content.knowledge.get("duty") == {"timezone": "Asia/Kathmandu", "answer_minutes": {"critical": 15}}
    with pytest.raises(KeyError):
        content.knowledge.get("gone")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"locales/ne/language.yml": NEPALI.replace("direction: ltr", "direction: up")}, "ne/language.yml:3: "),
        ({"locales/ne/language.yml": NEPALI.replace("also: [nepali]", "also: nepali")}, "ne/language.yml:4: "),
        ({"locales/ne/language.yml": NEPALI.replace("menu: [मेनु]", "menue: [मेनु]")}, "ne/language.yml:6: "),
        ({"locales/ne/language.yml": NEPALI.replace("name: नेपाली\n", "")}, "ne/language.yml:1: `name:` is missing"),
        ({"locales/qqq/language.yml": NEPALI}, "locales/qqq/language.yml:1: the folder qqq is no language"),
        ({"locales/ne/LC_MESSAGES/messages.po": HEAD + "what is this\n"}, "messages.po:3: this is no gettext"),
        ({"locales/ar/LC_MESSAGES/messages.po": AR_PO + entry("wages.done", "x", "y")}, "wages.done stands here twice"),
        ({"knowledge/duty.yml": "a: [1"}, "knowledge/duty.yml:1: this is not YAML"),
    ],
)
def test_content_that_cannot_be_used_says_where(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    with pytest.raises(ContentError) as caught:
        load(write(tmp_path, changed))
    assert said in str(caught.value)


def test_a_catalogue_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "locales/ne/LC_MESSAGES/messages.po").write_bytes(HEAD.encode() + b'msgctxt "a"\nmsgid "\xff"\n')
    with pytest.raises(ContentError, match=r"ne/LC_MESSAGES/messages\.po:1: this is no gettext"):
        load(tmp_path)


def test_without_english_there_is_no_start(tmp_path: Path) -> None:
    path = tmp_path / "locales" / "ne" / "language.yml"
    path.parent.mkdir(parents=True)
    path.write_text(NEPALI, "utf-8")
    with pytest.raises(ContentError, match=r"locales/en/language\.yml:1: English must be there"):
        load_languages(tmp_path)


def test_every_command_is_a_key_of_the_files_here() -> None:
    assert all(f"{command}:" in ENGLISH for command in COMMANDS)
    assert len(FILES) == 12


def test_pages_by_id_with_values() -> None:
    content = once.written()
    assert content.page("ne", {"score": 88})["certificate_points"] == "100 मा 88"
    assert content.page("ar", {"score": 88})["certificate_points"] == "\u206888\u2069 من 100"
    assert content.page("xx", {})["certificate_title"] == "Certificate"
    assert content.said("hi", {"text": "orientation.pre_return.title"}) == "घर लौटने से पहले"
