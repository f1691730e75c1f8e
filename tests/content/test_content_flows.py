"""Flows from YAML: every kind of step, and every mistake at its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.flows import load_flows
from bot.content.source import ContentError, Problem
from bot.content.steps import ID
from bot.engine.flow import Ask, Call, Choice, Do, End, Fill, Flow, Flows, Goto, If, Say
from bot.engine.messages import Sensitivity
from bot.settings import ROOT

LANGUAGES = (Choice("en", "English", synonyms=("inglish",)), Choice("ne", "नेपाली"))
REAL = {p.stem: yaml.load(p.read_text("utf-8"), Loader=yaml.CBaseLoader) for p in (ROOT / "flows").glob("*.yml")}


def _load(root: Path, text: str, name: str = "some") -> Flows:
    (root / "flows").mkdir(exist_ok=True)
    (root / "flows" / f"{name}.yml").write_text(text, "utf-8")
    return load_flows(root, LANGUAGES)[0]


def _flow(root: Path, steps: str, head: str = "") -> Flow:
    return _load(root, f"flow: some\n{head}steps:\n{steps}").by_name["some"]


def _problems(root: Path, text: str) -> list[str]:
    with pytest.raises(ContentError) as caught:
        _load(root, text)
    return [str(p) for p in caught.value.problems]


EVERYTHING = """\
flow: some
title: Everything that a flow can hold
level: grievance
starts_on: [report_unpaid_wages, greet]
budget: {sms: 7}
listens:
  country: {type: country}
  months: {type: number, unit: month}
steps:
  - ask: work
    say: What kind of work?
    sms: What work? {options}
    options:
      - {id: home, label: In a house, sms: house, synonyms: [maid, "2"], goto: owed}
      - {id: "yes", label: "Yes"}
    slot: kind
    keep: words
    skip: {label: I do not know, sms: dont know, synonyms: [unknown], goto: owed}
    always: true
    shared: true
    safety: true
    sensitivity: secret
  - ask: owed
    say: How many months, and how much?
    fills:
      months: {type: number, unit: month}
      amount: {type: amount}
  - ask: where
    say: Which country?
    type: country
  - ask: language
    say: Which language?
    options: languages
    first: language_guess
  - if: known(country) and kind == "home"
    then: rest
    else: flow:menu
  - say: rest
    text: Number {reference}
    sms: "No. {reference}"
    sensitivity: private
  - do: open
    action: cases.open_case
    with: {kind: unpaid_wages, months: $months}
    on: {opened: done}
  - call: may_we
    flow: consent
    with: {purpose: case}
    take: {agreed: agreed}
  - goto: flow:menu
  - end: done
  - end
