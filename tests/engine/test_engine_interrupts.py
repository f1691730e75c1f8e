"""Danger, universal words, another matter, first contact: what breaks into a conversation, and what it returns to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engine.events import Called, Entered, Left, NotUnderstood
from bot.engine.flow import Ask, Call, Choice, Fill, Goto, Say
from bot.engine.inputs import Heard, Outcome, Resumed, Started
from bot.engine.session import Session
from tests.engine.engine_world import (
    FLOWS,
    MATTERS,
    RULES,
    SYSTEM,
    UNCLEAR,
    YES_NO,
    Talk,
    flow,
    in_danger,
    make,
    means,
    wages_talk,
)

VIOLENCE = in_danger("report_violence")
SELF_HARM = in_danger("express_self_harm")


# -- danger


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


# -- the first contact


@pytest.mark.parametrize(
    "meaning", [UNCLEAR, means("greet"), means("show_menu"), means("report_unpaid_wages", 0.4), means("thank")]
)
def test_the_first_contact_is_welcomed(meaning: object) -> None:
    talk = Talk(session=Session())
    assert talk.hear("pay of 3 month", meaning) == ["welcome.hello", "welcome.lang"]  # type: ignore[arg-type]
    assert talk.session.heard == "pay of 3 month"
    assert talk.hear("1") == ["menu.topic"]
    assert {k: v for k, v in talk.session.shared.items() if k != "said"} == {"lang": "en", "welcomed": True}
    assert talk.hear("my pay") == ["wages.country"]
    assert talk.slot("months") == 3
    assert talk.session.heard == ""


def test_who_says_at_once_what_it_is_about_is_not_welcomed_first() -> None:
    talk = Talk(session=Session())
    assert talk.hear("not paid", means("report_unpaid_wages", 0.5)) == ["wages.country"]
    assert "welcomed" not in talk.session.shared


def test_first_words_that_are_universal() -> None:
    assert Talk(session=Session()).hear("menu") == ["welcome.hello", "welcome.lang"]
    assert Talk(session=Session()).hear("help") == ["human.noted"]
    assert Talk(session=Session()).hear("stop") == ["stop.stopped"]
    assert Talk(session=Session()).hear("start") == ["start.again", "welcome.hello", "welcome.lang"]
    assert Talk().hear("start") == ["start.again"]


def test_a_matter_interrupts_the_welcome_which_is_not_taken_up() -> None:
    talk = Talk(session=Session())
    talk.hear("hi")
    assert talk.hear("my rights in qatar", means("ask_rights")) == ["rights.law"]
    assert talk.stack() == []
    assert talk.hear("hi") == ["welcome.hello", "welcome.lang"]


@pytest.mark.parametrize("meaning", [UNCLEAR, means("greet"), means("goodbye")])
def test_later_words_that_start_nothing_show_the_menu(meaning: object) -> None:
    talk = Talk()
    assert talk.hear("hm", meaning) == ["menu.topic"]  # type: ignore[arg-type]


# -- universal words


@pytest.mark.parametrize("word", ["human", "help", "HELP", "0", "please\nhelp", "stop", "delete", "delete\ndelete"])
def test_human_stop_and_delete_win_over_the_expected_answer(word: str) -> None:
    talk = Talk()
    options = (Choice("a", "Help"), Choice("stop", "Stop"), Choice("delete", "Delete"))
    talk.change(flow("f", Ask("q", "?", slot="q", choices=options), Ask("r", "?", slot="r", choices=YES_NO)))
    talk.give(Started("f"))
    assert talk.hear(word)[0].split(".")[0] in ("human", "stop", "delete")


@pytest.mark.parametrize("word", ["menu", "status", "language", "clear", "back", "start", "9"])
def test_other_words_give_way_to_the_expected_answer(word: str) -> None:
    talk = Talk()
    talk.change(flow("f", Ask("q", "?", slot="q", choices=(Choice("a", word), Choice("b", "B"))), Say("s", "S")))
    talk.give(Started("f"))
    assert talk.hear(word) == ["f.s"]


@pytest.mark.parametrize("word", ["menu", "status", "language", "clear", "start", "9"])
def test_free_text_does_not_swallow_a_universal_word(word: str) -> None:
    talk = wages_talk()
    talk.hear("company")
    assert talk.hear(word)[0] != "wages.owed"
    assert talk.slot("employer") is None


def test_free_text_swallows_other_words_even_of_another_matter() -> None:
    talk = wages_talk()
    talk.hear("company")
    assert talk.hear("they kept my passport, stop", means("ask_rights")) == ["wages.owed"]
    assert talk.slot("employer") == "they kept my passport, stop"


def test_stop_is_the_whole_message_and_human_may_be_one_of_several() -> None:
    assert wages_talk().hear("please\nstop") == ["system.retry>wages.work"]
    assert wages_talk().hear("stop\nSTOP") == ["stop.stopped"]
    assert wages_talk().hear("hm\nhuman\nhm") == ["human.noted"]


@pytest.mark.parametrize("word", ["human", "stop", "clear"])
def test_after_the_last_words_nothing_is_taken_up(word: str) -> None:
    talk = wages_talk()
    assert len(talk.hear(word)) == 1
    assert talk.stack() == []


def test_delete_asks_and_then_nothing_is_taken_up() -> None:
    talk = wages_talk()
    assert talk.hear("delete") == ["delete.sure"]
    assert talk.hear("yes") == ["delete.deleted"]
    assert talk.stack() == []


def test_small_questions_return_to_the_open_one_without_a_question() -> None:
    talk = wages_talk()
    assert talk.hear("status") == ["status.state", "wages.work"]
    assert talk.hear("language") == ["language.lang"]
    assert talk.hear("language") == ["language.lang"]
    assert talk.hear("status") == ["status.state", "language.lang"]
    assert talk.hear("ne") == ["wages.work"]


def test_the_menu_asks_whether_to_go_on_only_when_answers_would_be_lost() -> None:
    talk = wages_talk()
    assert talk.hear("menu") == ["menu.topic"]
    assert talk.hear("menu") == ["menu.topic"]
    assert talk.stack() == ["wages", "menu"]
    assert talk.hear("nothing") == ["resume.continue"]
    assert talk.hear("yes") == ["wages.work"]
    talk = Talk()
    talk.hear("pay", means("report_unpaid_wages"))
    talk.hear("menu")
    assert talk.stack() == ["menu"]


def test_the_same_matter_from_the_menu_goes_on_where_it_was() -> None:
    talk = wages_talk()
    talk.hear("menu")
    assert talk.hear("my pay") == ["wages.work"]
    assert talk.stack() == ["wages"]


def test_a_word_without_a_flow_is_no_command() -> None:
    talk = wages_talk()
    talk.without("status")
    assert talk.hear("status") == ["system.retry>wages.work"]


def test_a_word_inside_its_own_flow_is_first_an_answer() -> None:
    talk = Talk()
    sure = Ask("sure", "?", slot="sure", choices=(Choice("delete", "Delete"), Choice("no", "No")))
    talk.change(flow("delete", sure, Say("gone", "G"), level="system"))
    assert talk.hear("delete") == ["delete.sure"]
    assert talk.hear("delete") == ["delete.gone"]


# -- back


def test_back_forgets_the_answer_and_asks_again() -> None:
    talk = wages_talk()
    talk.hear("company")
    assert talk.hear("back") == ["wages.work"]
    assert talk.slot("work") is None
    assert talk.hear("पछाडि") == ["wages.country"]
    assert "country" not in talk.session.shared
    assert talk.hear("back") == ["system.nothing_to_go_back>wages.country"]
    assert talk.hear("kuwait") == ["wages.work"]
    assert talk.hear("maid") == ["wages.owed"]
    assert talk.hear("back") == ["wages.work"]


def test_back_with_nothing_open_is_the_menu() -> None:
    assert Talk().hear("back") == ["menu.topic"]


def test_back_passes_questions_that_are_gone() -> None:
    talk = wages_talk()
    talk.hear("company")
    wages = MATTERS[0]
    talk.change(flow("wages", wages.steps[0], *wages.steps[2:], version="v2"))
    assert talk.hear("back") == ["wages.country"]


# -- another matter


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


# -- files where words were asked


def test_photos_are_received_and_the_question_is_asked_once_more_only() -> None:
    talk = wages_talk()
    assert talk.share("image") == ["system.media_received>wages.work"]
    assert talk.share("image") == ["system.media_received"]
    assert talk.hear("company") == ["wages.employer"]
    assert talk.share("image") == ["system.media_received>wages.employer"]


def test_a_caption_is_heard() -> None:
    assert wages_talk().share("image", "company") == ["system.media_received", "wages.employer"]
    assert Talk().share("image", "law", means("ask_contacts")) == ["system.media_received", "contacts.list"]


def test_voices_lead_to_a_human() -> None:
    assert Talk(session=Session()).share("audio") == ["system.media_received", "human.noted"]
    talk = wages_talk()
    assert talk.share("audio") == ["system.media_received>wages.work"]
    assert talk.share("audio") == ["system.retry_help>wages.work"]
    assert talk.share("audio") == ["system.media_received", "human.noted"]


def test_files_with_nothing_open() -> None:
    assert Talk().share("image") == ["system.media_received"]
    assert Talk(session=Session()).share("location") == ["system.media_received", "welcome.hello", "welcome.lang"]


# -- flows that changed, frames that stand still


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


def test_a_human_gives_the_conversation_back() -> None:
    talk = wages_talk()
    assert talk.give(Resumed("done")) == []
    assert talk.stack() == []
    assert talk.session.shared["country"] == "QA"


def test_rules_have_working_defaults() -> None:
    assert RULES.max_steps == 100
    assert make(*SYSTEM, *MATTERS) == FLOWS
    assert Fill("a", "text").args == {}
