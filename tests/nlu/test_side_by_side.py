"""The benchmark of both classifiers: nobody is asked what it was taught, figures are what they say, the page stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.nlu import folds, held_out, sampled, writing
from benchmarks.nlu_report import TITLE, Asked, Engine, page, put
from bot.nlu.data import Example, read_examples
from bot.settings import ROOT


def example(text: str, intent: str = "greet", language: str = "ne") -> Example:
    return Example(text, intent, language, "a:1")


def test_a_sample_holds_every_group_and_no_text_twice() -> None:
    examples = read_examples(ROOT / "nlu_data")
    some = sampled(examples, 2)
    groups = {(e.language, e.intent, writing(e)) for e in examples}
    assert {(e.language, e.intent, writing(e)) for e in some} == groups
    assert len({e.text for e in some}) == len(some) <= 2 * len(groups)
    assert sampled(examples, 2) == some


def test_folds_are_all_lines_once() -> None:
    lines = [example(str(n)) for n in range(10)]
    parts = folds(lines, 3)
    assert sorted(e.text for part in parts for e in part) == sorted(e.text for e in lines)
    assert {len(part) for part in parts} == {3, 4}


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("नमस्ते", "ne", "own"),
        ("namaste dai", "ne", "romanised"),
        ("selamat pagi", "id", "own"),
        ("123", "ar", "own"),
    ],
)
def test_how_it_is_written(text: str, language: str, expected: str) -> None:
    assert writing(example(text, language=language)) == expected


def test_held_out_lines_are_read_in_both_forms(tmp_path: Path) -> None:
    (tmp_path / "ne").mkdir()
    (tmp_path / "ne" / "nlu.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - namaste\n', "utf-8"
    )
    (tmp_path / "alarms_fourth.yml").write_text(
        "hi:\n  danger:\n    report_violence: [maara mujhe]\n  ordinary: [garmi hai]\n", "utf-8"
    )
    assert {(e.language, e.intent, e.text) for e in held_out(tmp_path)} == {
        ("ne", "greet", "namaste"),
        ("hi", "report_violence", "maara mujhe"),
        ("hi", "", "garmi hai"),
    }


def test_the_figures() -> None:
    engines = [
        Engine("embedded", [(10, 2.0)], [0.001] * 100, 0.1),
        Engine("Rasa, light", [(10, 9.0)], [0.1] * 100, 6.0),
    ]
    asked = []
    for engine, seen in ((engines[0], 30), (engines[1], 15)):
        asked += [
            Asked(engine.name, "ne", "own", "report_violence", "report_violence", "page" if n < seen else "")
            for n in range(30)
        ]
        asked += [Asked(engine.name, "ne", "own", "", "greet", "ask" if n == 0 else "") for n in range(40)]
        asked += [Asked(engine.name, "ne", "own", "nlu_fallback", "nlu_fallback", "") for n in range(60)]
    told = page(engines, asked, [], "how")
    assert "Rasa, light: 100 times by the median, 60 times by processor time, 100 times by the clock." in told
    assert "| embedded | 1,000 | 1.00 | 1.00 | 1.00 |" in told
    assert "| ne | own | 130 | 1.000 | 1.000 | 0 + 10 | 1.00 | 1.000 | 0.500 | 0 + 10 | 1.00 |" in told
    assert "| all | romanised | 0 | – | – | – + – | – | – | – | – + – | – |" in told


def test_the_section_is_put_in_its_own_place(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("# Page\n\n## First\n\nwords\n")
    put(path, "old\n", diet=False)
    put(path, "with the network\n", diet=True)
    put(path, "new\n", diet=False)
    text = path.read_text()
    assert text.count(TITLE) == 1
    assert "old" not in text
    assert text.startswith("# Page\n\n## First\n\nwords\n\n" + TITLE + "\nnew\n\n## ")
    assert text.endswith("(DIET)\n\nwith the network\n")
