"""Rule: every step can be reached from the flow's first step.

Law: a step that no way leads to is a mistake in a target, or words that nobody will ever read.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.graph import ways
from bot.check.texts import at
from bot.content import Content, Problem
from bot.engine.flow import Flow


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Unreachable steps."""
    for flow in content.flows.by_name.values():
        reached = _reached(flow)
        for place, step in enumerate(flow.steps):
            if place not in reached:
                yield at(step.source, f"no way leads to the step {step.id}")


def _reached(flow: Flow) -> set[int]:
    reached: set[int] = set()
    ahead = [0] if flow.steps else []
    while ahead:
        place = ahead.pop()
        if place not in reached:
            reached.add(place)
            ahead += [i for target in ways(flow, place) if (i := flow.index(target)) is not None]
    return reached
