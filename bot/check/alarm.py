"""Rule: a flow of danger raises the alarm before it says anything.

Law: a human is paged first; no question, subflow or condition stands before it (law 2 of the design).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import at
from bot.content import Content, Problem
from bot.engine.flow import Do

ALARM = "cases.raise_alarm"
DANGER = "danger"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Danger flows whose first step is something else."""
    for flow in content.flows.by_name.values():
        if flow.level != DANGER or not flow.steps:
            continue
        first = flow.steps[0]
        if not isinstance(first, Do) or first.action != ALARM:
            yield at(first.source, f"a flow of level {DANGER} begins with `do` of {ALARM}: a human is paged first")
