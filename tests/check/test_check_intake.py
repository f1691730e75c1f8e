"""What is asked in the chat is what intake says: each way to differ is found at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.check import intake
from tests.check.bad_content import expect, flow
from tests.fakes import once

HEAD = (
    "frame:\n  fields:\n"
    '    - {key: safe, ask: "Safe?", type: choice, stage: bot, options: [good, bad]}\n'
    "kinds:\n  lost_hat:\n    fields:\n"
)
FIELDS = (
    '      - {key: leave, ask: "Out?", type: choice, stage: bot, options: [may, never]}\n'
    '      - {key: owed, ask: "How much?", type: amount, stage: bot, fills: [amount, own_words]}\n'
    '      - {key: name, ask: "Name?", type: text, stage: human}\n'
)
ASKS = """
  - ask: safe
    say: Safe?
    options:
      - {id: good, label: Good}
      - {id: bad, label: Bad}
  - ask: out
    say: Out?
    options:
      - {id: may, label: May}
      - {id: never, label: Never}
  - ask: owed
    say: Owed?
    type: amount
    slot: amount
    keep: own_words
"""
OPEN = """
  - do: open
    action: cases.open_case
    with: {kind: lost_hat, leave: $out, amount: $amount, own_words: $own_words}
    on: {opened: last}
  - end: last
"""
GOOD = ASKS + OPEN
A, INTAKE = "flows/a.yml", "knowledge/intake.yml"


def files(steps: str = GOOD, fields: str = FIELDS) -> dict[str, str]:
    return {A: flow("a", steps, head="level: grievance"), INTAKE: HEAD + fields}


def test_a_flow_that_asks_what_stands_there_is_in_order(tmp_path: Path) -> None:
    expect(tmp_path, files())


BAD: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "other options": (
        GOOD.replace("{id: never, label: Never}", "{id: at_times, label: Never}"),
        FIELDS,
        ((f"{A}:9", "leave of lost_hat has the options may, never"),),
    ),
    "other options of the frame": (
        GOOD.replace("{id: bad, label: Bad}", "{id: awful, label: Bad}"),
        FIELDS,
        ((f"{A}:4", "safe of the frame has the options good, bad"),),
    ),
    "another type": (
        GOOD,
        FIELDS.replace("type: choice, stage: bot, options: [may, never]", "type: text, stage: bot"),
        ((f"{A}:9", "leave of lost_hat is of type text"),),
    ),
    "a stage that the chat does not ask": (
        GOOD,
        FIELDS.replace("stage: bot, options", "stage: human, options"),
        ((f"{A}:9", "lost_hat has no field of stage bot for leave"),),
    ),
    "a field that nobody asks": (
        GOOD,
        FIELDS + '      - {key: hat, ask: "Which hat?", type: text, stage: bot}\n',
        ((f"{INTAKE}:10", "no flow of lost_hat asks hat"),),
    ),
    "what the answer does not fill": (
        GOOD,
        FIELDS.replace("[amount, own_words]", "[amount]"),
        ((f"{A}:14", "owed of lost_hat does not fill own_words"),),
    ),
    "an answer for nobody": (
        GOOD.replace("leave: $out, ", ""),
        FIELDS,
        ((f"{A}:9", "the frame of knowledge/intake.yml has no out"), (f"{INTAKE}:7", "no flow of lost_hat asks leave")),
    ),
    "a kind that is not there": (
        GOOD.replace("kind: lost_hat", "kind: lost_shoe"),
        FIELDS,
        (
            (f"{A}:1", "has no kind lost_shoe"),
            (f"{INTAKE}:7", "no flow of lost_hat asks leave"),
            (f"{INTAKE}:8", "no flow of lost_hat asks owed"),
        ),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_differs_is_found_at_its_line(name: str, tmp_path: Path) -> None:
    steps, fields, wanted = BAD[name]
    expect(tmp_path, files(steps, fields), *wanted)


def test_more_than_four_are_too_many(tmp_path: Path) -> None:
    more = "".join(f'      - {{key: k{n}, ask: "?", type: text, stage: bot}}\n' for n in range(3))
    nobody = [(f"{INTAKE}:{10 + n}", f"asks k{n}") for n in range(3)]
    expect(tmp_path, files(fields=FIELDS + more), (f"{INTAKE}:6", "5 fields of stage bot; at most 4"), *nobody)


def test_the_real_flows_open_cases_of_each_kind_that_intake_knows() -> None:
    content = once.written()
    kinds = {kind for flow in content.flows.by_name.values() for kind in intake._kinds(flow)}
    assert kinds == set(content.knowledge.get("intake")["kinds"])
