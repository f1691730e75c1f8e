"""A transcript: a conversation as data, read from YAML.

Law: language-free; inputs are options, intents or lines per language, expectations are ids of steps and codes of cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.conversations.harness import CHANNELS

HERE = Path(__file__).parent
INPUTS = ("say", "edit", "answer", "press", "share", "staff", "started", "timed_out")
EXPECTED = ("asks", "says", "in", "state", "pages", "queue", "case", "owner", "person")
WITH = ("intent", "danger", "tier", "entities", "after", "unsure", "caption", "slots", "by")
START = (
    "word",
    "second",
    "channels",
    "number",
    "chosen",
    "consent",
    "country",
    "night",
    "languages",
    "profile",
    "licences",
    "templates",
    "readers",
    "shelf",
    "team",
)


@dataclass(frozen=True)
class Transcript:
    """`name` is `flow.case`."""

    name: str
    about: str
    start: Mapping[str, Any]
    turns: Sequence[Mapping[str, Any]]
    messages: int  # at most so many of ours up to the number of reference, else in all; 0 = not counted

    @property
    def channels(self) -> tuple[str, ...]:
        """Where it is told: everywhere, if it does not say."""
        return tuple(self.start.get("channels", CHANNELS))


def read(path: Path) -> Transcript:
    """One file. Unknown keys are mistakes of its author."""
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    assert set(data) <= {"about", "start", "turns", "messages"}, f"{path.name}: {set(data)}"
    turns = data["turns"]
    for number, turn in enumerate(turns, 1):
        where = f"{path.name}, turn {number}"
        assert set(turn) <= {*INPUTS, *EXPECTED, *WITH}, f"{where}: unknown {set(turn) - {*INPUTS, *EXPECTED, *WITH}}"
        assert sum(k in turn for k in INPUTS) + ("intent" in turn or "danger" in turn) >= 1, f"{where}: nothing happens"
    start = data.get("start", {})
    assert set(start) <= set(START), f"{path.name}: {set(start)}"
    return Transcript(path.stem, data["about"], start, turns, data.get("messages", 0))


TRANSCRIPTS = tuple(read(path) for path in sorted(HERE.glob("*.yml")))
