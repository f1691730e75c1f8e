"""YAML that knows where it stands: every value can say its file and line.

Law: bad content is a list of problems, `file:line: message`, all at once; nothing is guessed. Only true and false are
booleans (YAML 1.1 would also take yes, no, on and off, which are words that people write).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.kept import kept
from bot.settings import CannotStart

_INT = re.compile(r"-?\d+\Z")
_FLOAT = re.compile(r"-?\d+\.\d+\Z")
_WORD = 24  # letters: such values stand in many places too ("official", "high")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in the content. `file` is relative to the checkout."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ContentError(CannotStart):
    """Content that cannot be used; says every problem, one per line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in sorted(problems)))
        self.problems = tuple(sorted(problems))


class Place(dict[str, Any]):
    """A mapping that knows its line, and the line of each key."""

    __slots__ = ("line", "lines")
    line: int
    lines: Mapping[str, int]

    def at(self, key: str) -> int:
        """The line of a key; of the whole when the key is absent."""
        return self.lines.get(key, self.line)

    @classmethod
    def empty(cls, line: int, values: Mapping[str, Any] | None = None) -> Place:
        """A mapping that stands for something at `line` that is none."""
        made = cls(values or {})
        made.line, made.lines = line, {}
        return made

    @classmethod
    def part(cls, place: Place, keys: Sequence[str]) -> Place:
        """Some keys of a mapping, where they stand."""
        made = cls({key: place[key] for key in keys})
        made.line, made.lines = place.line, place.lines
        return made


class Row(list[Any]):
    """A list that knows the line of each item."""

    __slots__ = ("lines",)
    lines: Sequence[int]


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style in {"'", '"', "|", ">"}:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.match(text) and not (len(text) > 1 and text.startswith("0")):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


class _Tree:
    """A node tree turned into values. An alias is refused: a flow is read from top to bottom."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._seen: set[int] = set()

    def value(self, node: yaml.Node) -> Any:
        line = node.start_mark.line + 1
        if id(node) in self._seen:
            self.problems.append(Problem(self._file, line, "an alias (*) may not be used: write it out"))
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            row = Row(self.value(child) for child in node.value)
            row.lines = [child.start_mark.line + 1 for child in node.value]
            return row
        return self._mapping(node, line)

    def _mapping(self, node: yaml.Node, line: int) -> Place:
        place, lines = Place(), {}
        for key_node, child in node.value:
            key, key_line = str(key_node.value), key_node.start_mark.line + 1
            if key in place:
                self.problems.append(Problem(self._file, key_line, f"`{key}` stands here twice"))
            place[key] = self.value(child)
            lines[key] = key_line
        place.line, place.lines = line, lines
        return place


def read(path: Path, root: Path) -> Place:
    """A YAML file whose top is a mapping. Raises ContentError."""
    file = path.relative_to(root).as_posix()
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ContentError([Problem(file, 1, f"cannot be read: {type(error).__name__}")]) from None
    value = _revived(kept(raw, __file__, lambda: _plain(_parsed(raw, file))))
    assert isinstance(value, Place)
    return value


def _parsed(raw: bytes, file: str) -> Place:
    tree, text = _Tree(file), ""
    try:
        text = raw.decode("utf-8")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        value = tree.value(node) if node is not None else Place.empty(1)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "a character that may not stand in a text file"
        line = min(mark.line, text.rstrip().count("\n")) + 1 if mark else 1  # the end of a file is its last line
        raise ContentError([Problem(file, line, f"this is not YAML: {what}")]) from None
    except RecursionError:
        raise ContentError([Problem(file, 1, "nested too deeply")]) from None
    except UnicodeDecodeError as error:
        raise ContentError([Problem(file, 1, f"cannot be read: {type(error).__name__}")]) from None
    if not isinstance(value, Place):
        tree.problems.append(Problem(file, 1, "a mapping is expected here (key: value)"))
    if tree.problems:
        raise ContentError(tree.problems)
    assert isinstance(value, Place)
    return value


def _plain(value: Any) -> Any:
    """The value for JSON: a mapping as an object with its lines, a list as [lines, items]."""
    if isinstance(value, Place):
        return {"line": value.line, "lines": value.lines, "of": {key: _plain(part) for key, part in value.items()}}
    if isinstance(value, Row):
        return [value.lines, [_plain(part) for part in value]]
    return value


def _revived(plain: Any) -> Any:
    if type(plain) is dict:
        # The same few keys stand in thousands of places: kept once.
        place = Place((sys.intern(key), _revived(part)) for key, part in plain["of"].items())
        place.line, place.lines = plain["line"], {sys.intern(key): line for key, line in plain["lines"].items()}
        return place
    if type(plain) is list:
        row = Row(map(_revived, plain[1]))
        row.lines = plain[0]
        return row
    return sys.intern(plain) if type(plain) is str and len(plain) <= _WORD else plain


def files(folder: Path) -> Iterator[Path]:
    """The YAML files of a folder, in order of their names."""
    yield from sorted(folder.glob("*.yml"))
