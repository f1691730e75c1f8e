"""Rule: no conversation goes round without the person having a say.

Law: inside a flow a question counts only if it is asked each time (`always`): one whose slot is known is passed over.
On a way round through several flows each of them is started anew, so there any question counts that is not `shared`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.graph import Node, asks_always, asks_anew, cycles, edges, step_at
from bot.check.texts import at
from bot.content import Content, Problem


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Endless loops, each once, at its first step in the file."""
    flows = content.flows
    inside = list(cycles(edges(flows, across=False), lambda node: asks_always(step_at(flows, node))))
    across = cycles(edges(flows, across=True), lambda node: asks_anew(step_at(flows, node)))
    for knot in [*inside, *(k for k in across if not any(set(k) <= set(known) for known in inside))]:
        yield _problem(content, knot)


def _problem(content: Content, knot: list[Node]) -> Problem:
    flows = content.flows
    ordered = sorted(knot, key=lambda node: (node[0], flows.by_name[node[0]].index(node[1])))
    steps = " > ".join(f"{flow}.{step}" for flow, step in ordered)
    return at(
        step_at(flows, ordered[0]).source,
        f"this goes round without asking (a question that is to be asked each time needs `always: true`): {steps}",
    )
