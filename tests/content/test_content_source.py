"""YAML that knows where it stands: what is read, and where each mistake is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content.source import ContentError, Problem, read


def _written(root: Path, text: str | bytes) -> Path:
    path = root / "some.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _read(root: Path, text: str | bytes) -> object:
    return read(_written(root, text), root)


def test_plain_values_and_where_they_stand(tmp_path: Path) -> None:
    top = read(_written(tmp_path, "one: 1\ntwo:\n  - a\n  - {b: [true, null]}\n\nthree: 'x'\n"), tmp_path)
    assert top == {"one": 1, "two": ["a", {"b": [True, None]}], "three": "x"}
    assert (top.at("one"), top.at("two"), top.at("three"), top.at("absent")) == (1, 2, 6, 1)
    assert top["two"].lines == [3, 4]
    assert top["two"][1].at("b") == 4


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "off", "y", "n", "No", "2026-11-24", "12:30", "012", "1_000", "0x1"]
)
def test_what_people_write_stays_a_word(tmp_path: Path, word: str) -> None:
    assert _read(tmp_path, f"key: {word}") == {"key": word}


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    assert _read(tmp_path, "") == {}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3", 3, "twice"),
        ("a:\n  b: 1\n  b: 2", 3, "`b` stands here twice"),
        ("a: [1\nb: 2", 2, "not YAML"),
        ("a:\n\t- b", 2, "not YAML"),
        ("- a", 1, "a mapping is expected"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: &x 1\nb: *x", 1, "alias"),
        ("a: &x [*x]", 1, "alias"),
        ("a: \x07", 1, "not YAML"),
        (b"a: \xff", 1, "cannot be read"),
        ("a:\n  - [b\n\n", 2, "not YAML"),
        ("[" * 3000 + "]" * 3000, 1, "nested too deeply"),
    ],
)
def test_each_mistake_has_its_line(tmp_path: Path, text: str | bytes, line: int, said: str) -> None:
    with pytest.raises(ContentError) as caught:
        _read(tmp_path, text)
    problem = caught.value.problems[0]
    assert (problem.file, problem.line) == ("some.yml", line)
    assert said in problem.message


def test_an_absent_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"gone\.yml:1: cannot be read"):
        read(tmp_path / "gone.yml", tmp_path)


def test_problems_are_said_in_order_one_per_line() -> None:
    error = ContentError([Problem("b.yml", 1, "x"), Problem("a.yml", 10, "y"), Problem("a.yml", 9, "z")])
    assert str(error) == "a.yml:9: z\na.yml:10: y\nb.yml:1: x"
