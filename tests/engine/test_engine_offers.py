"""Questions whose options an action found: rights by country, a quiz, a person's own things."""

from __future__ import annotations

from typing import Any

import pytest

from bot.engine.events import Asked, Called
from bot.engine.flow import Ask, Choice, Do, Goto, Say
from bot.engine.inputs import Outcome, Started
from tests.engine.engine_world import SYSTEM, Talk, flow, make

LATER = Choice("skip", "Later", goto="over")
QUIZ = make(
    *SYSTEM,
    flow(
        "quiz",
        Do("next", "quiz.next", {"last": "$answer"}, {"question": "ask", "done": "over"}),
        Ask("ask", "{question}", slot="answer", offers="answers", always=True, skip=LATER),
        Goto("goto_3", "next"),
        Say("over", "Done."),
    ),
)


def question(*ids: str) -> Outcome:
    """An outcome that offers these options; each is written as its id in capitals."""
    return Outcome("question", {"question": "?", "answers": [{"id": i, "value": f"THE {i.upper()}"} for i in ids]})


@pytest.fixture
def talk() -> Talk:
    """Somebody at the first question; the next one is there already."""
    talk = Talk(QUIZ, outcomes={"quiz.next": question("a1", "b1")})
    assert talk.give(Started("quiz")) == ["quiz.ask"]
    talk.outcomes["quiz.next"] = question("a2", "b2")
    return talk


def asked(talk: Talk) -> Asked:
    last = talk.events[-1]
    assert isinstance(last, Asked)
    return last


def answers_taken(talk: Talk) -> list[Any]:
    return [e.args["last"] for e in talk.events if isinstance(e, Called)]


def test_the_question_carries_its_options_and_the_refusal(talk: Talk) -> None:
    assert asked(talk).options == ("a1", "b1", "skip")
    assert [c.value for c in asked(talk).offered[:2]] == ["THE A1", "THE B1"]


@pytest.mark.parametrize("text", ["2", "b1", "the b1", "2 the b1"])
def test_it_is_answered_by_number_or_words(talk: Talk, text: str) -> None:
    assert talk.hear(text) == ["quiz.ask"]
    assert answers_taken(talk) == ["b1"]
    assert asked(talk).options == ("a2", "b2", "skip")


def test_a_button_answers_its_own_question_only(talk: Talk) -> None:
    assert talk.press("quiz.ask", "a1") == ["quiz.ask"]
    assert talk.press("quiz.ask", "b1") == ["system.old_button>quiz.ask"]
    assert asked(talk).options == ("a2", "b2", "skip")
    assert talk.press("quiz.ask", "b2") == ["quiz.ask"]
    assert answers_taken(talk) == ["b2"]


def test_words_that_are_no_option_are_asked_again_with_the_same_options(talk: Talk) -> None:
    assert talk.hear("the zz") == ["system.retry>quiz.ask"]
    assert asked(talk).options == ("a1", "b1", "skip")


def test_the_refusal_leads_on(talk: Talk) -> None:
    assert talk.press("quiz.ask", "skip") == ["quiz.over"]


ONCE = make(
    *SYSTEM,
    flow("pick", Do("find", "pick.find"), Ask("one", "Which?", slot="one", offers="rows"), Say("over", "{one}")),
)


@pytest.mark.parametrize("rows", [[], None, "a", [1, None], [{"id": "a"}], {"id": "a", "value": 1}])
def test_with_nothing_to_choose_from_it_is_passed_over(rows: Any) -> None:
    talk = Talk(ONCE, outcomes={"pick.find": Outcome("found", {"rows": rows})})
    assert talk.give(Started("pick")) == ["pick.over"]


def test_what_is_known_already_is_not_asked() -> None:
    rows = [{"id": "a", "value": {"text": "x.y"}}]
    talk = Talk(ONCE, outcomes={"pick.find": Outcome("found", {"rows": rows})})
    assert talk.give(Started("pick", slots={"one": "a"})) == ["pick.over"]
    assert talk.give(Started("pick", slots={"one": "other"})) == ["pick.one"]
