"""Rule: a flow of danger raises the alarm before it says anything.

Law: a human is paged first; no question, subflow or condition stands before it (law 2 of the design). The flow that
asks about what may be danger leaves a note for a human before it asks; the one that stays with somebody looks whether
the alarm was answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.texts import at
from bot.content import Content, Problem
from bot.engine.flow import Do

ALARM, DOUBT, STAYS = "cases.raise_alarm", "cases.note_doubt", "casework.stay"
STAY = "stay"  # said by the conductor, after the alarm
DANGER = "danger"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Danger flows whose first step is something else."""
    for flow in content.flows.by_name.values():
        if flow.level != DANGER or not flow.steps:
            continue
        first, others = flow.steps[0], {content.rules.gentle: DOUBT, STAY: STAYS}
        wanted, why = others.get(flow.name, ALARM), "a human is told first"
        if not isinstance(first, Do) or first.action != wanted:
            yield at(first.source, f"a flow of level {DANGER} begins with `do` of {wanted}: {why}")
