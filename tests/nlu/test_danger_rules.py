"""What a rule means (near, any, unless, negation, tiers) and what a bad rule says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.danger import DangerFloor
from bot.nlu.data import DataError

CONCEPTS = """
NOT: ["not", "no one", "nobody"]
ME: ["me", "i", "my sister"]
LOCKED: ["lock*", "shut in"]
PHONE: ["phone"]
LET: ["let"]
OUT: ["out"]
SICK: ["sick"]
DOCTOR: ["doctor*"]
"""
RULES = """
negation: {en: before, ne: after}
over: ["is", "been"]
breaks: ["and"]
rules:
  - {id: sick, kind: report_medical, tier: ask, all: [SICK]}
  - {id: locked_in, kind: report_confinement, tier: page, all: [LOCKED], any: [ME], near: 4,
     unless: [[PHONE, LOCKED]], negation: blocks}
  - {id: not_out, kind: report_confinement, tier: page, all: [LET, OUT], near: 3, negation: needs}
  - {id: no_doctor, kind: report_medical, tier: page, all: [SICK, DOCTOR, "no help"]}
"""
NEPALI = 'NOT: ["chaina"]\nME: ["malai"]\nLOCKED: ["थुन*", "banda gar*"]\n'


def write(folder: Path, rules: str = RULES, concepts: str = CONCEPTS) -> Path:
    (folder / "en").mkdir(exist_ok=True)
    (folder / "ne").mkdir(exist_ok=True)
    (folder / "en" / "concepts.yml").write_text(concepts, "utf-8")
    (folder / "ne" / "concepts.yml").write_text(NEPALI, "utf-8")
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
    ("negation: {en: left}\nrules: []\n", 1, "side"),
    ("rules: [", 1, ""),
    ("", 1, "no rules"),
]


@pytest.mark.parametrize(("rules", "line", "says"), BAD_RULES)
def test_a_bad_rule_says_where(tmp_path: Path, rules: str, line: int, says: str) -> None:
    with pytest.raises(DataError) as error:
        DangerFloor.load(write(tmp_path, rules))
    assert f"danger.yml:{line}:" in str(error.value) or not says
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("concepts", "line", "says"),
    [
        ('ME: ["me"]\nSICK: ["a*b"]\n', 2, "`*`"),
        ('ME: ["me"]\nSICK: ["!!"]\n', 2, "no letters"),
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
