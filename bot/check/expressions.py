"""Rule: conditions can be read, and every slot that is named somewhere is one that the flow can know.

Law: a slot that is compared with a word must have an option of that id, when it is a choice of this flow.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from bot.check.slots import known
from bot.check.texts import at
from bot.content import Content, Problem
from bot.content.wording import PLACEHOLDER
from bot.engine.expressions import parse
from bot.engine.flow import Ask, Call, Do, Flow, If, Say, Step

PLACE_OF_OPTIONS = "options"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Conditions that do not parse, unknown slots, comparisons that can never hold."""
    for flow in content.flows.by_name.values():
        slots = known(content.flows, flow)
        for step in flow.steps:
            for name in [n for n in _named(step) if n not in slots]:
                yield at(step.source, f"{flow.name} knows no slot {name}")
            if isinstance(step, If):
                yield from (at(step.source, message) for message in _condition(flow, step, slots))
            if isinstance(step, Call) and (called := content.flows.get(step.flow)):
                theirs = known(content.flows, called)
                for name in [n for n in step.take.values() if n not in theirs]:
                    yield at(step.source, f"`take:` wants {name}, which {called.name} does not know")


def _named(step: Step) -> list[str]:
    """The slots that a step reads: placeholders, `$slot` arguments, the guess of the first option."""
    match step:
        case Say() | Ask():
            found = [n for n in PLACEHOLDER.findall(f"{step.text} {step.sms}") if n != PLACE_OF_OPTIONS]
            return [*found, *(n for n in (step.first, step.offers) if n)] if isinstance(step, Ask) else found
        case Do() | Call():
            return [v[1:] for v in step.args.values() if isinstance(v, str) and v.startswith("$")]
    return []


def _condition(flow: Flow, step: If, slots: frozenset[str]) -> Iterable[str]:
    try:
        expression = parse(step.when)
    except ValueError as error:
        yield str(error)
        return
    for name in sorted(expression.names - slots):
        yield f"{flow.name} knows no slot {name}"
    for name, word in _comparisons(expression.tree):
        asks = [s for s in flow.steps if isinstance(s, Ask) and s.slot == name]
        ids = {c.id for ask in asks for c in ask.choices}
        if ids and word not in ids and not any(ask.offers for ask in asks):  # an action may offer any id
            yield f'{name} is never "{word}"; its options are {", ".join(sorted(ids))}'


def _comparisons(tree: ast.expr) -> Iterable[tuple[str, str]]:
    """Pairs of slot and word that stand beside each other in a comparison."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            names = [s.id for s in sides if isinstance(s, ast.Name)]
            words = [c.value for s in sides for c in ast.walk(s) if isinstance(c, ast.Constant)]
            yield from ((n, w) for n in names for w in words if isinstance(w, str))
