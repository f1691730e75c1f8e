"""YAML that knows where it stands: every value can say its file and line.

Law: bad content is a list of problems, `file:line: message`, all at once; nothing is guessed. Only true and false are
booleans (YAML 1.1 would also take yes, no, on and off, which are words that people write).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_INT = re.compile(r"-?\d+\Z")
_FLOAT = re.compile(r"-?\d+\.\d+\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in the content. `file` is relative to the checkout."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ContentError(Exception):
    """Content that cannot be used; says every problem, one per line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in sorted(problems)))
        self.problems = tuple(sorted(problems))


class Place(dict[str, Any]):
    """A mapping that knows its line, and the line of each key."""

    line: int = 0
    lines: Mapping[str, int]


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style in {"'", '"', "|", ">"}:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.match(text) and not (len(text) > 1 and text.startswith("0")):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def _value(node: yaml.Node, file: str, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, file, problems) for child in node.value]
    place, lines = Place(), {}
    for key_node, child in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        if key in place:
            problems.append(Problem(file, line, f"`{key}` stands here twice"))
        place[key] = _value(child, file, problems)
        lines[key] = line
    place.line, place.lines = node.start_mark.line + 1, lines
    return place


def read(path: Path, root: Path) -> Place:
    """A YAML file whose top is a mapping. Raises ContentError."""
    file = path.relative_to(root).as_posix()
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContentError([Problem(file, line, f"this is not YAML: {error.problem}")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Problem(file, 1, f"cannot be read: {type(error).__name__}")]) from None
    problems: list[Problem] = []
    value = _value(node, file, problems) if node is not None else Place()
    if not isinstance(value, Place):
        problems.append(Problem(file, 1, "a mapping is expected here (key: value)"))
    if problems:
        raise ContentError(problems)
    assert isinstance(value, Place)
    return value


def files(folder: Path) -> Iterator[Path]:
    """The YAML files of a folder, in order of their names."""
    yield from sorted(folder.glob("*.yml"))
