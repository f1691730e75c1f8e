"""Rule: a flow and the actions that it runs agree on names, outcomes and arguments.

Law: the handler's OUTCOMES and signature are the contract; every outcome has a way on, or `else` has.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bot.check.outcomes import function, outcomes
from bot.check.texts import at
from bot.content import Content, Problem
from bot.engine.flow import Do

ELSE = "else"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Unknown actions, outcomes that are not declared or not handled, arguments that do not fit."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if isinstance(step, Do):
                yield from (at(step.source, message) for message in _wrong(step))


def _wrong(step: Do) -> Iterable[str]:
    action = function(step.action)
    declared = outcomes(step.action)
    if action is None:
        yield f"there is no action {step.action}: handlers/<module>.py must export it in __all__"
        return
    if declared is None:
        yield f"{step.action} declares no outcomes in OUTCOMES of its module"
    else:
        for name in [n for n in step.on if n not in declared and n != ELSE]:
            yield f"{step.action} has no outcome {name}; it has {', '.join(declared)}"
        for name in [n for n in declared if n not in step.on and ELSE not in step.on]:
            yield f"`on:` does not say where the outcome {name} of {step.action} leads"
    yield from _arguments(step, action)


def _arguments(step: Do, action: Callable[..., Any]) -> Iterable[str]:
    named = [p for p in inspect.signature(action).parameters.values() if p.kind is p.KEYWORD_ONLY]
    anything = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(action).parameters.values())
    names = {p.name for p in named}
    for name in [n for n in step.args if n not in names and not anything]:
        yield f"{step.action} takes no argument {name}"
    for parameter in named:
        if parameter.default is parameter.empty and parameter.name not in step.args:
            yield f"{step.action} needs the argument {parameter.name}"
