"""Offers that may be passed by (`lapses: true`): they hold nobody up and are never asked twice."""

from __future__ import annotations

import pytest

from bot.engine import offers
from bot.engine.flow import Ask, Call, Choice, End, Say
from bot.engine.inputs import Danger, Heard, Meaning, Resumed, Shared, Started
from bot.engine.session import Session
from tests.engine.engine_world import SYSTEM, Talk, flow, make

FLOWS = make(
    *SYSTEM,
    flow("report", Say("number", "Your number."), Call("more", "offer"), Say("after", "After.")),
    flow(
        "offer",
        Ask("offer", "More?", choices=(Choice("show", "Show", goto="shown"),), lapses=True, always=True),
        End("over"),
        Say("shown", "Here."),
    ),
    flow("tale", Ask("first", "What?", slot="what"), Say("told", "Told.")),
)


@pytest.fixture
def talk() -> Talk:
    talk = Talk(FLOWS)
    assert talk.give(Started("report")) == ["report.number", "offer.offer"]
    return talk


@pytest.mark.parametrize("text", ["1", "show", "Show!", "shwo"])
def test_it_is_answered_like_any_question_and_its_caller_goes_on(text: str, talk: Talk) -> None:
    assert talk.hear(text) == ["offer.shown", "report.after"]
    assert talk.session.stack == ()


def test_what_is_no_answer_is_heard_as_if_nothing_had_been_asked(talk: Talk) -> None:
    bare = Talk(FLOWS)
    bare.session = Session(shared=talk.session.shared)
    assert talk.hear("my room is nine") == bare.hear("my room is nine")
    assert "offer.offer" not in talk.hear("again")


def test_whatever_comes_it_is_gone_and_not_read_out_again(talk: Talk) -> None:
    for given in (
        Shared("image", "ref"),
        Started("tale"),
        Resumed(),
        Heard("help"),
        Heard("knife", Meaning("report_violence", 0.9, danger=Danger("report_violence"))),
    ):
        each = Talk(FLOWS)
        each.give(Started("report"))
        each.give(given)
        assert "offer" not in [frame.flow for frame in each.session.stack], given


def test_it_is_not_made_while_another_matter_waits() -> None:
    talk = Talk(FLOWS)
    assert talk.give(Started("tale")) == ["tale.first"]
    said = talk.give(Started("report"))
    assert said[:2] == ["report.number", "report.after"]
    assert "offer.offer" not in said


def test_what_was_said_by_the_way_goes_with_the_matter() -> None:
    session = Session(shared={"said": ["secret words"], "sent": [1], "country": "KW"}, heard="hello")
    assert offers.withdrawn(session) == Session(shared={"country": "KW"}, heard="hello")
