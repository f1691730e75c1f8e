"""One catalogue, lexicon or language for each rule about words: wrong in one place, and the rule says where.

Law: the whole check runs on it, and nothing else may speak.
"""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from bot.check import run
from bot.check.discreet import found
from bot.settings import ROOT
from tests.check.bad_content import CATALOGUE, GOOD, NEPALI, expect, flow, language, places, same, translate, write

A = "flows/a.yml"
ASK = flow(
    "a",
    """
  - ask: b
    say: How are you today?
    sms: How? {options}
    safety: true
    options:
      - {id: well, label: Well, sms: well, synonyms: [good, fine]}
      - {id: ill, label: Ill, synonyms: [sick]}
  - do: look
    action: cases.status
    on: {none: out, else: said}
  - say: said
    text: "It is {reference}."
  - end: out
""",
    "level: system\nbudget: {sms: 2}",
)
WORDS: dict[str, tuple[dict[str, str], tuple[tuple[str, str], ...]]] = {
    "nothing is wrong": ({}, ()),
    "absent": ({"a.said": ""}, (("a.said", "a.said is not translated: It is {reference}."),)),
    "synonyms may be absent": ({"a.b#option.ill.synonyms": ""}, ()),
    "still English": ({"a.b": "How are you today?"}, (("a.b", "a.b is still English"),)),
    "a short word may be the same": ({"a.b#option.ill": "Ill"}, ()),
    "placeholder left out": ({"a.said": "यो हो।"}, (("a.said", "a.said lacks {reference}"),)),
    "placeholder invented": (
        {"a.said": "यो {reference} {at} हो।"},
        (("a.said", "a.said has {at}, which the English has not"),),
    ),
    "options left out": ({"a.b#sms": "कस्तो?"}, (("a.b#sms", "a.b#sms lacks {options}"),)),
    "options in the long text": ({"a.b": "कस्तो? {options}"}, (("a.b", "has {options}, which the English has not"),)),
    "options twice": ({"a.b#sms": "{options} {options}"}, (("a.b#sms", "{options} twice"),)),
    "brace": ({"a.said": "{reference} {मिति}"}, (("a.said", "a brace that is no placeholder"),)),
    "long label": ({"a.b#option.ill": "क" * 21}, (("a.b#option.ill", "ne: the label of ill is longer than 20"),)),
    "long chrome": ({"chrome.list_label": "क" * 21}, (("chrome.list_label", "ne: longer than 20 characters"),)),
    "two of one label": (
        {"a.b#option.well": "ठिक", "a.b#option.ill": "ठिक"},
        (
            ("a.b#option.ill", "ne: well and ill have the same label: ठिक"),
            ("a.b#option.ill", "ne: well and ill can both be written: ठिक"),
        ),
    ),
    "synonym of another option": (
        {"a.b#option.ill.synonyms": "sancho, GOOD"},
        (("a.b#option.ill.synonyms", "can both be written: "),),
    ),
    "short label of another option": (
        {"a.b#option.well.sms": "बिरामी", "a.b#option.ill": "बिरामी"},
        (("a.b#option.ill", "ne: well and ill can both be written: बिरामी"),),
    ),
    "universal word": (
        {"a.b#option.ill.synonyms": "मान्छे"},
        (("a.b#option.ill.synonyms", "ne: ill can be written मान्छे, which everywhere else means human"),),
    ),
    "English universal word": (
        {"a.b#option.ill.synonyms": "stop"},
        (("a.b#option.ill.synonyms", "which everywhere else means stop"),),
    ),
    "two segments": ({"a.said": "क" * 62 + "{reference}"}, (("a.said", "ne: 2 segments (71 units of UCS-2)"),)),
    "one segment": ({"a.said": "क" * 61 + "{reference}"}, ()),
    "two segments with an apology": (
        {"a.b#sms": "क" * 55 + " {options}", "system.retry#sms": "माफ"},
        (("a.b#sms", "ne after system.retry: 2 segments"),),
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_bad_translation_is_refused_at_its_line(name: str, tmp_path: Path) -> None:
    words, wanted = WORDS[name]
    lines = translate(tmp_path, {A: ASK}, words)
    same(tmp_path, tuple((lines[context], part) for context, part in wanted))


def test_changed_english_keeps_the_translation_and_fails_where_it_is_about_safety(tmp_path: Path) -> None:
    from bot.check.extract import write_pot

    translate(tmp_path, {A: ASK}, {"a.b": "कस्तो छ?"})
    changed = ASK.replace("How are you today?", "How are you now?").replace("It is {", "That is {")
    write(tmp_path, {**NEPALI, A: changed})
    lines = places(tmp_path)
    stale = [(lines[c], f"the English of {c} has changed") for c in ("a.b", "a.said")]
    same(tmp_path, ((lines["a.b"], "is about safety"), *stale))
    write_pot(tmp_path)
    lines = places(tmp_path)
    same(tmp_path, ((lines["a.b"], "a.b is about safety and its translation is doubtful"),))
    entry = next(e for e in polib.pofile(str(tmp_path / CATALOGUE)) if e.msgctxt == "a.b")
    assert (entry.msgstr, entry.fuzzy, entry.previous_msgid) == ("कस्तो छ?", True, "How are you today?")


def test_a_text_that_no_flow_has(tmp_path: Path) -> None:
    lines = translate(tmp_path, {A: ASK}, {})
    write(tmp_path, {**NEPALI, A: ASK.replace("say: said\n", "say: told\n").replace("else: said", "else: told")})
    same(
        tmp_path,
        ((lines["a.said"], "nothing has a.said any more"), (f"{CATALOGUE}:1", "a.told is not in the catalogue")),
    )


def test_a_language_without_a_catalogue_and_a_catalogue_without_a_language(tmp_path: Path) -> None:
    expect(tmp_path, NEPALI, (f"{CATALOGUE}:1", "there is no catalogue"))
    translate(tmp_path, {}, {})
    (tmp_path / "locales/ne/language.yml").unlink()
    same(tmp_path, (("locales/ne/language.yml:1", "ne has a catalogue"),))


def test_a_catalogue_that_cannot_be_read(tmp_path: Path) -> None:
    translate(tmp_path, {}, {})
    path = tmp_path / CATALOGUE
    path.write_text(path.read_text("utf-8").replace('msgid "Choose"', 'msgid "Cho"ose"'), "utf-8")
    line = path.read_text("utf-8").splitlines().index('msgid "Cho"ose"') + 1
    same(tmp_path, ((f"{CATALOGUE}:{line}", "this is no gettext catalogue"),))


def test_a_word_of_the_carriers_and_a_word_of_two_commands(tmp_path: Path) -> None:
    wrong = {
        "locales/en/language.yml": language(
            "English", "English", "menu back help language status quit delete complain stop menu"
        )
    }
    expect(
        tmp_path,
        wrong,
        ("locales/en/language.yml:1", "quit belongs to the carriers"),
        ("locales/en/language.yml:1", "menu is start here and menu in en"),
    )


def test_a_sentence_that_means_stop_may_be_an_answer_and_the_word_may_not(tmp_path: Path) -> None:
    english = language("English", "English", "menu back help language status clear delete complain stop start").replace(
        "stop: [stop]", "stop: [stop, do not write]"
    )
    assert "do not write" in english
    step = "  - ask: b\n    say: May we?\n    options:\n      - {id: one, label: One, synonyms: [%s]}\n  - end"
    files = {"locales/en/language.yml": english, A: flow("a", step % "do not write")}
    expect(tmp_path, files)
    expect(tmp_path / "again", files | {A: flow("a", step % "stop")}, (f"{A}:4", "one can be written stop"))


# --- danger

DANGER = """
  - do: alarm
    action: cases.raise_alarm
    with: {kind: report_violence}
    on: {raised: b}
  - ask: b
    say: "%s"
    sms: "%s"
    options: [{id: one, label: "%s"}]
  - end
"""


def danger(text: str = "Okay", sms: str = "Okay", label: str = "One") -> dict[str, str]:
    """A flow of danger with these words; the question stands at line 8."""
    return {A: flow("a", DANGER % (text, sms, label), "level: danger")}


@pytest.mark.parametrize(
    ("files", "part"),
    [
        (danger(text="We call the POLICE."), 'a.b tells what this is about: say it without "police"'),
        (danger(sms="This is a help-line"), 'a.b#sms tells what this is about: say it without "help line"'),
        (danger(label="Policeman"), 'a.b#option.one tells what this is about: say it without "police"'),
        (danger(sms="Are you in danger?"), 'shows "danger" on a locked screen'),
    ],
)
def test_telling_words_in_danger(files: dict[str, str], part: str, tmp_path: Path) -> None:
    expect(tmp_path, files, (f"{A}:8", part))


def test_some_words_only_tell_at_the_start_and_ordinary_flows_may_use_all(tmp_path: Path) -> None:
    expect(tmp_path, danger(text="In danger?", sms="x" * 35 + " then danger"))
    said = "It may be about this or about something else: the police, the help line"
    expect(tmp_path, {A: flow("a", f"  - say: b\n    text: '{said}'\n    sensitivity: private")})


# --- what a watched screen shows

LISTED = "en: {never: [police, help line], start: [danger]}\nne: {never: [पुलिस], start: []}\n"
ASKED = """
  - ask: b
    say: "%s"
    always: true
    options: [{id: one, label: "%s"}]
  - say: c
    text: Somebody else reads it, no one of us and no police
    sensitivity: private
  - end
"""


def problems_of(root: Path, files: dict[str, str]) -> list[str]:
    """All that is said of them."""
    return [str(p) for p in run(write(root, files))]


def asked(text: str = "Is it good?", label: str = "One", head: str = "level: system") -> dict[str, str]:
    """An ordinary flow; the question stands at line 4."""
    return {A: flow("a", ASKED % (text, label), head)}


@pytest.mark.parametrize(
    ("files", "part"),
    [
        (asked(text="It is about the police"), 'say it without "police", or give it a sensitivity'),
        (asked(label="Help-line"), 'a.b shows "help line" on a button'),
        ({A: flow("a", "  - say: b\n    text: The police came\n    sensitivity: private")}, 'begins with "police"'),
    ],
)
def test_an_ordinary_text_that_tells_something_says_so(files: dict[str, str], part: str, tmp_path: Path) -> None:
    problems = problems_of(tmp_path, files)
    assert [p for p in problems if part in p]
    assert all(p.startswith(f"{A}:4") for p in problems), problems


def test_what_reaches_somebody_who_did_not_write_tells_nothing(tmp_path: Path) -> None:
    """Up to its first question; what is said after it answers her."""
    unasked = {"knowledge/discreet.yml": LISTED + "unasked: [a]\n"}
    expect(tmp_path, asked() | unasked)
    files = asked(text="Are you in danger now?") | unasked
    expect(tmp_path / "again", files, (f"{A}:4", 'a.b shows "danger" on a locked screen'))
    secret = {
        A: flow(
            "a",
            "  - say: b\n    text: Hello. It is about what you wrote to us on Monday, the police\n"
            "    sensitivity: secret",
        )
    }
    expect(tmp_path / "more", secret | unasked, (f"{A}:4", 'say it without "police"'))


def test_an_exception_names_a_text_that_needs_it(tmp_path: Path) -> None:
    files = asked(text="It is about the police") | {"knowledge/discreet.yml": LISTED + "allowed: {a.b: she asked}\n"}
    expect(tmp_path, files)
    files = asked() | {"knowledge/discreet.yml": LISTED + "allowed: {a.b: she asked}\nunasked: [gone]\n"}
    expect(
        tmp_path / "again",
        files,
        ("knowledge/discreet.yml:1", "needs it no longer"),
        ("knowledge/discreet.yml:1", "gone"),
    )


def test_telling_words_in_a_translation(tmp_path: Path) -> None:
    lines = translate(tmp_path, danger(), {"a.b": "प्रहरी होइन, पुलिसको।", "a.b#option.one": "कोपुलिस"})
    same(tmp_path, ((lines["a.b"], "पुलिस"), (lines["a.b#option.one"], "पुलिस")))


def test_the_list_of_telling_words_must_be_there(tmp_path: Path) -> None:
    root = write(tmp_path, danger())
    (root / "knowledge/discreet.yml").write_text("ne: {never: [पुलिस]}\n", "utf-8")
    same(root, (("knowledge/discreet.yml:1", "list the telling words of en"),))
    (root / "knowledge/discreet.yml").unlink()
    same(root, (("knowledge/discreet.yml:1", "must stand here"),))
    assert "knowledge/discreet.yml" in GOOD


def test_the_real_list_finds_the_words_of_every_language() -> None:
    from bot.check.discreet import lexicon_of
    from bot.content.source import read

    words = read(ROOT / "knowledge" / "discreet.yml", ROOT)
    lines = {
        "en": ["your case", "Passports", "the Helpline", "help line", "unpaid", "He beats"],
        "ne": ["प्रहरीलाई", "तपाईंको केस", "पासपोर्टको", "ujuri garne", "dutabas", "तलबको कुरा"],
        "hi": ["पुलिस को", "शिकायतें", "दूतावास में", "vakil se", "balatkar", "तनख़्वाह"],
        "ar": ["الشرطة", "وبالسفارة", "للمحامي", "جوازك", "al shorta", "راتبي"],
    }
    for code, told in lines.items():
        lexicon = lexicon_of(words, code)
        for text in told:
            assert list(found(text, lexicon.never, lexicon.prefixes)), f"{code}: {text}"
    harmless = {"en": "Okay, we got this. Can you write?", "ne": "सकेसम्म लेख्नुहोस्", "ar": "حسناً، هل تستطيع الكتابة؟"}
    for code, text in harmless.items():
        lexicon = lexicon_of(words, code)
        assert not list(found(text, (*lexicon.never, *lexicon.start), lexicon.prefixes)), f"{code}: {text}"
