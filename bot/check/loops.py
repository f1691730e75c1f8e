"""Rule: no conversation goes round without the person having a say.

Law: a question counts only if it is asked each time (`always`): one whose slot is known is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.graph import cycles, edges, step_at, stops
from bot.check.texts import at
from bot.content import Content, Problem


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Endless loops, each once, at its first step in the file."""
    flows = content.flows
    for knot in cycles(edges(flows), lambda node: stops(step_at(flows, node))):
        ordered = sorted(knot, key=lambda node: (node[0], flows.by_name[node[0]].index(node[1])))
        steps = " > ".join(f"{flow}.{step}" for flow, step in ordered)
        yield at(
            step_at(flows, ordered[0]).source,
            f"this goes round without asking (a question that is to be asked each time needs `always: true`): {steps}",
        )
