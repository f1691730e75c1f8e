"""One flow for each rule about flows: wrong in one place, and the rule says where.

Law: the whole check runs on it, and nothing else may speak.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.bad_content import expect, flow

A = "flows/a.yml"
BAD: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "target of a goto": ("level: system", "  - goto: nowhere", ((f"{A}:4", "a has no step nowhere"),)),
    "target of an option": (
        "level: system",
        "  - ask: b\n    say: B?\n    options:\n      - {id: one, label: One, goto: 'flow:none'}\n  - end",
        ((f"{A}:4", "there is no flow none"),),
    ),
    "target of an outcome": (
        "level: system",
        "  - end\n  - do: c\n    action: profile.clear\n    on: {cleared: gone}",
        ((f"{A}:5", "a has no step gone"), (f"{A}:5", "no way leads to the step c")),
    ),
    "called flow": ("level: system", "  - call: c\n    flow: none", ((f"{A}:4", "there is no flow none"),)),
    "unreachable": (
        "level: system",
        "  - goto: done\n  - say: lost\n    text: Nobody reads this.\n  - end: done",
        ((f"{A}:5", "no way leads to the step lost"),),
    ),
    "loop": (
        "level: system",
        "  - say: first\n    text: Round\n  - goto: first",
        ((f"{A}:4", "without asking"),),
    ),
    "loop over a question that is known by then": (
        "level: system",
        "  - ask: b\n    say: B?\n    type: text\n  - goto: b",
        ((f"{A}:4", "needs `always: true`"),),
    ),
    "unknown action": (
        "level: system",
        "  - do: c\n    action: cases.invent\n    on: {done: stay}\n  - end: stay",
        ((f"{A}:4", "there is no action cases.invent"),),
    ),
    "unknown module": (
        "level: system",
        "  - do: c\n    action: nobody.acts\n  - end",
        ((f"{A}:4", "there is no action nobody.acts"),),
    ),
    "outcome that is not declared": (
        "level: system",
        "  - do: c\n    action: profile.clear\n    on: {cleared: stay, burnt: stay}\n  - end: stay",
        ((f"{A}:4", "profile.clear has no outcome burnt"),),
    ),
    "outcome without a way": (
        "level: system",
        "  - do: c\n    action: profile.opt_out\n    on: {stopped: stay}\n  - end: stay",
        ((f"{A}:4", "the outcome already of profile.opt_out"),),
    ),
    "argument that there is not": (
        "level: system",
        "  - do: c\n    action: profile.clear\n    with: {all: 1}\n    on: {cleared: stay}\n  - end: stay",
        ((f"{A}:4", "profile.clear takes no argument all"),),
    ),
    "argument that is missing": (
        "level: system",
        "  - do: c\n    action: profile.set_language\n    on: {set: stay}\n  - end: stay",
        ((f"{A}:4", "profile.set_language needs the argument language"),),
    ),
    "condition": (
        "level: system",
        "  - if: known(country\n    then: stay\n  - end: stay",
        ((f"{A}:4", "this is not a condition"),),
    ),
    "slot of a condition": (
        "level: system",
        "  - if: known(colour)\n    then: stay\n  - end: stay",
        ((f"{A}:4", "a knows no slot colour"),),
    ),
    "word of a condition": (
        "level: system",
        "  - ask: b\n    say: B?\n    options: [{id: 'yes', label: Y}]\n  - if: b == 'two'\n    then: go\n  - end: go",
        ((f"{A}:7", 'b is never "two"'),),
    ),
    "slot of an argument": (
        "level: system",
        "  - do: c\n    action: profile.set_language\n    with: {language: $land}\n    on: {set: stay}\n  - end: stay",
        ((f"{A}:4", "a knows no slot land"),),
    ),
    "slot of a text": ("level: system", "  - say: b\n    text: 'At {hour}.'", ((f"{A}:4", "a knows no slot hour"),)),
    "slot that is taken": (
        "level: system",
        "  - call: c\n    flow: menu\n    take: {agreed: consent}\n  - end",
        ((f"{A}:4", "`take:` wants consent"),),
    ),
    "label on a button": (
        "level: system",
        "  - ask: b\n    say: B?\n    options: [{id: one, label: twenty one characters}]\n  - end",
        ((f"{A}:4", "longer than 20 characters"),),
    ),
    "label in a list": (
        "level: system",
        "  - ask: b\n    say: B?\n    options: ["
        + ", ".join(f"{{id: o{n}, label: {'x' * 20 + str(n) * (4 + (n == 3))}}}" for n in range(4))
        + "]\n  - end",
        ((f"{A}:4", "the label of o3 is longer than 24 characters"),),
    ),
    "list": (
        "level: system",
        "  - ask: b\n    say: B?\n    options: ["
        + ", ".join(f"{{id: o{n}, label: L{n}}}" for n in range(11))
        + "]\n  - end",
        ((f"{A}:4", "a list holds at most 10 options, and here are 11"),),
    ),
    "two of one spelling": (
        "level: system",
        "  - ask: b\n    say: B?\n    options: [{id: one, label: A}, {id: two, label: B, synonyms: [ONE!]}]\n  - end",
        ((f"{A}:4", "one and two can both be written: ONE!"),),
    ),
    "number of another option": (
        "level: system",
        "  - ask: b\n    say: B?\n    options: [{id: one, label: A, synonyms: ['2']}, {id: two, label: B}]\n  - end",
        ((f"{A}:4", "one can be written 2, which is the number of another option"),),
    ),
    "universal word": (
        "level: system",
        "  - ask: b\n    say: B?\n    options: [{id: one, label: One, synonyms: [Help]}]\n  - end",
        ((f"{A}:4", "one can be written Help, which everywhere else means human"),),
    ),
    "options in a long text": (
        "level: system",
        "  - ask: b\n    say: B? {options}\n    options: [{id: one, label: One}]\n  - end",
        ((f"{A}:5", "stands only in `sms:`"),),
    ),
    "brace": ("level: system", "  - say: b\n    text: 'At {Hour}.'", ((f"{A}:5", "a brace that is no {placeholder}"),)),
    "intent": (
        "level: system\nstarts_on: [greet, sing]",
        "  - end",
        ((f"{A}:3", "there is no intent sing"),),
    ),
    "danger in an ordinary flow": (
        "starts_on:\n  - report_violence\nlevel: serious",
        "  - end",
        ((f"{A}:2", "report_violence is a danger"),),
    ),
    "danger without an alarm": (
        "level: danger",
        "  - say: b\n    text: Hello",
        ((f"{A}:4", "begins with `do` of cases.raise_alarm"),),
    ),
    "danger that asks gently in another flow": (
        "level: danger",
        "  - do: b\n    action: cases.note_doubt\n    on: {noted: c}\n  - end: c",
        ((f"{A}:4", "begins with `do` of cases.raise_alarm"),),
    ),
    "budget of a segment": (
        "level: system\nbudget: {sms: 1}",
        f"  - say: b\n    text: {'x' * 161}\n  - end",
        ((f"{A}:5", "en: 2 segments (161 units of GSM-7)"),),
    ),
    "budget of a question asked again": (
        "level: system\nbudget: {sms: 1}",
        f"  - ask: b\n    say: {'x' * 160}\n    type: text\n  - end",
        ((f"{A}:5", "en after system.retry: 2 segments"),),
    ),
    "budget of two segments that a question allows itself": (
        "level: system\nbudget: {sms: 1}",
        f"  - ask: b\n    say: {'x' * 307}\n    segments: 2\n    type: text\n  - end",
        ((f"{A}:5", "en: 3 segments (307 units of GSM-7)"),),
    ),
    "budget of a way": (
        "level: system\nbudget: {sms: 2}",
        "  - say: b\n    text: One\n  - ask: c\n    say: Two\n    type: text\n  - say: d\n    text: Three",
        ((f"{A}:1", "a way through has 3 SMS messages; the budget is 2"),),
    ),
    "budget with a text of any length": (
        "level: system\nbudget: {sms: 2}",
        "  - ask: b\n    say: One\n    type: text\n  - say: c\n    text: 'You said {b}'",
        ((f"{A}:8", "nothing limits the length of b"),),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_flow_is_refused_at_its_line(name: str, tmp_path: Path) -> None:
    head, steps, wanted = BAD[name]
    expect(tmp_path, {A: flow("a", steps, head)}, *wanted)


def test_the_good_content_has_no_problem(tmp_path: Path) -> None:
    expect(tmp_path, {})


def test_a_part_of_danger_is_called_only_after_an_alarm(tmp_path: Path) -> None:
    part = flow("b", "  - say: c\n    text: Okay", "level: danger")
    call = "  - call: c\n    flow: b\n  - end"
    alarm = "  - do: alarm\n    action: cases.raise_alarm\n    with: {kind: x}\n    on: {raised: c}\n"
    expect(tmp_path / "1", {A: flow("a", alarm + call, "level: danger"), "flows/b.yml": part})
    expect(
        tmp_path / "2",
        {A: flow("a", call, "level: serious"), "flows/b.yml": part},
        (f"{A}:1", "nobody was paged before a calls it"),
    )
    led = flow("a", "  - goto: flow:b", "level: serious")
    expect(tmp_path / "3", {A: led, "flows/b.yml": part}, ("flows/b.yml:4", "begins with `do` of cases.raise_alarm"))


def test_a_payload_that_is_too_long(tmp_path: Path) -> None:
    name, step, option = "f" * 24, "s" * 24, "o" * 7  # with two bars and the version: 64 bytes; one more is too many
    text = f"  - ask: {step}\n    say: B?\n    options: [{{id: {option}, label: One}}]\n  - end"
    expect(tmp_path, {f"flows/{name}.yml": flow(name, text)})
    longer = text.replace(option, option + "o")
    expect(
        tmp_path,
        {f"flows/{name}.yml": flow(name, longer)},
        (f"flows/{name}.yml:4", "sends back more than 64 bytes"),
    )


def test_an_engine_sentence_that_is_missing(tmp_path: Path) -> None:
    files = {"flows/chrome.yml": 'texts:\n  list_label: "Choose"\n'}
    expect(tmp_path, files, ("flows/chrome.yml:1", "the text `more` is missing"))


def test_a_loop_over_two_flows(tmp_path: Path) -> None:
    files = {A: flow("a", "  - goto: flow:b"), "flows/b.yml": flow("b", "  - say: c\n    text: C\n  - goto: flow:a")}
    expect(tmp_path, files, (f"{A}:4", "a.goto_1 > b.c > b.goto_2"))


def test_a_question_that_is_new_each_time_ends_a_loop_over_flows(tmp_path: Path) -> None:
    question = flow("b", "  - ask: c\n    say: C?\n    type: text")
    looping = flow("a", "  - call: ask_b\n    flow: b\n  - goto: ask_b")
    expect(tmp_path, {A: looping, "flows/b.yml": question})
    shared = flow("b", "  - ask: c\n    say: C?\n    type: text\n    shared: true")
    expect(tmp_path, {A: looping, "flows/b.yml": shared}, (f"{A}:4", "without asking"))


def test_a_subflow_called_twice_is_no_loop(tmp_path: Path) -> None:
    twice = flow("a", "  - call: once\n    flow: b\n  - call: again\n    flow: b\n  - end")
    expect(tmp_path, {A: twice, "flows/b.yml": flow("b", "  - say: c\n    text: C\n  - end")})


def test_the_subflows_messages_count(tmp_path: Path) -> None:
    one = flow("a", "  - say: b\n    text: One\n  - call: two\n    flow: b\n  - end", "level: system\nbudget: {sms: 2}")
    sub = flow("b", "  - say: c\n    text: Two\n  - say: d\n    text: Three")
    expect(tmp_path, {A: one, "flows/b.yml": sub}, (f"{A}:1", "a way through has 3 SMS messages; the budget is 2"))


def test_the_longest_value_is_reckoned_with(tmp_path: Path) -> None:
    steps = (
        "  - do: look\n    action: cases.status\n    on: {none: none, else: said}\n"
        "  - say: said\n    text: '%s{reference}'\n  - end: none"
    )
    head = "level: system\nbudget: {sms: 1}"
    expect(tmp_path, {A: flow("a", steps % ("x" * 151), head)})
    expect(tmp_path, {A: flow("a", steps % ("x" * 152), head)}, (f"{A}:8", "161 units of GSM-7"))


def test_content_that_cannot_be_loaded_is_reported_too(tmp_path: Path) -> None:
    expect(tmp_path, {A: flow("b", "  - end")}, (f"{A}:1", "is the name of the file"))
