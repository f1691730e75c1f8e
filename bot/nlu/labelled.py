"""Lines that colleagues labelled, as Rasa NLU YAML; and unlabelled ones with a guess, as candidates.

Law: what is written here is read again by `bot/nlu/data.py` as the same examples. Likeness is of words, in one Latin
form, so that native and romanised spellings stand together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import yaml

from bot.nlu.data import read_examples
from bot.nlu.normalise import fold, normalise
from bot.nlu.unnamed import GONE

FILE = "labelled.yml"
HEAD = "# What people wrote and nobody understood, without what may tell of somebody, labelled on the desk.\n"
ALIKE = 0.5  # of the words of both, so many in common


class Line(Protocol):
    """A line with its meaning (`bot/store/fallen.py`)."""

    @property
    def line(self) -> str: ...
    @property
    def label(self) -> str: ...


T = TypeVar("T")


def as_yaml(lines: Iterable[Line], head: str = HEAD) -> str:
    """Rasa NLU YAML (version 3.1): the intents and their lines in order, each once."""
    by_intent: dict[str, list[str]] = {}
    for line in lines:
        by_intent.setdefault(line.label, []).append(line.line)
    return _written({intent: sorted(set(texts)) for intent, texts in sorted(by_intent.items())}, head)


def _written(by_intent: Mapping[str, Sequence[str]], head: str) -> str:
    out = [head, 'version: "3.1"\n', "nlu:\n" if by_intent else "nlu: []\n"]
    for intent, texts in by_intent.items():
        out.append(f"- intent: {intent}\n  examples: |\n")
        out += [f"    - {text}\n" for text in texts]
    return "".join(out)


def add(folder: Path, lines: Sequence[Line]) -> int:
    """Add lines to `<folder>/labelled.yml`, keeping what is there; returns how many are new. Raises DataError."""
    path = folder / FILE
    known = {(e.text, e.intent) for e in read_examples(path)} if _has_examples(path) else set()
    new = {(line.line, line.label) for line in lines} - known
    by_intent: dict[str, list[str]] = {}
    for text, intent in sorted(known | new):
        by_intent.setdefault(intent, []).append(text)
    if new:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_written(dict(sorted(by_intent.items())), HEAD), "utf-8", newline="\n")
    return len(new)


def _has_examples(path: Path) -> bool:
    return path.exists() and bool((yaml.safe_load(path.read_text("utf-8")) or {}).get("nlu"))


def alike(lines: Iterable[T], text: Callable[[T], str]) -> list[list[T]]:
    """Groups of lines with about the same words, in the order of their first; each line goes to the first that fits."""
    groups: list[tuple[frozenset[str], list[T]]] = []
    for line in lines:
        words = frozenset(fold(normalise(text(line).replace(GONE, " "))).split())
        for first, group in groups:
            if words and len(words & first) >= ALIKE * len(words | first):
                group.append(line)
                break
        else:
            groups.append((words, [line]))
    return [group for _, group in groups]
