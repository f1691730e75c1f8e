"""Rule: what starts a flow is an intent that understanding can find, and danger starts a flow of level danger.

Law: the names are those of `bot/nlu/intents.py`; the level decides whether a flow may break into another.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.content import Content, Problem
from bot.content.source import Place, read
from bot.engine.flow import Flow
from bot.nlu.intents import DANGER, INTENTS

LEVEL = "danger"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Unknown names in `starts_on`, and dangers that start an ordinary flow."""
    for flow in content.flows.by_name.values():
        unknown = [i for i in flow.starts_on if i not in INTENTS]
        mild = [i for i in flow.starts_on if i in DANGER and flow.level != LEVEL]
        if not unknown and not mild:
            continue
        file, line = _line(flow, root)
        for intent in unknown:
            yield Problem(file, line, f"there is no intent {intent}: bot/nlu/intents.py has the names")
        for intent in mild:
            yield Problem(file, line, f"{intent} is a danger: a flow that it starts has `level: {LEVEL}`")


def _line(flow: Flow, root: Path) -> tuple[str, int]:
    """Where `starts_on` stands: flows do not keep it."""
    file = flow.source.rpartition(":")[0]
    top: Place = read(root / file, root)
    return file, top.lines.get("starts_on", 1)
