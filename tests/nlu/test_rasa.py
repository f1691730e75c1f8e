"""Asking Rasa: its answer when it comes, ours when it does not, and no waiting for what is dead. (Its own process:
`tests/rasa/`.)"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from bot.engine.inputs import Danger, Meaning
from bot.nlu.classifier import Classifier, Ranked
from bot.nlu.danger import DangerFloor
from bot.nlu.rasa import LARGEST, LONGEST, REST, TRIES, Nonsense, Rasa, ranked
from bot.nlu.understanding import Understanding, joined
from bot.settings import Settings, SettingsError, load
from tests.fakes.rasa import TOKEN, FakeRasa, ranking, serving

PATIENT, SHORT = 60.0, 0.2


@pytest.fixture
def fake() -> Iterator[FakeRasa]:
    with serving(FakeRasa()) as server:
        yield server


class Ticks:
    """A monotonic clock that stands."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def rasa(fake: FakeRasa, ticks: Ticks) -> Iterator[Rasa]:
    asked = Rasa(fake.url, TOKEN, seconds=PATIENT, clock=ticks)
    yield asked
    asked.close()


def test_each_text_has_its_answer_in_order(fake: FakeRasa, rasa: Rasa) -> None:
    fake.answer = lambda text: (200, ranking((text, 0.75)))
    names = ["greet", "thank", "deny", "affirm", "goodbye", "show_menu", "nlu_fallback"]
    assert [r and r.intents for r in rasa.parse_many(names)] == [((name, 0.75),) for name in names]
    assert set(fake.paths) == {"/model/parse"}
    assert sorted(fake.texts) == sorted(names)
    assert rasa.answers


def test_what_has_no_letters_or_is_very_long_is_not_sent(fake: FakeRasa, rasa: Rasa) -> None:
    assert rasa.parse_many(["12345", "", "🙏", "a" * (LONGEST + 1)]) == [None] * 4
    assert fake.texts == []
    assert rasa.answers


def test_any_text_can_be_asked(rasa: Rasa) -> None:
    texts = ["मलाई कुट्यो", "لا راتب", "\ud83d half a sign", "a\x00b\n\t\"'"]
    assert None not in rasa.parse_many(texts)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b"null",
        b'{"intent": {"name": "greet", "confidence": 1.0}}',
        b'{"intent_ranking": []}',
        b'{"intent_ranking": [1]}',
        ranking(("greet", float("nan"))),
        ranking(("greet", 1.5)),
        ranking(("greet", -0.1)),
        ranking(("greet", True)),
        ranking(("greet", "0.9")),
        ranking((7, 0.9)),
        ranking(("order_pizza", 0.9), ("greet", 0.1)),
        b'{"pad": "' + b"x" * LARGEST + b'", "intent_ranking": [{"name": "greet", "confidence": 1.0}]}',
    ],
)
def test_nonsense_is_no_answer(fake: FakeRasa, rasa: Rasa, body: bytes) -> None:
    fake.answer = lambda text: (200, body)
    assert rasa.parse_many(["hello"]) == [None]


@pytest.mark.parametrize("status", [204, 302, 401, 409, 500, 503])
def test_another_status_is_no_answer(fake: FakeRasa, rasa: Rasa, status: int) -> None:
    fake.answer = lambda text: (status, ranking(("greet", 0.9)) if status != 204 else b"")
    assert rasa.parse_many(["hello"]) == [None]


def test_a_wrong_token_is_no_answer(fake: FakeRasa) -> None:
    other = Rasa(fake.url, "another token", seconds=PATIENT)
    assert other.parse_many(["hello"]) == [None]
    other.close()
    assert fake.texts == []


def test_the_fallback_may_stand_twice_in_a_ranking() -> None:
    answer = json.loads(ranking(("nlu_fallback", 0.25), ("greet", 0.2), ("nlu_fallback", 0.1)))
    assert ranked(answer) == Ranked((("nlu_fallback", 0.25), ("greet", 0.2)))
    with pytest.raises(Nonsense):
        ranked("greet")


def test_one_wrong_answer_does_not_spoil_the_others(fake: FakeRasa, rasa: Rasa) -> None:
    fake.answer = lambda text: (200, ranking(("thank", 0.8))) if text == "thanks" else (500, b"")
    one, two, three = rasa.parse_many(["hello", "thanks", "bye"])
    assert (one, three) == (None, None)
    assert two is not None
    assert two.intent == "thank"
    assert rasa.answers


def test_what_hangs_is_waited_for_once_for_a_whole_batch(fake: FakeRasa, ticks: Ticks) -> None:
    fake.answer = fake.hang
    asked = Rasa(fake.url, TOKEN, seconds=SHORT, clock=ticks)
    assert asked.parse_many(["hello"] * 20) == [None] * 20
    assert 1 <= len(fake.texts) <= 8  # those on the way; the others were never sent, so nothing piles up there
    asked.close()


