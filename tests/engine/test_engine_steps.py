"""The vocabulary: say ask do if goto call end, slots, subflows, the step limit."""

from __future__ import annotations

import pytest

from bot.engine.engine import Turn, turn
from bot.engine.events import Asked, Called, Entered, Filled, Left, Said
from bot.engine.flow import Ask, Call, Choice, Do, End, Fill, Goto, If, Say
from bot.engine.inputs import Heard, Outcome, Started, TimedOut
from bot.engine.session import Frame, Session
from tests.engine.engine_world import FLOWS, RULES, YES_NO, FewWords, Talk, flow, make, means, wages_talk


def test_a_whole_complaint() -> None:
    talk = Talk()
    assert talk.hear("they do not pay", means("report_unpaid_wages")) == ["wages.country"]
    assert talk.hear("I am in Qatar") == ["wages.work"]
    assert talk.events[-1] == Asked("wages.work", "wages.work", "v1", ("home", "company"), {"country": "QA"})
    assert talk.hear("2") == ["wages.employer"]
    assert talk.hear("Some Company") == ["wages.owed"]
    assert talk.hear("3 months, 500 riyal") == ["consent.agree"]
    assert talk.stack() == ["wages", "consent"]
    before = talk.session
    assert talk.hear("yes") == ["wages.done"]
    assert Called("cases.open_case", {"kind": "unpaid_wages", "months": 3}, "wages.open") in talk.events
    assert Said("wages.done", {"reference": "123"}) in talk.events
    assert talk.stack() == []
    assert talk.session.shared == {"welcomed": True, "country": "QA"}
    assert before.stack[0].slots["owed_words"] == "3 months, 500 riyal"
    assert before.stack[1].slots["purpose"] == "case"


def test_a_call_waits_for_its_outcome_and_takes_it_once() -> None:
    talk = wages_talk()
    for text in ("company", "Boss", "3 month 5 riyal"):
        talk.hear(text)
    events = talk.once(Heard("yes"))
    assert isinstance(events[-1], Called)
    assert talk.session.top is not None
    assert talk.session.top.pending == "cases.open_case"
    assert talk.give(Outcome("refused")) == ["wages.no_case"]
    assert talk.give(Outcome("refused")) == []
    assert talk.events == ()


@pytest.mark.parametrize(
    ("name", "on", "said"),
    [
        ("good", {"good": "b", "else": "a"}, ["f.b"]),
        ("odd", {"good": "b", "else": "c"}, ["f.c"]),
        ("odd", {"good": "b"}, ["f.a", "f.b", "f.c"]),
        ("good", {"good": "", "else": "c"}, ["f.a", "f.b", "f.c"]),
        ("good", {"good": "flow:contacts"}, ["contacts.list"]),
    ],
)
def test_an_outcome_chooses_the_way(name: str, on: dict[str, str], said: list[str]) -> None:
    steps = (Do("do", "x.y", {}, on), Say("a", "A"), Say("b", "B"), Say("c", "C"))
    ends = {"a": False, "b": True, "c": True}
    if len(said) == 1:
        steps = tuple(x for s in steps for x in ((s, End(f"end-{s.id}")) if ends.get(s.id) else (s,)))
    talk = Talk(outcomes={"x.y": Outcome(name)})
    talk.change(flow("f", *steps))
    assert talk.give(Started("f")) == said


def test_outcome_slots_are_said_and_an_unknown_one_is_asked() -> None:
    talk = Talk(outcomes={"x.y": Outcome("ok", {"a": "seen", "b": None})})
    ask = Ask("b", "Tell b of {a}", fills=(Fill("b", "text"),))
    talk.change(flow("f", Do("do", "x.y"), ask))
    assert talk.give(Started("f", slots={"b": "old"})) == ["f.b"]
    assert talk.events[-1].slots == {"a": "seen"}  # type: ignore[union-attr]


def test_known_slots_are_not_asked() -> None:
    talk = Talk()
    heard = "no pay 3 month 500 riyal in Qatar"
    assert talk.hear(heard, means("report_unpaid_wages")) == ["wages.work"]
    assert [e for e in talk.events if isinstance(e, Filled)] == [
        Filled("wages", s) for s in ("country", "months", "amount")
    ]
    assert talk.session.shared["country"] == "QA"
    assert talk.hear("maid") == ["consent.agree"]


