"""Rasa NLU YAML in its variants, and slips of authors as file:line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.data import DataError, content_hash, plain_text, read_examples
from tests.nlu.conftest import SMALL


def read(folder: Path, text: str) -> list[tuple[str, str]]:
    file = folder / "nlu.yml"
    file.write_text(text, "utf-8")
    return [(e.intent, e.text) for e in read_examples(file)]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("to [Doha](city)", "to Doha"),
        ("to [Doha](city:doha) by [bus](mode)", "to Doha by bus"),
        ('to [doha]{"entity": "city", "value": "Doha"} now', "to doha now"),
        ('[Doha][{"entity": "city"}, {"entity": "place", "role": "to"}] please', "Doha please"),
        ("[not marked] and (this)", "[not marked] and (this)"),
        ("plain", "plain"),
    ],
)
def test_entities_are_taken_out(line: str, text: str) -> None:
    assert plain_text(line) == text


def test_blocks_lists_comments_and_other_entries(tmp_path: Path) -> None:
    text = """version: "2.0"
nlu:
- intent: a/b
  examples: |
    - one
    # a comment

    -two
    - -5 degrees
- intent: c
  metadata: {x: 1}
  examples:
  - text: three
    metadata: {y: 2}
  - four
  - text: |
      - five
- synonym: x
  examples: |
    - y
- regex: z
  examples: |
    - \\d
- lookup: w
  examples: |
    - v
stories: []
"""
    assert read(tmp_path, text) == [
        ("a/b", "one"),
        ("a/b", "two"),
        ("a/b", "-5 degrees"),
        ("c", "three"),
        ("c", "four"),
        ("c", "five"),
    ]


def test_folders_are_searched_and_other_yaml_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ne").mkdir()
    (tmp_path / "ne" / "nlu.yaml").write_text("nlu:\n- intent: a\n  examples: |\n    - x\n")
    (tmp_path / "domain.yml").write_text("intents: [a]\n")
    (tmp_path / "empty.yml").write_text("")
    examples = read_examples(tmp_path)
    assert [(e.text, e.language) for e in examples] == [("x", "ne")]
    assert examples[0].source.endswith("nlu.yaml:4")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("nlu:\n- intent: a\n  examples: |\n    - ok\n    not marked\n", 5, "begins with"),
        ("nlu:\n- intent: a\n", 2, "no examples"),
        ("nlu:\n- name: a\n", 2, "needs intent"),
        ("nlu:\n- intent: ''\n  examples: |\n    - a\n", 2, "empty"),
        ("nlu:\n- intent: a\n  intent: b\n", 3, "twice"),
        ("nlu:\n- intent: a\n  examples:\n  - metadata: 1\n", 4, "needs text"),
        ("nlu: hello\n", 1, "list"),
        ("nlu:\n  - [\n", 3, ""),
        ("version: 1\n", 1, "no `nlu:`"),
        ("nlu: []\n", 1, "no examples found"),
    ],
)
def test_a_slip_says_where(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(DataError, match=rf"nlu\.yml:{line}: ") as error:
        read(tmp_path, text)
    assert says in str(error.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_examples(tmp_path / "absent.yml")


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    examples = read_examples(SMALL)
    copy = tmp_path / "elsewhere"
    for file in SMALL.rglob("*.yml"):
        target = copy / file.relative_to(SMALL)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("# moved down a line\n" + file.read_text("utf-8"), "utf-8")
    assert content_hash(read_examples(copy)) == content_hash(examples)
    assert content_hash(examples[:-1]) != content_hash(examples)
    assert {e.language for e in examples} == {"en", "ne"}
