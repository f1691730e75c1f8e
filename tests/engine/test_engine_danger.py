"""Danger comes first: over every answer, every word and every other matter; what only may be danger is asked about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engine.events import Called, Entered, Left, NotUnderstood
from bot.engine.flow import Ask, Call, Say
from bot.engine.session import Session
from tests.engine.engine_world import SELF_HARM, VIOLENCE, YES_NO, Talk, flow, in_danger, means, wages_talk


def test_danger_comes_before_the_first_contact() -> None:
    talk = Talk(session=Session())
    assert talk.hear("he beats me", VIOLENCE) == ["violence.seen", "violence.safe"]
    assert talk.events[0] == Entered("violence", "danger")
    assert talk.events[1] == Called("cases.raise_alarm", {}, "violence.alarm")


@pytest.mark.parametrize("text", ["he beats me", "2", "company", "menu", "stop", "human", "delete", ""])
def test_danger_wins_over_every_answer_and_every_word(text: str) -> None:
    talk = wages_talk()
    assert talk.hear(text, VIOLENCE) == ["violence.seen", "violence.safe"]
    assert talk.stack() == ["wages", "violence"]


def test_after_danger_nothing_is_taken_up() -> None:
    talk = wages_talk()
    talk.hear("he beats me in Kuwait", VIOLENCE)
    assert talk.hear("yes") == ["violence.last"]
    assert Left("wages", "interrupted") in talk.events
    assert talk.stack() == []


def test_inside_danger_an_unreadable_answer_goes_on_and_is_kept() -> None:
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    assert talk.hear("my legs are hurting") == ["violence.country"]
    assert (talk.slot("safe"), talk.slot("safe_words")) == (None, "my legs are hurting")
    assert talk.hear("x") == ["violence.last"]


def test_inside_danger_more_danger_is_an_answer() -> None:
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    assert talk.hear("he beats me again in qatar", VIOLENCE) == ["violence.last"]
    assert talk.session.shared["country"] == "QA"
    assert sum(isinstance(e, Called) for e in talk.events) == 0


def test_a_graver_danger_breaks_into_danger_and_what_is_below_is_dropped() -> None:
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    assert talk.hear("I want to die", in_danger("express_self_harm", "ask")) == ["self_harm.alone"]
    assert talk.stack() == ["violence", "self_harm"]
    assert talk.hear("I want to die", SELF_HARM) == []
    assert talk.stack() == []


def test_danger_goes_back_to_a_danger_flow_that_was_left_for_a_word() -> None:
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    assert talk.hear("language") == ["language.lang"]
    assert talk.hear("he is coming", VIOLENCE) == ["violence.country"]
    assert talk.stack() == ["violence"]
    assert talk.slot("safe_words") == "he is coming"
    assert NotUnderstood("violence.safe", 1) in talk.events


def test_a_danger_flow_is_not_left_for_another_matter() -> None:
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    assert talk.hear("what are my rights", means("ask_rights")) == ["violence.country"]


def test_a_danger_that_calls_a_subflow_is_still_danger() -> None:
    where = flow("where", Ask("w", "?", slot="w", choices=YES_NO), Ask("v", "?", slot="v", choices=YES_NO))
    talk = Talk()
    talk.change(where, flow("violence", Call("c", "where"), Say("last", "L"), level="danger", on=("report_violence",)))
    assert talk.hear("help me please", VIOLENCE) == ["where.w"]
    assert talk.hear("he is here", VIOLENCE) == ["where.v"]
    assert talk.hear("hm") == ["violence.last"]


def test_a_danger_without_a_flow_goes_to_a_human() -> None:
    assert Talk().hear("hurt", in_danger("report_medical")) == ["human.noted"]
    assert Talk().hear("hurt", in_danger("report_medical", "ask")) == ["human.noted"]
    assert wages_talk().hear("hurt", in_danger("report_medical", "ask")) == ["human.noted"]


def test_danger_to_be_asked_about_is_an_ordinary_matter_of_full_confidence() -> None:
    gentle = in_danger("report_violence", "ask")
    talk = wages_talk()
    assert talk.hear("company", gentle) == ["wages.employer"]
    assert talk.hear("I am afraid of him", gentle) == ["violence.seen", "violence.safe"]
    assert talk.events[0] == Entered("violence", "intent")
    assert Talk(session=Session()).hear("afraid", gentle) == ["violence.seen", "violence.safe"]


GENTLE = flow("gentle", Ask("okay", "Okay?", slot="okay", choices=YES_NO), level="danger")
DOUBT = in_danger("report_violence", "ask")


def gently(talk: Talk) -> Talk:
    """With a flow that asks about what only may be danger."""
    talk.change(GENTLE)
    return talk


def test_what_only_may_be_danger_is_asked_about_when_there_is_a_flow_for_it() -> None:
    talk = gently(wages_talk())
    assert talk.hear("company", DOUBT) == ["wages.employer"]  # an exact answer is one
    assert talk.hear("I am afraid of him", DOUBT) == ["gentle.okay"]
    assert talk.hear("yes") == ["wages.employer"]
    assert talk.stack() == ["wages"]


def test_danger_said_to_the_gentle_question_and_doubt_said_again_are_no_longer_asked_about() -> None:
    for said in (VIOLENCE, DOUBT):
        talk = gently(wages_talk())
        assert talk.hear("I am afraid of him", DOUBT) == ["gentle.okay"]
        assert talk.hear("he is here", said) == ["violence.seen", "violence.safe"]
        assert talk.stack() == ["wages", "violence"]


def test_a_wish_that_came_with_the_doubt_follows_with_its_words() -> None:
    both = replace(DOUBT, intent="report_unpaid_wages", confidence=0.9)
    talk = gently(Talk())
    assert talk.hear("no pay in qatar and I am afraid", both) == ["gentle.okay"]
    talk.hear("yes")
    assert talk.stack() == ["wages"]
    assert talk.session.shared["country"] == "QA"
    weak = replace(both, confidence=0.3)
    talk = gently(Talk())
    assert talk.hear("no pay and I am afraid", weak) == ["gentle.okay"]
    assert talk.hear("yes")[0].startswith("menu.")


def test_another_clear_matter_is_a_yes_to_the_gentle_question() -> None:
    talk = gently(Talk())
    talk.hear("I am afraid of him", DOUBT)
    talk.hear("it is about my pay", means("report_unpaid_wages"))
    assert talk.stack() == ["wages"]
    talk = gently(Talk())
    talk.hear("I am afraid of him", DOUBT)
    assert talk.hear("nope", means("greet")) == []  # not read: the flow goes on with what it does then
    assert talk.stack() == []


def test_an_edit_is_not_asked_about() -> None:
    assert gently(Talk()).hear("he beats me", DOUBT, edited=True) == ["violence.seen", "violence.safe"]


def test_a_serious_matter_on_the_page_tier_is_an_answer_in_its_own_flow() -> None:
    page = in_danger("report_death")
    talk = wages_talk()
    assert talk.hear("my brother died", page) == ["death.who"]
    assert talk.hear("my brother, he died", page) == ["death.where"]
    assert talk.slot("who") == "my brother, he died"


def test_danger_in_an_edit_counts_and_nothing_else_in_an_edit() -> None:
    talk = wages_talk()
    before = talk.session
    assert talk.hear("company", edited=True) == []
    assert talk.hear("stop", edited=True) == []
    assert talk.session == before
    assert talk.hear("he beats me", in_danger("report_violence", "ask"), edited=True) == [
        "violence.seen",
        "violence.safe",
    ]
    assert talk.hear("he beats us", VIOLENCE, edited=True) == []
    assert talk.slot("safe") is None
    assert talk.stack() == ["wages", "violence"]


def test_danger_in_a_caption_counts() -> None:
    assert wages_talk().share("image", "he did this", VIOLENCE) == ["violence.seen", "violence.safe"]


def test_a_voice_inside_danger_goes_on_and_a_photo_does_not() -> None:
    talk = Talk()
    talk.hear("he beats me", VIOLENCE)
    assert talk.share("image") == ["system.media_received"]
    assert talk.share("audio") == ["system.media_received", "violence.country"]
