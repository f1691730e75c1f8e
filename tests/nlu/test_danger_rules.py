"""What a rule means (near, any, unless, negation, tiers) and what a bad rule says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import kept as kept_room
from bot.nlu import concepts as concepts_room
from bot.nlu.concepts import read_lexicon, read_text
from bot.nlu.danger import DangerFloor
from bot.nlu.data import DataError

CONCEPTS = """
NOT: ["not", "no one", "nobody"]
ME: ["me", "i", "my sister"]
LOCKED: ["lock*", "shut in", "closed/bolt* my/our door"]
PHONE: ["phone"]
LET: ["let"]
OUT: ["out"]
SICK: ["sick"]
DOCTOR: ["doctor*"]
"""
RULES = """
rules:
  - {id: sick, kind: report_medical, tier: ask, all: [SICK]}
  - {id: locked_in, kind: report_confinement, tier: page, all: [LOCKED], any: [ME], near: 4,
     unless: [[PHONE, LOCKED]], negation: blocks}
  - {id: not_out, kind: report_confinement, tier: page, all: [LET, OUT], near: 3, negation: needs}
  - {id: no_doctor, kind: report_medical, tier: page, all: [SICK, DOCTOR, "no help"]}
"""
NEPALI = 'NOT: ["chaina"]\nME: ["malai"]\nLOCKED: ["थुन*", "banda gar*", "lock*"]\n'
EXCUSES = """
negation: before
over: ["is", "been"]
breaks: ["and"]
unless:
  locked_in: [["toilet", LOCKED], [LOCKED, "whatsapp"]]
