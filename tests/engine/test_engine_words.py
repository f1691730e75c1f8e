"""First words, universal words and the way back: what they do to an open question."""

from __future__ import annotations

import pytest

from bot.engine.flow import Ask, Choice, Say
from bot.engine.inputs import Started
from bot.engine.session import Session
from tests.engine.engine_world import MATTERS, UNCLEAR, YES_NO, Talk, flow, means, wages_talk


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
