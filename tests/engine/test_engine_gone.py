"""What is gone since the person last wrote: steps, flows, actions; she is never left without a way on."""

from __future__ import annotations

import pytest

from bot.engine.events import Left
from bot.engine.flow import Ask, Call, Goto, Say
from bot.engine.inputs import Heard, Outcome, Started
from tests.engine.engine_world import MATTERS, VIOLENCE, YES_NO, Talk, flow, means, wages_talk


@pytest.mark.parametrize("given", ["text", "press", "photo"])
def test_a_step_that_is_gone_leads_to_an_apology_and_the_menu(given: str) -> None:
    talk = wages_talk()
    talk.at(step="gone")
    said = {
        "text": lambda: talk.hear("company"),
        "press": lambda: talk.press("wages.gone", "home"),
        "photo": lambda: talk.share("image"),
    }[given]()
    assert said == ["system.lost_step", "menu.topic"]
    assert Left("wages", "lost") in talk.events
    assert talk.session.shared["country"] == "QA"


def test_a_flow_that_is_gone_leads_to_the_menu_and_danger_still_wins() -> None:
    talk = wages_talk()
    talk.without("wages")
    before = talk.session
    assert talk.hear("company") == ["system.lost_step", "menu.topic"]
    talk.session = before
    assert talk.hear("he beats me", VIOLENCE) == ["violence.seen", "violence.safe"]
    talk.session = before
    assert talk.hear("human") == ["human.noted"]


def test_a_danger_step_that_is_gone_leads_to_a_human() -> None:
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    talk.at(step="gone")
    assert talk.hear("yes") == ["system.lost_step", "human.noted"]


def test_another_version_with_the_same_step_goes_on() -> None:
    talk = wages_talk()
    old = MATTERS[0]
    talk.change(flow("wages", old.steps[0], Say("new", "New"), *old.steps[1:], version="v2", on=old.starts_on))
    assert talk.press("wages.work", "company", "v1") == ["system.old_button>wages.work"]
    assert talk.session.top is not None
    assert talk.session.top.version == "v2"
    assert talk.press("wages.work", "company", "v2") == ["wages.employer"]


def test_a_question_that_became_another_kind_of_step_is_walked() -> None:
    talk = wages_talk()
    talk.change(flow("wages", Say("work", "W"), Ask("q", "?", slot="q", choices=YES_NO), version="v2"))
    assert talk.hear("company") == ["wages.work", "wages.q"]


def test_an_interrupted_step_that_is_gone_is_found_on_return() -> None:
    talk = wages_talk()
    talk.hear("law", means("ask_rights"))
    talk.without("wages")
    assert talk.hear("yes") == ["system.lost_step", "menu.topic"]


def test_an_action_that_is_gone_or_never_came_back() -> None:
    talk = Talk()
    talk.once(Heard("human"))
    before = talk.session
    assert talk.hear("hello?") == ["system.lost_step", "menu.topic"]
    talk.session = before
    talk.change(flow("human", Say("request", "Now a text"), level="system"))
    assert talk.give(Outcome("done")) == ["system.lost_step", "menu.topic"]


@pytest.mark.parametrize("target", ["nowhere", "flow:nowhere"])
def test_a_dangling_goto_is_lost_and_in_the_menu_it_ends(target: str) -> None:
    talk = Talk()
    talk.change(flow("f", Goto("g", target)), flow("g", Call("c", "nowhere")))
    assert talk.give(Started("f")) == ["system.lost_step", "menu.topic"]
    assert talk.give(Started("g")) == ["system.lost_step", "menu.topic"]
    talk.change(flow("menu", Goto("g", target)))
    assert talk.give(Started("f")) == ["system.lost_step", "system.lost_step"]
    assert talk.stack() == []