def test_shared_slots_are_known_in_other_flows_and_always_asks_anyway() -> None:
    talk = Talk(session=Session(shared={"country": "KW", "lang": "en"}))
    assert talk.hear("my rights", means("ask_rights")) == ["rights.law"]
    assert talk.events[1] == Said("rights.law", {"country": "KW"})
    assert talk.hear("language") == ["language.lang"]
    talk.hear("Nepali")
    assert talk.session.shared["lang"] == "ne"


def test_a_known_choice_is_passed_over_along_its_own_way() -> None:
    ask = Ask("w", "?", slot="w", choices=(Choice("a", "A", goto="far"), Choice("b", "B")))
    talk = Talk()
    talk.change(flow("f", ask, Say("near", "N"), End("e"), Say("far", "F")))
    assert talk.give(Started("f", slots={"w": "a"})) == ["f.far"]
    assert talk.give(Started("f", slots={"w": "b"})) == ["f.near"]
    assert talk.give(Started("f", slots={"w": "another flow's value"})) == ["f.w"]


def test_a_refusal_is_not_asked_again_in_this_flow_but_in_others() -> None:
    talk = Talk()
    talk.hear("pay", means("report_unpaid_wages"))
    assert talk.hear("I do not know") == ["wages.work"]
    assert "country" not in talk.session.shared
    assert talk.session.top is not None
    assert talk.session.top.slots == {"intent": "report_unpaid_wages", "country": None}
    assert talk.hear("rights", means("ask_rights")) == ["rights.country"]


def test_subflow_returns_where_it_was_called_and_its_refusal_is_taken_too() -> None:
    sub = flow("sub", Ask("x", "?", fills=(Fill("x", "text"),), skip=Choice("skip", "Skip")))
    talk = Talk()
    talk.change(
        sub,
        flow(
            "f", Call("c", "sub", {"y": "$none"}, {"x": "x"}), Ask("x", "?", fills=(Fill("x", "text"),)), Say("s", "S")
        ),
    )
    assert talk.give(Started("f")) == ["sub.x"]
    assert talk.session.top is not None
    assert "y" not in talk.session.top.slots
    assert talk.hear("skip") == ["f.s"]


def test_a_subflow_that_goes_elsewhere_still_comes_back_but_the_menu_does_not() -> None:
    talk = Talk()
    talk.change(
        flow("tail", Goto("g", "flow:contacts")),
        flow("away", Goto("g", "flow:menu")),
        flow("f", Call("c", "tail"), Say("s", "S"), Call("d", "away"), Say("t", "T")),
    )
    assert talk.give(Started("f")) == ["contacts.list", "f.s", "menu.topic"]
    assert talk.stack() == ["menu"]


def test_if_goto_and_end() -> None:
    talk = Talk()
    steps = (
        If("i", "known(a) and a != 2", "x", "flow:contacts"),
        Say("x", "X"),
        Goto("g", "y"),
        Say("z", "Z"),
        Say("y", "Y"),
    )
    talk.change(flow("f", *steps))
    assert talk.give(Started("f", slots={"a": 1})) == ["f.x", "f.y"]
    assert talk.give(Started("f", slots={"a": 2})) == ["contacts.list"]
    assert Left("f", "goto") in talk.events
    assert Entered("contacts", "goto") in talk.events


def test_an_endless_loop_ends_with_a_human_and_says_nothing_twice() -> None:
    talk = Talk()
    talk.change(flow("f", Say("a", "A"), Goto("g", "a")))
    assert talk.give(Started("f")) == ["f.a", "system.limit", "human.noted"]
    assert Left("f", "limit") in talk.events
    assert talk.stack() == []


def test_an_endless_loop_of_actions_ends_too() -> None:
    talk = Talk()
    talk.change(flow("f", Do("d", "x.y"), Goto("g", "d")))
    assert talk.give(Started("f"))[-2:] == ["system.limit", "human.noted"]
    assert sum(isinstance(e, Called) and e.action == "x.y" for e in talk.events) <= RULES.max_steps


@pytest.mark.parametrize(
    "human",
    [
        (Say("a", "A"), Goto("g", "a")),
        (Do("d", "x.y"), Goto("g", "d")),
        (Goto("g", "flow:f"),),
        (Call("c", "human"),),
    ],
)
def test_when_the_way_to_the_human_loops_everything_stops(human: tuple[Say | Goto | Do | Call, ...]) -> None:
    talk = Talk()
    talk.change(flow("f", Do("d", "x.y"), Goto("g", "d")), flow("human", *human))
    assert talk.give(Started("f"))[-1] == "system.limit"
    assert talk.stack() == []


