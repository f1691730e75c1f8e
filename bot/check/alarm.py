"""Rule: a flow of danger raises the alarm before it says anything.

Law: a human is paged first; no question, subflow or condition stands before it (law 2 of the design). Only the flow
that asks about what may be danger wakes nobody; it leaves a note for a human before it asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import at
from bot.content import Content, Problem
from bot.engine.flow import Do

ALARM, DOUBT = "cases.raise_alarm", "cases.note_doubt"
DANGER = "danger"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Danger flows whose first step is something else."""
    for flow in content.flows.by_name.values():
        if flow.level != DANGER or not flow.steps:
            continue
        first, gentle = flow.steps[0], flow.name == content.rules.gentle
        wanted, why = (DOUBT, "a human sees it") if gentle else (ALARM, "a human is paged first")
        if not isinstance(first, Do) or first.action != wanted:
            yield at(first.source, f"a flow of level {DANGER} begins with `do` of {wanted}: {why}")
