"""The joined answer: the floor stands whatever the model does, and the model alone may raise an alarm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from bot.engine.inputs import Danger, Meaning
from bot.nlu.classifier import Classifier, Ranked
from bot.nlu.danger import DangerFloor, Verdict
from bot.nlu.understanding import Understanding, meaning_of

SILENT = Verdict(None, frozenset())


def test_the_floor_works_without_a_model(floor: DangerFloor) -> None:
    [meaning] = Understanding(None, floor).understand(["he raped me"])
    assert meaning == Meaning(danger=Danger("report_violence", "page", "rape"))
    assert Understanding(None, floor).understand(["hello"]) == [Meaning()]


class Broken(Classifier):
    """A model whose insides fail."""

    def __init__(self) -> None:
        pass

    def parse_many(self, texts: Iterable[str]) -> list[Ranked]:
        raise FloatingPointError


class BrokenBy(Classifier):
    """Fails at one text."""

    def __init__(self, whole: Classifier, text: str) -> None:
        self._whole, self._text = whole, text

    def parse_many(self, texts: Iterable[str]) -> list[Ranked]:
        asked = list(texts)
        if self._text in asked:
            raise FloatingPointError
        return self._whole.parse_many(asked)


def test_the_floor_works_beside_a_broken_model(floor: DangerFloor) -> None:
    danger, hello = Understanding(Broken(), floor).understand(["he raped me", "hello"])
    assert danger.danger == Danger("report_violence", "page", "rape")
    assert hello == Meaning()


def test_a_text_that_the_model_cannot_do_takes_nobody_elses_answer(classifier: Classifier, floor: DangerFloor) -> None:
    whole, broken = Understanding(classifier, floor), Understanding(BrokenBy(classifier, "hello"), floor)
    unheard, heard = broken.understand(["hello", "my boss hits me"])
    assert unheard == Meaning()
    assert [heard] == whole.understand(["my boss hits me"])


def test_a_broken_floor_is_unsure_and_asks(classifier: Classifier) -> None:
    [meaning] = Understanding(classifier, None).understand(["hello"])  # type: ignore[arg-type]
    assert meaning.danger == Danger("report_violence", "ask", "floor_failed")
    assert meaning.intent == "greet"


def test_one_meaning_for_each_text_in_order(classifier: Classifier, floor: DangerFloor) -> None:
    meanings = Understanding(classifier, floor).understand(["no salary paid", "", "hello", "\ud83d"])
    assert [m.intent for m in meanings] == ["report_unpaid_wages", "nlu_fallback", "greet", "nlu_fallback"]
    assert Understanding(classifier, floor).understand([]) == []


@pytest.mark.parametrize(
    ("chances", "danger"),
    [
        ([("report_violence", 0.98)], Danger("report_violence", "page")),
        ([("report_violence", 0.9)], Danger("report_violence", "ask")),  # the floor is silent: she is asked first
        ([("report_medical", 0.55), ("report_violence", 0.43)], Danger("report_medical", "page")),  # together
        ([("report_violence", 0.5)], Danger("report_violence", "ask")),
        ([("greet", 0.6), ("express_self_harm", 0.41)], Danger("express_self_harm", "ask")),
        ([("greet", 0.5), ("report_violence", 0.45)], None),  # "malai" begins a greeting and a plea alike
        ([("report_violence", 0.3)], None),
        ([("report_death", 0.95)], None),  # serious is no danger
        ([], None),
    ],
)
def test_what_the_model_alone_may_raise(chances: list[tuple[str, float]], danger: Danger | None) -> None:
    assert meaning_of(Ranked(tuple(chances)), SILENT, "").danger == danger


def test_a_page_of_the_floor_stands() -> None:
    page = Danger("report_confinement", "page", "locked_in")
    sure = Ranked((("report_violence", 0.99),))
    assert meaning_of(sure, Verdict(page, frozenset()), "ne") == Meaning(
        "report_violence", 0.99, danger=page, language="ne"
    )


def test_an_ask_of_the_floor_becomes_a_page_when_the_model_is_sure() -> None:
    ask = Danger("report_medical", "ask", "very_sick")
    assert meaning_of(Ranked((("report_medical", 0.98),)), Verdict(ask, frozenset()), "").danger == Danger(
        "report_medical", "page"
    )
    assert meaning_of(Ranked((("report_medical", 0.5),)), Verdict(ask, frozenset()), "").danger == ask


def test_illness_in_a_question_of_something_else_is_not_asked_about() -> None:
    rights = Ranked((("ask_rights", 0.9), ("report_medical", 0.005), ("report_violence", 0.002)))
    ill, locked = Danger("report_medical", "ask", "very_sick"), Danger("report_confinement", "ask", "held")
    assert meaning_of(rights, Verdict(ill, frozenset()), "").danger is None
    assert meaning_of(rights, Verdict(locked, frozenset()), "").danger == locked
    assert meaning_of(rights, Verdict(replace(ill, tier="page"), frozenset()), "").danger == replace(ill, tier="page")
    for unsure in (
        Ranked(),
        Ranked((("ask_rights", 0.9),)),
        Ranked((("ask_rights", 0.5), ("report_medical", 0.001))),
        Ranked((("ask_rights", 0.9), ("report_medical", 0.02))),
    ):
        assert meaning_of(unsure, Verdict(ill, frozenset()), "").danger == ill


def test_what_the_text_takes_back_is_not_raised() -> None:
    denied = Verdict(None, frozenset({"report_violence"}))
    meaning = meaning_of(Ranked((("report_violence", 0.9), ("greet", 0.05))), denied, "")
    assert meaning == Meaning("nlu_fallback", 0.9)
    other = meaning_of(Ranked((("express_self_harm", 0.98),)), denied, "")
    assert other.danger == Danger("express_self_harm", "page")


def test_little_confidence_is_the_fallback() -> None:
    assert meaning_of(Ranked((("greet", 0.2),)), SILENT, "").intent == "nlu_fallback"
    assert meaning_of(Ranked((("greet", 0.3),)), SILENT, "").intent == "greet"


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("i can't go out, i have fever", True),
        ("i cannot go out, duty", True),
        ("i cannot go out", False),
        ("i cannot go out, fever, madam locked", False),
        ("i have fever", False),
    ],
)
def test_a_reason_for_not_going_out_is_seen(floor: DangerFloor, text: str, explained: bool) -> None:
    assert floor.judge(text).explained is explained


def test_a_sick_one_who_stays_in_is_asked_and_wakes_nobody() -> None:
    both = Ranked((("report_medical", 0.914), ("report_confinement", 0.072)))
    ill = Danger("report_medical", "ask", "very_sick")
    assert meaning_of(both, Verdict(ill, frozenset(), explained=True), "en").danger == ill
    assert meaning_of(both, Verdict(ill, frozenset()), "en").danger == Danger("report_medical", "page")


def test_one_kind_of_danger_that_is_sure_is_a_page_also_beside_a_reason() -> None:
    locked = Ranked((("report_confinement", 0.99), ("report_medical", 0.005)))
    ill = Verdict(Danger("report_medical", "ask", "very_sick"), frozenset(), explained=True)
    assert meaning_of(locked, ill, "en").danger == Danger("report_confinement", "page")