def test_the_limit_counts_only_steps_with_nobody_asked() -> None:
    says = [Say(f"s{i}", "S") for i in range(60)]
    talk = Talk()
    talk.change(flow("f", *says, Ask("q", "?", slot="q", choices=YES_NO), *[Say(f"t{i}", "T") for i in range(60)]))
    assert talk.give(Started("f"))[-1] == "f.q"
    assert len(talk.hear("yes")) == 60


def test_a_flow_that_calls_itself_between_questions_is_a_loop() -> None:
    talk = Talk()
    talk.change(flow("f", Ask("q", "?", slot="q", choices=YES_NO), Call("c", "f")))
    talk.give(Started("f"))
    for _ in range(40):
        if "system.limit" in talk.hear("yes"):
            break
    else:
        raise AssertionError("the stack grows for ever")


def test_a_timer_goes_on_without_the_answer_and_only_for_the_open_question() -> None:
    talk = wages_talk()
    assert talk.give(TimedOut("wages.country")) == []
    assert talk.give(TimedOut("wages.work")) == ["wages.employer"]
    assert talk.session.top is not None
    assert talk.session.top.slots["work"] is None
    assert Session().top is None
    assert Talk().give(TimedOut("wages.work")) == []


def test_turn_is_a_value_and_events_are_a_tuple() -> None:
    got = turn(FLOWS, Session(), Started("nowhere"), words=FewWords(), readers={}, language="en", rules=RULES)
    assert got == Turn(Session(), ())


def test_started_goes_on_top_and_a_job_that_starts_twice_starts_anew() -> None:
    talk = wages_talk()
    assert talk.give(Started("proof", "job", {"case": 7})) == ["proof.photo"]
    assert talk.session.top is not None
    assert talk.session.top.slots == {"case": 7}
    talk.give(Started("proof", "job"))
    assert talk.stack() == ["wages", "proof"]


def test_an_old_frame_without_new_fields_can_be_read() -> None:
    old = {"v": 1, "stack": [{"flow": "f", "step": "s", "version": "v", "slots": {}, "asked": ["s"]}]}
    assert Session.from_json(old) == Session((Frame("f", "s", "v", {}, ("s",)),))


def test_empty_flows_do_nothing() -> None:
    talk = Talk(flows=make())
    assert talk.hear("hello", means("greet")) == []
    assert talk.hear("menu") == []
    assert talk.press("a.b", "c") == ["system.old_button"]
    assert talk.share("audio") == ["system.media_received"]


def test_the_person_s_new_value_takes_the_place_of_the_flow_s_own() -> None:
    country = Ask("country", "?", fills=(Fill("country", "country"),), shared=True, always=True)
    talk = Talk()
    talk.change(flow("f", country, Say("s", "{country}")))
    talk.give(Started("f", slots={"country": "NP"}))
    talk.hear("qatar")
    assert Said("f.s", {"country": "QA"}) in talk.events


def test_a_danger_flow_returns_to_who_called_it_but_not_to_who_did_not() -> None:
    talk = Talk(outcomes={})
    talk.change(
        flow("alarm", Say("a", "A"), level="danger"),
        flow("away", Goto("g", "flow:alarm")),
        flow("f", Call("c", "alarm"), Say("s", "S"), Call("d", "away"), Say("t", "T")),
    )
    assert talk.give(Started("f")) == ["alarm.a", "f.s", "alarm.a"]
    assert Left("f", "interrupted") in talk.events


def test_a_flow_started_above_a_running_action_loses_it_honestly() -> None:
    talk = Talk()
    talk.once(Heard("human"))
    assert talk.give(Started("contacts")) == ["contacts.list", "system.lost_step", "menu.topic"]


def test_a_subflow_gives_back_what_it_learned_of_the_person() -> None:
    talk = Talk(session=Session(shared={"welcomed": True, "country": "KW"}))
    sub = flow("sub", Ask("country", "?", fills=(Fill("country", "country"),), shared=True))
    talk.change(sub, flow("f", Call("c", "sub", {}, {"where": "country"}), Say("s", "{where}")))
    assert talk.give(Started("f")) == ["f.s"]
    assert Said("f.s", {"where": "KW"}) in talk.events