def test_after_some_failures_it_is_left_alone_and_tried_again(fake: FakeRasa, rasa: Rasa, ticks: Ticks) -> None:
    good = fake.answer
    fake.answer = lambda text: (500, b"")
    for n in range(TRIES):
        assert rasa.answers
        rasa.parse_many(["hello"])
        assert len(fake.texts) == n + 1
    assert not rasa.answers
    rasa.parse_many(["hello"])
    assert len(fake.texts) == TRIES  # nobody asked
    ticks.at += REST
    rasa.parse_many(["hello"])
    assert len(fake.texts) == TRIES + 1  # one tried, in vain ...
    rasa.parse_many(["hello"])
    assert len(fake.texts) == TRIES + 1  # ... and the rest began anew
    ticks.at += REST
    fake.answer = good
    assert rasa.parse_many(["hello"]) != [None]
    assert rasa.answers


def test_while_one_tries_again_nobody_else_waits(fake: FakeRasa, ticks: Ticks) -> None:
    asked = Rasa(fake.url, TOKEN, seconds=PATIENT, clock=ticks)
    fake.answer = lambda text: (500, b"")
    for _ in range(TRIES):
        asked.parse_many(["hello"])
    ticks.at += REST
    entered = threading.Event()

    def held(text: str) -> tuple[int, bytes]:
        entered.set()
        return fake.hang(text)

    fake.answer = held
    trying = threading.Thread(target=asked.parse_many, args=(["hello"],))
    trying.start()
    assert entered.wait(PATIENT)
    assert asked.parse_many(["hello"]) == [None]  # at once, though the server hangs
    fake.release.set()
    trying.join()
    asked.close()
    assert len(fake.texts) == TRIES + 1


def test_nothing_listens(caplog: pytest.LogCaptureFixture) -> None:
    asked = Rasa("http://127.0.0.1:9", TOKEN, seconds=PATIENT)
    with caplog.at_level(logging.WARNING):
        assert asked.parse_many(["my secret salary"]) == [None]
    asked.close()
    lines = [r for r in caplog.records if r.name == "bot.nlu.rasa"]
    assert [r.getMessage() for r in lines] == ["rasa_silent"]
    assert "secret" not in caplog.text
    assert TOKEN not in caplog.text


def test_it_can_be_asked_again_after_closing(rasa: Rasa) -> None:
    rasa.close()
    assert None not in rasa.parse_many(["hello"])


# --- the joined answer


class Fixed:
    """Ranks as it is told; None = does not answer."""

    def __init__(self, *answers: Ranked | None) -> None:
        self.answers = list(answers)

    def parse_many(self, texts: object) -> list[Ranked | None]:
        return self.answers


def test_its_intent_is_taken_and_our_language(classifier: Classifier, floor: DangerFloor) -> None:
    alone = Understanding(classifier, floor)
    (ours,) = alone.understand(["नमस्ते दाइ"])
    (meaning,) = alone.under(Fixed(Ranked((("thank", 0.9),)))).understand(["नमस्ते दाइ"])
    assert (meaning.intent, meaning.confidence) == ("thank", 0.9)
    assert meaning.language == ours.language


def test_without_its_answer_ours_stands(classifier: Classifier, floor: DangerFloor) -> None:
    alone = Understanding(classifier, floor)
    texts = ["no salary paid", "hello"]
    assert alone.under(Fixed(None, None)).understand(texts) == alone.understand(texts)
    assert alone.under(Fixed()).understand([]) == []


def test_the_floor_stands_under_it(classifier: Classifier, floor: DangerFloor) -> None:
    sure = Fixed(Ranked((("greet", 1.0),)))
    (meaning,) = Understanding(classifier, floor).under(sure).understand(["he raped me"])
    assert meaning.danger == Danger("report_violence", "page", "rape")


def test_a_failure_of_the_other_is_no_failure(classifier: Classifier, floor: DangerFloor) -> None:
    class Broken:
        def parse_many(self, texts: object) -> list[Ranked | None]:
            raise RuntimeError

    alone = Understanding(classifier, floor)
    assert alone.under(Broken()).understand(["hello"]) == alone.understand(["hello"])
    (short,) = alone.under(Fixed(None)).rules().understand(["he raped me"])
    assert short.danger is not None


PAGE, ASK = Danger("report_violence", "page"), Danger("report_medical", "ask")


@pytest.mark.parametrize(
    ("ours", "theirs", "danger"),
    [
        (None, None, None),
        (None, ASK, ASK),
        (ASK, None, ASK),
        (PAGE, None, PAGE),
        (PAGE, ASK, PAGE),
        (ASK, PAGE, PAGE),
    ],
)
def test_the_graver_danger_of_both_counts(ours: Danger | None, theirs: Danger | None, danger: Danger | None) -> None:
    meaning = joined(Meaning("greet", danger=ours), Meaning("thank", danger=theirs))
    assert (meaning.intent, meaning.danger) == ("thank", danger)


# --- settings


def test_the_address_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAATHI_RASA_URL", "localhost:5005")
    with pytest.raises(SettingsError, match="SAATHI_RASA_URL must look like"):
        load(_env_file=None)
    monkeypatch.setenv("SAATHI_RASA_URL", "http://rasa.example:5005")
    with pytest.raises(SettingsError, match="would leave this machine"):
        load(_env_file=None)
    monkeypatch.setenv("SAATHI_LIVE", "yes")
    assert isinstance(load(_env_file=None), Settings)
    monkeypatch.setenv("SAATHI_ENV", "production")
    with pytest.raises(SettingsError, match="SAATHI_RASA_TOKEN is missing"):
        load(_env_file=None)
