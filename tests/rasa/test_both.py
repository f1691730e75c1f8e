"""The same lines on both classifiers, language by language: the same format, the same names, danger seen under both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import httpx
import pytest

from bot.nlu.classifier import Classifier, Ranked
from bot.nlu.commands import as_rasa
from bot.nlu.danger import DangerFloor
from bot.nlu.data import Example
from bot.nlu.intents import DANGER, FALLBACK, INTENTS
from bot.nlu.rasa import NAMES, Rasa
from bot.nlu.rasa_server import Server
from bot.nlu.understanding import Understanding
from tests.nlu.test_danger_lines import CASES, LANGUAGES, ORDINARY

LINES = 2  # of each kind of danger in each language, out of `nlu_data/danger_cases.yml`
EACH_NTH = 3  # line of the sample is asked
LEARNED = 0.8  # of the lines that it was taught, so many come back with their intent


class Engine(Protocol):
    def parse_many(self, texts: Sequence[str]) -> Sequence[Ranked | None]: ...


@pytest.fixture(params=["embedded", "rasa"])
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def reader(engine: Engine, embedded: Classifier, floor: DangerFloor) -> Understanding:
    alone = Understanding(embedded, floor)
    return alone.under(engine) if isinstance(engine, Rasa) else alone


def asked(rasa_server: Server, text: str) -> Any:
    answer = httpx.post(
        f"{rasa_server.url}/model/parse",
        params={"token": rasa_server.token},
        json={"text": text},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 200
    return answer.json()


def shape(value: Any) -> Any:
    """Keys and types, numbers taken together."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize("text", ["my salary is not paid", "तलब दिएको छैन", "hello"])
def test_both_answer_in_one_format(rasa_server: Server, embedded: Classifier, floor: DangerFloor, text: str) -> None:
    theirs, ours = shape(asked(rasa_server, text)), shape(as_rasa(text, embedded, floor))
    assert {key: theirs[key] for key in ("text", "intent", "entities", "intent_ranking")} == {
        key: ours[key] for key in ("text", "intent", "entities", "intent_ranking")
    }


def test_both_know_the_same_intents(rasa_server: Server, embedded: Classifier) -> None:
    theirs = {entry["name"] for entry in asked(rasa_server, "hello")["intent_ranking"]}
    assert theirs == set(embedded.intents) == NAMES == INTENTS | {FALLBACK}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_taught_comes_back(engine: Engine, sample: list[Example], language: str) -> None:
    lines = [e for e in sample if e.language == language][::EACH_NTH]
    answers = engine.parse_many([e.text for e in lines])
    got = [(e.intent, answer.intent) for e, answer in zip(lines, answers, strict=True) if answer is not None]
    spoken = sum(any(c.isalpha() for c in e.text) for e in lines)
    assert spoken <= len(got) <= len(lines)
    assert sum(wanted == given for wanted, given in got) >= LEARNED * len(got), [p for p in got if p[0] != p[1]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_danger_is_seen_under_both(reader: Understanding, language: str) -> None:
    lines = [(kind, line) for kind, texts in CASES[language].items() for line in texts[:LINES]]
    assert {kind for kind, _ in lines} <= DANGER | INTENTS
    meanings = reader.understand([line for _, line in lines])
    assert [line for (_, line), m in zip(lines, meanings, strict=True) if m.danger is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_floor_itself_is_the_same_under_both(reader: Understanding, floor: DangerFloor, language: str) -> None:
    """Whatever a classifier says, a rule that pages goes on paging, and says so."""
    lines = [texts[0] for texts in CASES[language].values()] + list(ORDINARY[language][:3])
    for line, meaning in zip(lines, reader.understand(lines), strict=True):
        rule = floor.find(line)
        if rule is not None and rule.tier == "page":
            assert meaning.danger == rule
