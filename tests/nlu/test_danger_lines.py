"""Every line of danger_cases.yml raises an alarm from the floor alone, no line of ordinary.yml does; all languages.

Law: one test looks at all lines of a language and names each that fails: a test for each of four thousand lines took
five times as long as looking at them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.nlu.danger import DangerFloor
from bot.nlu.data import read_examples
from bot.nlu.intents import DANGER
from bot.nlu.normalise import normalise
from tests.nlu.conftest import HELD_OUT, NLU_DATA

CASES = yaml.load((NLU_DATA / "danger_cases.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
ORDINARY = yaml.load((NLU_DATA / "ordinary.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
LANGUAGES = sorted(p.parent.name for p in NLU_DATA.glob("*/concepts.yml"))
DANGEROUS = [(lang, kind, line) for lang, kinds in CASES.items() for kind, lines in kinds.items() for line in lines]
IDIOMS = yaml.load((NLU_DATA / "idioms.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
SPOKEN = [(lang, line) for lang, lines in IDIOMS.items() for line in lines]
HUNGRY = yaml.load((NLU_DATA / "hunger.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
UNFED = yaml.load((NLU_DATA / "unfed.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
PLEAS = yaml.load((NLU_DATA / "pleas.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
SAID = yaml.load((Path(__file__).parent / "negation_lines.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
FRESH = [
    yaml.load((HELD_OUT / name).read_text("utf-8"), Loader=yaml.CSafeLoader)
    for name in ("alarms.yml", "alarms_again.yml", "alarms_third.yml")
]
KEPT = yaml.safe_load((HELD_OUT / "alarms_fourth.yml").read_text("utf-8"))  # to measure by: no word is mended by it
HARMLESS = [(lang, line) for lang, lines in ORDINARY.items() for line in lines]


def _tier(floor: DangerFloor, line: str) -> str:
    danger = floor.find(line)
    return danger.tier if danger else ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_hunger_is_asked_about_and_wakes_nobody(floor: DangerFloor, language: str) -> None:
    assert [(line, tier) for line in HUNGRY[language] if (tier := _tier(floor, line)) != "ask"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_given_no_food_is_told_to_a_human(floor: DangerFloor, language: str) -> None:
    found = {line: floor.find(line) for line in UNFED[language]}
    told = {line: danger and (danger.kind, danger.tier) for line, danger in found.items()}
    assert {line: what for line, what in told.items() if what != ("report_stranded", "page")} == {}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("he beats me and gives no food", "beaten"),
        ("she locked me in the room, no food for 2 days", "locked_in"),
        ("malik marta hai aur khana nahi deta", "beaten"),
    ],
)
def test_what_is_graver_than_hunger_is_named_first(floor: DangerFloor, line: str, rule: str) -> None:
    danger = floor.find(line)
    assert danger is not None
    assert danger.rule == rule


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plea_without_a_matter_is_asked_about(floor: DangerFloor, language: str) -> None:
    assert [(line, tier) for line in PLEAS[language]["alone"] if (tier := _tier(floor, line)) != "ask"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_danger_is_seen_without_a_classifier(floor: DangerFloor, language: str) -> None:
    assert set(CASES[language]) == DANGER
    assert [(kind, line) for lang, kind, line in DANGEROUS if lang == language and floor.find(line) is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_ordinary_talk_raises_no_alarm(floor: DangerFloor, language: str) -> None:
    """Or a plea: the classifier knows its matter (test_our_data.py)."""
    judged = [(line, floor.judge(line)) for lang, line in HARMLESS + SPOKEN if lang == language]
    assert [line for line, verdict in judged if verdict.danger is not None and not verdict.yields] == []


def test_the_kind_is_nearly_always_the_right_one(floor: DangerFloor) -> None:
    right = sum((danger := floor.find(line)) is not None and danger.kind == kind for _, kind, line in DANGEROUS)
    assert right / len(DANGEROUS) >= 0.95


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_refused_is_no_alarm(floor: DangerFloor, language: str) -> None:
    assert [line for line in SAID[language]["refused"] if floor.find(line) is not None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_only_looks_refused_or_excused_is_an_alarm(floor: DangerFloor, language: str) -> None:
    assert [(line, tier) for line in SAID[language]["meant"] if (tier := _tier(floor, line)) != "page"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_that_nobody_trained_on(floor: DangerFloor, language: str) -> None:
    """How they did before the words were mended by them stands in docs/understanding.md; they stay seen."""
    for lines in FRESH:
        danger = [line for kind in lines[language]["danger"].values() for line in kind]
        assert [line for line in danger if floor.find(line) is None] == []
        assert [line for line in lines[language]["ordinary"] if floor.find(line) is not None] == []


def test_no_file_speaks_another_language() -> None:
    assert [set(file) for file in (CASES, ORDINARY, IDIOMS, HUNGRY, UNFED, PLEAS, SAID)] == [set(LANGUAGES)] * 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_with_concepts_has_enough_lines(language: str) -> None:
    assert set(CASES[language]) == DANGER
    assert sum(len(lines) for lines in CASES[language].values()) >= 40
    assert len(ORDINARY[language]) >= 60
    assert len(IDIOMS[language]) >= 22
    assert len(UNFED[language]) >= 7
    assert len(SAID[language]["refused"]) >= 3
    assert len(SAID[language]["meant"]) >= 4
    first = FRESH[0]
    assert all(set(part[language]["danger"]) == DANGER for part in (*FRESH, KEPT))
    assert sum(len(lines) for lines in KEPT[language]["danger"].values()) >= 20
    assert len(KEPT[language]["ordinary"]) >= 20
    assert sum(len(lines) for lines in first[language]["danger"].values()) >= 30
    assert len(first[language]["ordinary"]) >= 30


def test_no_test_line_is_trained_on() -> None:
    trained = {normalise(e.text) for e in read_examples(NLU_DATA)}
    fresh = [
        line
        for lines in (*FRESH, KEPT)
        for of in lines.values()
        for part in (*of["danger"].values(), of["ordinary"])
        for line in part
    ]
    said = [line for of in SAID.values() for part in of.values() for line in part]
    tested = {normalise(line) for line in [*(line for *_, line in [*DANGEROUS, *HARMLESS, *SPOKEN]), *fresh, *said]}
    assert not trained & tested


def test_shouting_drawling_and_decoration_change_nothing(floor: DangerFloor) -> None:
    for _, _, line in DANGEROUS:
        for variant in (line.upper(), f"😭😭 {line}!!!", line.replace(" ", "  "), f"\u200b{line}\u200f"):
            assert floor.find(variant) is not None, variant


@pytest.mark.parametrize(
    "line",
    [
        *("my boss beeeat me", "I am lockedddd in the room", "i want to dieeee", "heeee raped meee"),
        *("ويهددنيييي", "هيهددنيييي", "وهيقتلننييي", "وبيضربنيييي"),
    ],
)
def test_drawn_out_words_are_heard(floor: DangerFloor, line: str) -> None:
    assert floor.find(line) is not None


@pytest.mark.parametrize(
    "line",
    ["hello, salary not paid and malai kothama thunera rakheko xa", "mujhe maarte hain every day here", "sos ضربني"],
)
def test_languages_may_be_mixed(floor: DangerFloor, line: str) -> None:
    danger = floor.find(line)
    assert danger is not None
    assert danger.tier == "page"


@pytest.mark.parametrize(
    "line",
    [
        "my boss said he will kill me with a knife",
        "he threatened me with work permit",
        "he will kill me at work",
        "boss will kill me with work and he beats me",
        "he wants to shoot me",
        "رح يقتلني بالشغل",
        "kaam par maar dalega mujhe",
    ],
)
def test_what_excuses_an_idiom_excuses_no_threat(floor: DangerFloor, line: str) -> None:
    danger = floor.find(line)
    assert danger is not None
    assert danger.tier == "page"
