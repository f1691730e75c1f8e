"""Rule: every fact says where it comes from, how sure it is, and whether a human has checked it.

Law: a fact is what has a `confidence:`; its sources are keys of `knowledge/sources.yml`. What nobody has checked is
listed (`saathi check --unchecked`), since `handlers/facts.py` marks it or holds it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content import Content, Problem
from bot.content.source import Place, Row

CONFIDENCE = ("high", "medium", "low")
SOURCES = "sources"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact, the file it stands in, and its place there (`topics.wages`)."""

    fact: Place
    file: str
    top: Place
    path: str

    def at(self, key: str, message: str) -> Problem:
        """A problem at a key of the fact."""
        return Problem(self.file, self.fact.at(key), message)


def entries(content: Content) -> Iterator[Entry]:
    """Every fact of knowledge/."""
    for file, top in documents(content):
        for path, fact in _facts(top, ()):
            yield Entry(fact, file, top, ".".join(path))


def documents(content: Content) -> Iterator[tuple[str, Place]]:
    """Every file of knowledge/ by its name from the checkout, also those in folders."""
    for name, value in content.knowledge.by_name.items():
        if isinstance(value, Place):
            yield f"knowledge/{name}.yml", value
        else:
            yield from ((f"knowledge/{name}/{stem}.yml", top) for stem, top in value.items() if isinstance(top, Place))


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Unknown sources, confidences that are none, days that are none, signatures without a name."""
    known = content.knowledge.by_name.get(SOURCES, {})
    for entry in entries(content):
        yield from _wrong(entry, known)


def unchecked(content: Content) -> list[str]:
    """Facts of low and medium confidence that nobody has signed, as `file:line: confidence: what`."""
    waiting = (e for e in entries(content) if e.fact["confidence"] in ("low", "medium") and not _signed(e))
    return [f"{e.file}:{e.fact.line}: {e.fact['confidence']}: {e.path}" for e in sorted(waiting, key=_place)]


def _place(entry: Entry) -> tuple[str, int]:
    return entry.file, int(entry.fact.line)


def _facts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Place]]:
    if isinstance(value, Place):
        if "confidence" in value:
            yield path, value
        for key, inner in value.items():
            yield from _facts(inner, (*path, key))
    elif isinstance(value, Row):
        for number, inner in enumerate(value, 1):
            name = inner.get("id") if isinstance(inner, Place) else None
            yield from _facts(inner, (*path, str(name or number)))


def _signed(entry: Entry) -> bool:
    return bool(entry.fact.get("checked_on")) and bool(entry.fact.get("reviewer") or entry.top.get("reviewer"))


def _wrong(entry: Entry, known: Any) -> Iterator[Problem]:
    fact = entry.fact
    if fact["confidence"] not in CONFIDENCE:
        yield entry.at("confidence", f"`confidence:` is one of {', '.join(CONFIDENCE)}: {fact['confidence']}")
    sources = fact.get("source")
    if not isinstance(sources, Row) or not sources:
        yield entry.at("source", f"{entry.path} says no source: a list of keys of knowledge/{SOURCES}.yml")
    else:
        for key in [k for k in sources if k not in known]:
            yield entry.at("source", f"knowledge/{SOURCES}.yml has no source {key}")
    day = fact.get("checked_on")
    if day is not None and not _DAY.match(str(day)):
        yield entry.at("checked_on", f"`checked_on:` is a day (2026-11-25) or null: {day}")
    if day is not None and not _signed(entry):
        yield entry.at("checked_on", f"{entry.path} is checked by nobody: `reviewer:` here or at the top of the file")
