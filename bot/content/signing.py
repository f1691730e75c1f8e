"""Signatures written into the files of `knowledge/`: what colleagues checked on the desk, as the operator commits it.

Law: only `checked_on:` and `reviewer:` of the fact that was checked change, and only while its content has the hash
that was seen; comments and layout stay. What came out is read again, and put back when anything else had changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content import marks
from bot.content.knowledge import Facts
from bot.content.source import ContentError, Place, read

_VALUE = re.compile(r"\s*(?:\"(?:[^\"\\]|\\.)*\"|[^,}]*)")  # of a key in braces
_KEY = re.compile(r"^(\s*)(- )?([A-Za-z_]+):")


@dataclass(frozen=True, slots=True)
class Signature:
    """That a fact was checked: by whom (names, joined) and on which day."""

    fact: str
    hash: str
    checked_on: str
    reviewer: str


def sign(root: Path, signature: Signature) -> str:
    """Write it. Returns `done`, `gone` (no such fact), `changed` (its content is another one), or `by_hand` (its layout
    is none that this can change safely)."""
    path = root / signature.fact.partition(":")[0]
    if not path.is_file():
        return "gone"
    before = _read(path, root)
    fact = marks.find(before, signature.fact)
    if not isinstance(fact, Place):
        return "gone"
    if marks.content_hash(fact) != signature.hash:
        return "changed"
    text = path.read_text("utf-8")
    lines = text.split("\n")
    values = {"checked_on": signature.checked_on, "reviewer": json.dumps(signature.reviewer, ensure_ascii=False)}
    changed = _flow(lines, fact, values) if _is_flow(lines, fact) else _block(lines, fact, values)
    path.write_text("\n".join(changed), "utf-8", newline="\n")
    if _as_wanted(path, root, before, signature):
        return "done"
    path.write_text(text, "utf-8", newline="\n")
    return "by_hand"


def _read(path: Path, root: Path) -> Facts:
    """One file of knowledge/ as the only one."""
    name, *inner = path.relative_to(root / "knowledge").with_suffix("").parts
    content = read(path, root)
    return Facts({name: {inner[0]: content} if inner else content})


def _as_wanted(path: Path, root: Path, before: Facts, signature: Signature) -> bool:
    """Whether the file still says all that it said, and the signature."""
    try:
        after = _read(path, root)
    except ContentError:
        return False
    fact, earlier = (marks.find(facts, signature.fact) or {} for facts in (after, before))
    signed = (fact.get("checked_on"), fact.get("reviewer")) == (signature.checked_on, signature.reviewer)
    others = _signatures(before.by_name) - bool(earlier.get("checked_on"))
    same = marks.content_hash(before.by_name) == marks.content_hash(after.by_name)
    return same and signed and _signatures(after.by_name) == others + 1


def _signatures(value: Any) -> int:
    """How many facts have a day."""
    if isinstance(value, Mapping):
        return bool(value.get("checked_on")) + sum(_signatures(v) for v in value.values())
    return sum(_signatures(v) for v in value) if isinstance(value, list) else 0


def _is_flow(lines: list[str], fact: Place) -> bool:
    """Whether a fact stands in braces on one line."""
    return len({fact.line, *fact.lines.values()}) == 1


def _flow(lines: list[str], fact: Place, values: Mapping[str, str]) -> list[str]:
    """In braces: what is there is replaced, what is not is put at the end."""
    place = fact.line - 1
    line = lines[place]
    for key, value in values.items():
        if key in fact:
            start, there, rest = line.partition(f"{key}:")
            line = start + there + _replaced(rest, value)
        else:
            end = line.rindex("}")
            line = f"{line[:end]}, {key}: {value}{line[end:]}"
    return [*lines[:place], line, *lines[place + 1 :]]


def _replaced(rest: str, value: str) -> str:
    """What stands behind a key, with another value."""
    there = _VALUE.match(rest)
    return f" {value}{rest[there.end() if there else 0 :]}"


def _block(lines: list[str], fact: Place, values: Mapping[str, str]) -> list[str]:
    """A key on each line: what is there is replaced, what is not stands behind `confidence:`."""
    found = list(lines)
    added: list[str] = []
    at = fact.at("confidence") - 1
    known = _KEY.match(found[at])
    indent = (known[1] + "  " * bool(known[2])) if known else ""
    for key, value in values.items():
        if key in fact:
            line = found[fact.at(key) - 1]
            start = line[: line.index(f"{key}:")]
            found[fact.at(key) - 1] = f"{start}{key}: {value}"
        else:
            added.append(f"{indent}{key}: {value}")
    return [*found[: at + 1], *added, *found[at + 1 :]]