"""


def test_every_kind_of_step_becomes_its_value(tmp_path: Path) -> None:
    flow = _load(tmp_path, EVERYTHING).by_name["some"]
    home = Choice("home", "In a house", "house", ("maid", "2"), "owed")
    months = Fill("months", "number", {"unit": "month"})
    assert flow.steps == (
        Ask(
            "work",
            "What kind of work?",
            slot="kind",
            sms="What work? {options}",
            choices=(home, Choice("yes", "Yes")),
            keep="words",
            skip=Choice("skip", "I do not know", "dont know", ("unknown",), "owed"),
            always=True,
            shared=True,
            sensitivity=Sensitivity.SECRET,
            safety=True,
            source="flows/some.yml:10",
        ),
        Ask(
            "owed",
            "How many months, and how much?",
            slot="owed",
            fills=(months, Fill("amount", "amount")),
            source="flows/some.yml:23",
        ),
        Ask("where", "Which country?", slot="where", fills=(Fill("where", "country"),), source="flows/some.yml:28"),
        Ask(
            "language",
            "Which language?",
            slot="language",
            choices=LANGUAGES,
            first="language_guess",
            source="flows/some.yml:31",
        ),
        If("if_5", 'known(country) and kind == "home"', "rest", "flow:menu", "flows/some.yml:35"),
        Say("rest", "Number {reference}", "No. {reference}", Sensitivity.PRIVATE, False, "flows/some.yml:38"),
        Do(
            "open",
            "cases.open_case",
            {"kind": "unpaid_wages", "months": "$months"},
            {"opened": "done"},
            "flows/some.yml:42",
        ),
        Call("may_we", "consent", {"purpose": "case"}, {"agreed": "agreed"}, "flows/some.yml:46"),
        Goto("goto_9", "flow:menu", "flows/some.yml:50"),
        End("done", "flows/some.yml:51"),
        End("end_11", "flows/some.yml:52"),
    )
    assert (flow.level, flow.sms_budget, flow.starts_on) == ("grievance", 7, ("report_unpaid_wages", "greet"))
    assert flow.listens == (Fill("country", "country"), months)


@pytest.mark.parametrize(
    ("steps", "line", "said"),
    [
        ("  - hello: a\n", 3, "a step begins with one of"),
        ("  - 3\n", 3, "this is no step: 3"),
        ("  - sya\n", 3, "a step begins with one of"),
        ("  - say: A-B\n    text: x\n", 3, "small letters, digits and _: A-B"),
        ("  - say: aaaaaaaaaaaaaaaaaaaaaaaaa\n    text: x\n", 3, "at most 24"),
        ("  - say: a\n    text: x\n  - say: a\n    text: y\n", 5, "used by the step at line 3"),
        ("  - say: a\n", 3, "`text:` is missing"),
        ("  - say: a\n    text: ''\n", 4, "`text:` must be words"),
        ("  - say: a\n    text: x\n    sms: [y]\n", 5, "`sms:` must be words"),
        ("  - say: a\n    text: x\n    smss: y\n", 5, "`say` has no `smss`"),
        ("  - say: a\n    text: x {options}\n", 4, "stands only in `sms:`"),
        ("  - say: a\n    text: x {Name}\n", 4, "a brace"),
        ("  - say: a\n    text: x\n    sms: x {a\n", 5, "a brace"),
        ("  - say: a\n    text: x\n    safety: 1\n", 5, "true or false"),
        ("  - say: a\n    text: x\n    sensitivity: open\n", 5, "one of neutral, private, secret"),
        ("  - ask: a\n    say: x\n", 3, "one of `options:`, `type:` and `fills:`"),
        ("  - ask: a\n    say: x\n    type: text\n    fills: {b: {type: text}}\n", 3, "one of `options:`"),
        ("  - ask: a\n    say: x\n    type: numbr\n", 5, "not numbr"),
        ("  - ask: a\n    say: x\n    type: text\n    unit: month\n", 6, "the type text has no `unit`"),
        ("  - ask: a\n    say: x\n    fills: {b: {unit: month}}\n", 5, "`type:` of b is missing"),
        ("  - ask: a\n    say: x\n    fills:\n      b: number\n", 6, "`b:` must be a mapping"),
        ("  - ask: a\n    say: x\n    options: lanugages\n", 5, "`options:` must be a list"),
        ("  - ask: a\n    say: x\n    options: []\n", 5, "at least one option"),
        ("  - ask: a\n    say: x\n    options:\n      - {id: b}\n", 6, "`label:` is missing"),
        ("  - ask: a\n    say: x\n    options:\n      - {id: b, label: true}\n", 6, 'write "true" in quotes'),
        ("  - ask: a\n    say: x\n    options:\n      - {id: b|c, label: d}\n", 6, "an option's id"),
        (
            "  - ask: a\n    say: x\n    options:\n      - {id: b, label: c}\n      - {id: b, label: d}\n",
            7,
            "two options",
        ),
        ("  - ask: a\n    say: x\n    options:\n      - {id: b, label: c, synonyms: ok}\n", 6, "must be a list"),
        ("  - ask: a\n    say: x\n    options:\n      - {id: b, label: c, synonyms: [[d]]}\n", 6, "that is no word"),
        ("  - ask: a\n    say: x\n    options:\n      - {id: b, label: c, to: d}\n", 6, "an option has no `to`"),
        ("  - ask: a\n    say: x\n    type: text\n    skip: no\n", 6, "`skip:` must be a mapping"),
        ("  - do: a\n    on: {b: c}\n", 3, "`action:` is missing"),
        ("  - do: a\n    action: b.c\n    on: [d]\n", 5, "`on:` must be a mapping"),
        ("  - do: a\n    action: b.c\n    on:\n      d:\n", 6, "`d:` is missing"),
        ("  - if: x\n", 3, "`then:` is missing"),
        ("  - goto:\n", 3, "`goto:` is missing"),
        ("  - call: a\n", 3, "`flow:` is missing"),
    ],
)
def test_each_mistake_in_a_step_has_its_line(tmp_path: Path, steps: str, line: int, said: str) -> None:
    found = _problems(tmp_path, f"flow: some\nsteps:\n{steps}  - end\n")
    assert any(p.startswith(f"flows/some.yml:{line}: ") and said in p for p in found), found


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ("flow: other\n", 1, "is the name of the file"),
        ("title: x\n", 1, "`flow:` is missing"),
        ("flow: some\nlevle: x\n", 2, "a flow has no `levle`"),
        ("flow: some\nlevel: grave\n", 2, "not grave"),
        ("flow: some\nstarts_on: greet\n", 2, "must be a list"),
        ("flow: some\nbudget: 3\n", 2, "must be a mapping"),
        ("flow: some\nbudget: {sms: many}\n", 2, "whole number"),
        ("flow: some\nbudget: {mms: 1}\n", 2, "has no `mms`"),
        ("flow: some\nlistens: {a: {type: numbers}}\n", 2, "not numbers"),
    ],
)
def test_each_mistake_in_the_head_has_its_line(tmp_path: Path, head: str, line: int, said: str) -> None:
    found = _problems(tmp_path, f"{head}steps:\n  - end\n")
    assert any(p.startswith(f"flows/some.yml:{line}: ") and said in p for p in found), found


def test_all_mistakes_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "a.yml").write_text("flow: a\nsteps:\n  - say: x\n  - goto: [1]\n")
    (tmp_path / "flows" / "b.yml").write_text("flow: b\nflow: b\n")
    (tmp_path / "flows" / "system.yml").write_text("texts:\n  retry: {txt: x}\n")
    found = _problems(tmp_path, "flow: some\nsteps: []\n")
    assert [f.partition(": ")[0] for f in found] == [
        "flows/a.yml:3",
        "flows/a.yml:4",
        "flows/b.yml:2",
        "flows/some.yml:2",
        "flows/system.yml:2",
        "flows/system.yml:2",
    ]


def test_an_intent_starts_one_flow(tmp_path: Path) -> None:
    _load(tmp_path, "flow: first\nstarts_on: [greet]\nsteps: [end]\n", "first")
    found = _problems(tmp_path, "flow: some\nlevel: system\nstarts_on: [greet]\nsteps: [end]\n")
    assert found == ["flows/some.yml:3: greet starts the flow first already"]


def test_loose_texts(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "system.yml").write_text(
        "texts:\n  retry: {text: Sorry., sms: Sorry?}\n  limit:\n    text: x\n    safety: true\n"
    )
    (tmp_path / "flows" / "chrome.yml").write_text("texts:\n  more: More\n")
    assert load_flows(tmp_path, LANGUAGES)[1] == {
        "chrome": (Say("more", "More", source="flows/chrome.yml:2"),),
        "system": (
            Say("retry", "Sorry.", "Sorry?", source="flows/system.yml:2"),
            Say("limit", "x", safety=True, source="flows/system.yml:3"),
        ),
    }


def test_the_version_is_that_of_the_content_not_of_its_layout(tmp_path: Path) -> None:
    versions = [
        _load(tmp_path, text).by_name["some"].version
        for text in (
            "flow: some\nsteps:\n  - say: a\n    text: x\n",
            "# a remark\nflow: 'some'\n\nsteps: [{say: a, text: x}]\n",
            "flow: some\nsteps:\n  - say: a\n    text: y\n",
        )
    ]
    assert versions[0] == versions[1] != versions[2]
    assert all(len(v) == 6 and int(v, 16) >= 0 for v in versions)


def test_the_flows_of_this_checkout_load() -> None:
    flows, texts = load_flows(ROOT, LANGUAGES)
    assert {"danger", "menu", "human", "resume", "welcome", "wages"} <= set(flows.by_name)
    assert {"system", "chrome"} <= set(texts)
    assert all(ID.match(step.id) for flow in flows.by_name.values() for step in flow.steps)


def test_the_flow_that_the_documentation_shows_loads(tmp_path: Path) -> None:
    shown = (ROOT / "docs" / "flows.md").read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    flow = _load(tmp_path, shown, "wages").by_name["wages"]
    assert {type(step) for step in flow.steps} == {Ask, Say, Do, If, Goto, Call, End}


_JUNK = st.sampled_from(
    [
        None,
        3,
        True,
        "x",
        "",
        [],
        {},
        [1],
        ["a", {"b": 1}],
        {"a": 1},
        {"type": "country"},
        1.5,
        "flow:",
        {"id": None},
        -1,
    ]
)


def _paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before, *(path for key, child in items for path in _paths(child, (*before, key)))]


def _changed(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(value[path[0]], path[1:], junk)
    return copy


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_flow_with_anything_anywhere_is_read_or_refused(data: st.DataObject, tmp_path_factory: Any) -> None:
    name = data.draw(st.sampled_from(sorted(REAL)))
    path = data.draw(st.sampled_from(_paths(REAL[name])))
    root = tmp_path_factory.mktemp("flows", numbered=True)
    text = yaml.dump(_changed(REAL[name], path, data.draw(_JUNK)), allow_unicode=True)
    problems: tuple[Problem, ...] = ()
    try:
        _load(root, text, name)
    except ContentError as error:
        problems = error.problems
    assert all(p.file == f"flows/{name}.yml" and 1 <= p.line <= text.count("\n") + 1 for p in problems)
