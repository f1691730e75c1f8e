"""The model of nlu_data itself: names, languages, danger, and that it learned something that holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu import model_file
from bot.nlu.classifier import load
from bot.nlu.danger import DangerFloor
from bot.nlu.data import read_examples
from bot.nlu.intents import CONVERSATION, FALLBACK, GROUPS, INFORMATION, INTENTS
from bot.nlu.language import same_spoken
from bot.nlu.training import ensure_model
from bot.nlu.understanding import COURTEOUS, PERSON, Understanding
from tests.conftest import MODELS
from tests.nlu.conftest import NLU_DATA
from tests.nlu.test_danger_lines import CASES, DANGEROUS, HARMLESS, LANGUAGES, ORDINARY, PLEAS, SPOKEN

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model() -> Path:
    return ensure_model(NLU_DATA, MODELS)


@pytest.fixture(scope="module")
def understanding(model: Path, floor: DangerFloor) -> Understanding:
    return Understanding(load(model), floor)


def test_the_data_holds_every_intent_in_every_language() -> None:
    found = {(e.language, e.intent) for e in read_examples(NLU_DATA)}
    assert found == {(language, intent) for language in LANGUAGES for intent in INTENTS | {FALLBACK}}


def test_every_intent_has_a_group() -> None:
    assert sorted(INTENTS) == sorted(intent for members in GROUPS.values() for intent in members)
    assert FALLBACK not in INTENTS


def test_it_holds_on_lines_it_did_not_see(model: Path) -> None:
    meta, _ = model_file.read(model)
    assert meta["intents_accuracy"] >= 0.70
    assert meta["languages_accuracy"] >= 0.94  # Hindi and Urdu in Latin letters are often the same words


def test_danger_is_danger_in_the_joined_answer(understanding: Understanding) -> None:
    meanings = understanding.understand([line for *_, line in DANGEROUS])
    assert all(m.danger is not None for m in meanings)
    right = sum(m.intent == kind for m, (_, kind, _) in zip(meanings, DANGEROUS, strict=True))
    assert right / len(DANGEROUS) >= 0.9


def test_hard_ordinary_lines_seldom_wake_a_human(understanding: Understanding) -> None:
    meanings = understanding.understand([line for _, line in HARMLESS])
    assert sum(m.danger is not None and m.danger.tier == "page" for m in meanings) / len(HARMLESS) <= 0.08


def test_a_plea_in_ordinary_talk_is_seldom_asked_about(understanding: Understanding, floor: DangerFloor) -> None:
    """Where the floor hears a plea that yields, the classifier has to know its matter."""
    pleading = [line for _, line in HARMLESS + SPOKEN if floor.judge(line).yields]
    asked = [line for line, m in zip(pleading, understanding.understand(pleading), strict=True) if m.danger is not None]
    assert pleading
    assert len(asked) / len(HARMLESS + SPOKEN) <= 0.001, asked


def test_idioms_of_death_wake_nobody_and_seldom_somebody_is_asked(understanding: Understanding) -> None:
    meanings = understanding.understand([line for _, line in SPOKEN])
    read = [(line, m) for (_, line), m in zip(SPOKEN, meanings, strict=True)]
    assert [line for line, m in read if m.danger is not None and m.danger.tier == "page"] == []
    assert sum(m.danger is not None for _, m in read) / len(read) <= 0.06  # the floor alone: none of them
    assert sum(m.intent == "report_death" and m.confidence >= 0.5 for _, m in read) / len(read) <= 0.01


@pytest.mark.parametrize("language", sorted(PLEAS))
def test_a_plea_is_asked_about_unless_it_says_what_for(understanding: Understanding, language: str) -> None:
    said = PLEAS[language]
    alone, about = (zip(said[way], understanding.understand(said[way]), strict=True) for way in ("alone", "about"))
    alone = list(alone)
    assert [line for line, meaning in alone if meaning.danger is None] == []
    assert [
        line for line, meaning in alone if meaning.intent in COURTEOUS - {PERSON}
    ] == []  # after "I am well": a person
    assert [line for line, meaning in about if meaning.danger is not None] == []


def test_everyday_intents_wake_nobody(understanding: Understanding) -> None:
    examples = [e for e in read_examples(NLU_DATA) if e.intent in INFORMATION | CONVERSATION]
    meanings = understanding.understand([e.text for e in examples])
    assert sum(m.danger is not None and m.danger.tier == "page" for m in meanings) / len(examples) <= 0.001


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_is_guessed(understanding: Understanding, language: str) -> None:
    lines = [*(line for kind in CASES[language].values() for line in kind), *ORDINARY[language]]
    guesses = [m.language for m in understanding.understand(lines)]
    right = [same_spoken(language, g, line) for g, line in zip(guesses, lines, strict=True)]
    assert sum(right) / len(lines) >= 0.9
    assert sum(bool(g) and not r for g, r in zip(guesses, right, strict=True)) / len(lines) <= 0.04