"""
NEPALI_EXCUSES = 'negation: after\nbreaks: ["ra"]\nunless:\n  locked_in: [["pasal", LOCKED]]\n'


def write(folder: Path, rules: str = RULES, concepts: str = CONCEPTS, excuses: str = EXCUSES) -> Path:
    (folder / "en").mkdir(exist_ok=True)
    (folder / "ne").mkdir(exist_ok=True)
    (folder / "en" / "concepts.yml").write_text(concepts, "utf-8")
    (folder / "ne" / "concepts.yml").write_text(NEPALI, "utf-8")
    (folder / "en" / "excuses.yml").write_text(excuses, "utf-8")
    (folder / "ne" / "excuses.yml").write_text(NEPALI_EXCUSES, "utf-8")
    (folder / "danger.yml").write_text(rules, "utf-8")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DangerFloor:
    return DangerFloor.load(write(tmp_path_factory.mktemp("floor")))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("they locked me", "locked_in"),
        ("LOCKED! me", "locked_in"),
        ("my sister is shut in", "locked_in"),
        ("bolted our door, i", "locked_in"),  # any of the words
        ("closed your door, i", None),
        ("locked", None),  # nobody is named
        ("locked the big front door then called me", None),  # too far
        ("my phone is locked by me", None),  # excused
        ("took my phone and locked me", "locked_in"),  # `and` ends the clause, nothing is excused
        ("phone locked. they locked me too", "locked_in"),  # one place is excused, the other is not
        ("not locked, i am home", None),
        ("no one is locked, i think", None),  # `is` may lie between
        ("no food locked i", "locked_in"),  # `food` may not
        ("not paid and locked me", "locked_in"),
        ("they do not. locked me", "locked_in"),  # a refusal ends with its clause
        ("banda garyo malai", "locked_in"),
        ("malai banda gareko chaina", None),  # a Nepali NOT stands after
        ("chaina malai banda gareko", "locked_in"),
        ("malai थुनेर राख्यो", "locked_in"),
        ("they let us out", None),
        ("they do not let us out", "not_out"),
        ("i am sick", "sick"),
        ("sick, no help of a doctor", "no_doctor"),  # page before ask, whatever stands first in the file
        ("sick and locked me", "locked_in"),
        ("pasal banda garyo malai", None),  # excused in Nepali
        ("pasal ra banda garyo malai", "locked_in"),  # `ra` ends a clause there
        ("pasal shut in me", "locked_in"),  # a Nepali excuse covers no English word
        ("pasal locked me", "locked_in"),  # nor the English reading of a word of both
        ("toilet banda garyo malai", "locked_in"),  # nor the other way round
        ("toilet shut in me", None),
        ("toilet and shut in me", "locked_in"),
        ("shut in my whatsapp me", None),
        ("whatsapp shut in me", "locked_in"),  # the other order excuses nothing
        ("banda garyo not malai", "locked_in"),  # an English refusal stands before
        ("not banda garyo malai", None),  # and is mixed into every language
        ("shut in chaina me", "locked_in"),  # a Nepali one refuses Nepali words only
        ("padlocked me", None),  # a stem begins at the beginning of a word
    ],
)
def test_rules(small: DangerFloor, line: str, rule: str | None) -> None:
    danger = small.find(line)
    assert (danger.rule if danger else None) == rule


def test_a_refused_danger_is_taken_back(small: DangerFloor) -> None:
    assert small.judge("not locked, i am home").denied == {"report_confinement"}
    assert small.judge("my phone is locked").denied == {"report_confinement"}
    assert small.judge("hello").denied == frozenset()
    assert small.judge("locked").denied == frozenset()


BAD_RULES = [
    ("rules:\n  - {id: a, kind: report_medical, tier: page}\n", 2, "needs all"),
    ("rules:\n  - {id: a, kind: nonsense, tier: page, all: [SICK]}\n", 2, "kind is one of"),
    ("rules:\n  - {id: a, kind: report_medical, tier: loud, all: [SICK]}\n", 2, "tier is one of"),
    ("rules:\n\n  - {id: a, kind: report_medical, tier: page, all: [SICKK]}\n", 3, "SICKK"),
    ("rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], near: x}\n", 2, "near"),
    ("rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], colour: x}\n", 2, "colour"),
    ("rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], unless: [[SICK]]}\n", 2, "pairs"),
    ("rules:\n" + "  - {id: a, kind: report_medical, tier: page, all: [SICK]}\n" * 2, 3, "two rules"),
    (
        "rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], unless: [[SICK, leave]]}\n",
        2,
        "excuses.yml: leave",
    ),
    (
        "rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], unless: [[ME, PHONE]]}\n",
        2,
        "must hold SICK",
    ),
    ("rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], unless: [[SICK, X]]}\n", 2, "concept X"),
    ("rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], explained: [[SICK]]}\n", 2, "explained holds"),
    ("rules:\n  - {id: a, kind: report_medical, tier: page, all: [SICK], explained: [[SICK, X]]}\n", 2, "concept X"),
    ("negation: {en: before}\nrules: []\n", 1, "<lang>/excuses.yml"),
    ("rules: []\nover: [is]\n", 1, "<lang>/excuses.yml"),
    ("rules: [", 1, ""),
    ("", 1, "no rules"),
]


@pytest.mark.parametrize(("rules", "line", "says"), BAD_RULES)
def test_a_bad_rule_says_where(tmp_path: Path, rules: str, line: int, says: str) -> None:
    with pytest.raises(DataError) as error:
        DangerFloor.load(write(tmp_path, rules))
    assert f"danger.yml:{line}:" in str(error.value) or not says
    assert says in str(error.value)


BAD_EXCUSES = [
    ("negation: left\n", 1, "side is before, after, both"),
    ("colour: red\n", 1, "colour"),
    ("", 1, "no excuses"),
    ("over: [is]\nbreaks: [is]\n", 1, "at once"),
    ("over: [is not]\n", 1, "single words"),
    ('breaks: ["!"]\n', 1, "single words"),
    ("unless: {nonsense: [[toilet, LOCKED]]}\n", 1, "no rule nonsense"),
    ("unless:\n  locked_in:\n    - [toilet]\n", 3, "pairs"),
    ("unless:\n  locked_in:\n    - [toilet, PHONE]\n", 3, "must hold LOCKED"),
    ("unless:\n  locked_in:\n    - [TOILET, LOCKED]\n", 3, "concept TOILET"),
    ("unless:\n  locked_in:\n    - ['a*b', LOCKED]\n", 3, "`*`"),
    ("unless:\n  locked_in: [[toilet, LOCKED], [toilet, LOCKED]]\n", 2, "stands twice"),
]


@pytest.mark.parametrize(("excuses", "line", "says"), BAD_EXCUSES)
def test_a_bad_excuse_says_where(tmp_path: Path, excuses: str, line: int, says: str) -> None:
    with pytest.raises(DataError) as error:
        DangerFloor.load(write(tmp_path, excuses=excuses))
    assert f"en/excuses.yml:{line}:" in str(error.value)
    assert says in str(error.value)


def test_an_excuse_for_words_that_the_language_has_not_says_so(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "ne" / "excuses.yml").write_text("unless:\n  sick: [[bida, SICK]]\n", "utf-8")
    with pytest.raises(DataError, match=r"ne/concepts.yml has no stem of SICK"):
        DangerFloor.load(folder)


def test_excuses_without_concepts_say_so(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "xx").mkdir()
    (folder / "xx" / "excuses.yml").write_text("negation: after\n", "utf-8")
    with pytest.raises(DataError, match=r"xx/excuses.yml:1: .*without concepts.yml"):
        DangerFloor.load(folder)


def test_a_language_without_excuses_may_refuse_on_either_side(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "ne" / "excuses.yml").unlink()
    floor = DangerFloor.load(folder)
    assert floor.find("chaina banda garyo malai") is None
    assert floor.find("banda garyo chaina malai") is None
    assert floor.find("pasal banda garyo malai") is not None


@pytest.mark.parametrize(
    ("concepts", "line", "says"),
    [
        ('ME: ["me"]\nSICK: ["a*b"]\n', 2, "`*`"),
        ('ME: ["me"]\nSICK: ["!!"]\n', 2, "no letters"),
        ('ME: ["me"]\nSICK: ["ill/so-so"]\n', 2, "between single words"),
        ('ME: ["me"]\nSICK: ["ill/"]\n', 2, "after a letter"),
        ("ME: me\n", 1, "list"),
        ('ME: ["me"]\nME: ["i"]\n', 2, "twice"),
        ('small: ["me"]\n', 1, "capitals"),
    ],
)
def test_a_bad_concept_says_where(tmp_path: Path, concepts: str, line: int, says: str) -> None:
    with pytest.raises(DataError) as error:
        DangerFloor.load(write(tmp_path, concepts=concepts))
    assert f"concepts.yml:{line}:" in str(error.value)
    assert says in str(error.value)


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_read(floor: DangerFloor, text: str) -> None:
    floor.judge(text)
    floor.judge(text + "\ud83d" + text)


def test_danger_far_down_a_long_text_is_seen(floor: DangerFloor) -> None:
    assert floor.find("hello my friend\n" * 600 + "he raped me") is not None


def test_what_is_kept_of_one_language_is_not_taken_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_room, "FOLDER", tmp_path / "parsed")
    stems = {"en": "fever kept once*", "ne": "jwaro kept once*"}
    for language, stem in stems.items():
        (tmp_path / language).mkdir()
        (tmp_path / language / "concepts.yml").write_text(f"SICK:\n- {stem}\n", "utf-8")

    def never(file: Path) -> None:
        raise AssertionError(file)

    for kept in (False, True):
        if kept:
            monkeypatch.setattr(concepts_room, "_read", never)
        lexicon = read_lexicon(tmp_path)
        for language, stem in stems.items():
            assert [f.language for f in lexicon.find(read_text(f"a {stem[:-1]}again"))] == [language]
