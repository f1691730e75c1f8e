"""Whatever happens: no input raises, JSON changes nothing, danger is never lost, nothing grows without end."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.engine.events import Called, Entered, Said
from bot.engine.flow import Ask, Call, Choice, Do, End, Goto, If, Say
from bot.engine.inputs import Danger, Heard, Input, Meaning, Outcome, Pressed, Resumed, Shared, Started, TimedOut
from bot.engine.session import Session
from tests.engine.engine_world import COUNTRIES, FLOWS, SYSTEM, UNIVERSAL, YES_NO, Talk, flow, make

STEPS = [f"{f.name}.{s.id}" for f in FLOWS.by_name.values() for s in f.steps]
INTENTS = [*FLOWS.by_intent, "nlu_fallback", "affirm", "report_medical"]
OPTIONS = ["yes", "no", "home", "company", "skip", "wages", "rights", "nothing", "en", "ne"]

dangers = st.builds(Danger, st.sampled_from([*FLOWS.by_intent, "report_medical"]), st.sampled_from(["page", "ask"]))
meanings = st.builds(
    Meaning,
    st.sampled_from(INTENTS),
    st.floats(0, 1),
    st.dictionaries(st.sampled_from(["country", "months", "x"]), st.text(max_size=5) | st.integers(0, 9), max_size=2),
    st.none() | st.none() | st.none() | dangers,
)
words = st.sampled_from([*UNIVERSAL, *OPTIONS, *COUNTRIES, "1", "2", "3", "3 month", "9 riyal"])
texts = words | words | st.text(max_size=30) | st.lists(words, min_size=2, max_size=3).map("\n".join)
kinds = st.sampled_from(["image", "audio", "video", "document", "location", "contact", "sticker", "unknown"])
heards = st.builds(Heard, texts, meanings)
inputs: st.SearchStrategy[Input] = st.one_of(
    heards,
    heards,
    heards,
    st.builds(Heard, texts, meanings, st.just(True)),
    st.builds(Pressed, st.sampled_from(STEPS), st.sampled_from(OPTIONS), st.sampled_from(["v1", "v0"])),
    st.builds(Shared, kinds, st.just("ref"), texts | st.just(""), meanings),
    st.builds(Outcome, st.sampled_from(["opened", "done", ""]), st.just({"country": None})),
    st.builds(TimedOut, st.sampled_from(STEPS)),
    st.builds(Resumed),
    st.builds(Started, st.sampled_from([*FLOWS.by_name, "nowhere"]), st.just("job"), st.just({"months": 2})),
)
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(st.lists(inputs, max_size=25), st.booleans())
def test_no_input_raises_and_json_changes_nothing(given_inputs: list[Input], known: bool) -> None:
    talk = Talk(session=Session(shared={"welcomed": True} if known else {}))
    for one in given_inputs:
        talk.give(one)  # compares the turn with and without JSON
        assert len(talk.session.stack) <= len(FLOWS.by_name)
        assert talk.session.top is None or talk.session.top.waiting
        assert all(f.waiting or above for f, above in zip(talk.session.stack, talk.session.stack[1:], strict=False))


@relaxed
@given(st.lists(inputs, max_size=12), texts)
def test_danger_is_answered_in_any_state(before: list[Input], text: str) -> None:
    talk = Talk(session=Session())
    for one in before:
        talk.give(one)
    in_danger = {f.flow for f in talk.session.stack} & {"violence", "self_harm"}
    talk.hear(text, Meaning("nlu_fallback", 0.0, danger=Danger("report_violence")))
    if in_danger:
        assert Entered("violence", "danger") not in talk.events
    else:
        assert talk.events[0] == Entered("violence", "danger")
        assert Called("cases.raise_alarm", {}, "violence.alarm") in talk.events


@relaxed
@given(st.lists(inputs, max_size=12))
def test_a_human_can_be_had_in_any_state(before: list[Input]) -> None:
    talk = Talk(session=Session())
    for one in before:
        talk.give(one)
    talk.hear("human")
    assert "human.noted" in talk.lines()
    assert talk.stack() == []


targets = st.sampled_from(["", "", "a", "b", "c", "gone", "flow:f", "flow:g", "flow:menu", "flow:human", "flow:gone"])


@st.composite
def wild_flows(draw: st.DrawFn) -> Any:
    """Flows that `saathi check` would refuse: loops, dangling targets, calls of themselves."""

    def step(name: str) -> Any:
        kind = draw(st.integers(0, 6))
        choices = (Choice("yes", "Yes", goto=draw(targets)), YES_NO[1])
        return [
            Say(name, "S"),
            Ask(name, "?", slot=name, choices=choices, always=draw(st.booleans())),
            Do(name, "x.y", {}, {"else": draw(targets)}),
            If(name, "known(a)", draw(targets), draw(targets)),
            Goto(name, draw(targets)),
            Call(name, draw(st.sampled_from(["f", "g", "human", "menu", "gone"]))),
            End(name),
        ][kind]

    levels = st.sampled_from(["danger", "serious", "information", "system"])
    wild = [
        flow(n, *(step(s) for s in "abc"), level=draw(levels))
        for n in ("f", "g", draw(st.sampled_from(["human", "menu", "h"])))
    ]
    return make(*{f.name: f for f in (*SYSTEM, *wild)}.values())


@relaxed
@given(wild_flows(), st.lists(st.sampled_from(["yes", "no", "menu", "human", "back", "?"]), max_size=15))
def test_wild_flows_end_or_wait_and_the_limit_holds(flows: Any, answers: list[str]) -> None:
    talk = Talk(flows=flows, session=Session(shared={"welcomed": True}))
    talk.give(Started("f"))
    for text in answers:
        talk.hear(text)
        assert len(talk.events) < 1200
        said = [e for e in talk.events if isinstance(e, Said)]
        assert len(said) <= 2 * talk.rules.max_steps + 10
        assert len(talk.session.stack) <= 40
