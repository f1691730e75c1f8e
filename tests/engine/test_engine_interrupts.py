"""Another clear matter interrupts an open one, and what was open is taken up again."""

from __future__ import annotations

import pytest

from bot.engine.flow import Ask, Choice, Fill
from bot.engine.inputs import Resumed, Started
from bot.engine.session import Session
from tests.engine.engine_world import (
    FLOWS,
    MATTERS,
    RULES,
    SYSTEM,
    VIOLENCE,
    YES_NO,
    Talk,
    flow,
    make,
    means,
    wages_talk,
)


def test_another_matter_interrupts_and_asks_whether_to_go_on() -> None:
    talk = wages_talk()
    assert talk.hear("what is the law", means("ask_rights")) == ["rights.law", "resume.continue"]
    assert talk.stack() == ["wages", "resume"]
    assert talk.hear("ok") == ["wages.work"]


def test_no_drops_what_was_interrupted() -> None:
    talk = wages_talk()
    talk.hear("what is the law", means("ask_rights"))
    assert talk.hear("no") == []
    assert talk.stack() == []


def test_the_resume_flow_may_lead_elsewhere_without_asking_again() -> None:
    talk = wages_talk()
    no = Choice("no", "No", goto="flow:menu")
    talk.change(flow("resume", Ask("continue", "?", slot="continue", choices=(YES_NO[0], no)), level="system"))
    talk.hear("what is the law", means("ask_rights"))
    assert talk.hear("no") == ["menu.topic"]
    assert talk.stack() == ["menu"]


@pytest.mark.parametrize(
    "meaning", [means("ask_rights", 0.69), means("report_unpaid_wages"), means("greet"), means("stop_messages")]
)
def test_what_is_not_clearly_another_matter_does_not_interrupt(meaning: object) -> None:
    assert wages_talk().hear("hm", meaning) == ["system.retry>wages.work"]  # type: ignore[arg-type]


def test_a_human_and_another_language_may_be_asked_for_in_many_words() -> None:
    assert wages_talk().hear("can I talk to a person", means("talk_to_human")) == ["human.noted"]
    talk = wages_talk()
    assert talk.hear("write Nepali please", means("change_language")) == ["language.lang"]
    assert talk.hear("Nepali") == ["wages.work"]


def test_an_interrupted_matter_that_is_named_again_goes_on_where_it_was() -> None:
    talk = wages_talk()
    talk.session = Session(talk.session.stack, {"welcomed": True})
    assert talk.hear("law", means("ask_rights")) == ["rights.country"]
    assert talk.hear("my 4 month pay", means("report_unpaid_wages")) == ["wages.work"]
    assert talk.slot("months") == 4
    assert talk.stack() == ["wages"]


def test_from_the_menu_a_matter_needs_less_confidence_and_the_menu_is_not_taken_up() -> None:
    talk = Talk()
    talk.hear("menu")
    assert talk.hear("addresses", means("ask_contacts", 0.55)) == ["contacts.list"]
    assert talk.stack() == []


def test_a_matter_may_interrupt_a_subflow() -> None:
    talk = Talk()
    talk.hear("pay 3 month 5 riyal in qatar", means("report_unpaid_wages"))
    assert talk.hear("maid") == ["consent.agree"]
    assert talk.hear("addresses", means("ask_contacts")) == ["contacts.list", "resume.continue"]
    assert talk.hear("yes") == ["consent.agree"]
    assert talk.hear("yes") == ["wages.done"]


def test_without_a_resume_flow_the_question_is_asked_again() -> None:
    talk = wages_talk()
    talk.without("resume")
    assert talk.hear("addresses", means("ask_contacts")) == ["contacts.list", "wages.work"]


def test_a_started_flow_returns_like_another_matter_but_not_above_danger() -> None:
    talk = wages_talk()
    assert talk.give(Started("contacts", "job")) == ["contacts.list", "resume.continue"]
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    assert talk.give(Started("contacts", "anna")) == ["contacts.list", "violence.safe"]


def test_a_question_that_was_answered_meanwhile_is_not_asked_again() -> None:
    talk = Talk()
    talk.hear("pay", means("report_unpaid_wages"))
    assert talk.hear("law?", means("ask_rights")) == ["rights.country"]
    talk.hear("qatar")
    assert talk.hear("yes") == ["wages.work"]


def test_a_human_gives_the_conversation_back() -> None:
    talk = wages_talk()
    assert talk.give(Resumed("done")) == []
    assert talk.stack() == []
    assert talk.session.shared["country"] == "QA"


def test_rules_have_working_defaults() -> None:
    assert RULES.max_steps == 100
    assert make(*SYSTEM, *MATTERS) == FLOWS
    assert Fill("a", "text").args == {}
