"""Rule: a flow of danger raises the alarm before it says anything.

Law: a human is paged first; no question, subflow or condition stands before it (law 2 of the design). A part that
several dangers share raises none itself: no intent starts it, and only flows of danger, or the flow of a case that
was opened as critical already, call it. The flow that asks about what may be danger leaves a note for a human before it
asks; the one that stays with somebody looks whether the alarm was answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.graph import FLOW, named
from bot.check.slots import calls
from bot.check.texts import at
from bot.content import Content, Problem
from bot.engine.flow import Do, Flow

ALARMS = ("cases.raise_alarm", "children.raise_child")
WEIGHED = "cases.weigh"  # opens a critical case and pages, where an answer makes it one
DOUBT = "cases.note_doubt"  # where what was said only may be danger
STAYS, STAY = "casework.stay", "stay"  # said by the conductor, after the alarm
DANGER = "danger"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Danger flows whose first step is something else, and shared parts that somebody comes to without an alarm."""
    for flow in content.flows.by_name.values():
        if flow.level != DANGER or not flow.steps or alarmed(flow):
            continue
        if wanted := {content.rules.gentle: DOUBT, STAY: STAYS}.get(flow.name):
            if not _begins(flow, (wanted,)):
                yield at(flow.steps[0].source, f"{flow.name} begins with `do` of {wanted}: a human sees it")
            continue
        callers = [f for f in content.flows.by_name.values() if any(c.flow == flow.name for c in calls(f))]
        if flow.starts_on or not callers or _led_to(content, flow):
            first = " or ".join(ALARMS)
            yield at(
                flow.steps[0].source, f"a flow of level {DANGER} begins with `do` of {first}: a human is paged first"
            )
        for caller in callers:
            if not _opens(content, caller, frozenset()):
                yield at(
                    caller.source, f"{flow.name} is about danger, and nobody was paged before {caller.name} calls it"
                )


def alarmed(flow: Flow) -> bool:
    """Whether the first step pages a human."""
    return _begins(flow, ALARMS)


def _begins(flow: Flow, actions: tuple[str, ...]) -> bool:
    first = flow.steps[0]
    return isinstance(first, Do) and first.action in actions


def _opens(content: Content, flow: Flow, seen: frozenset[str]) -> bool:
    """Whether the flow pages, or each of its callers does."""
    if flow.name in seen:
        return False
    if alarmed(flow) or any(isinstance(s, Do) and s.action in (WEIGHED, *ALARMS) for s in flow.steps):
        return True
    callers = [f for f in content.flows.by_name.values() if any(c.flow == flow.name for c in calls(f))]
    inside = seen | {flow.name}
    return not flow.starts_on and bool(callers) and all(_opens(content, f, inside) for f in callers)


def _led_to(content: Content, flow: Flow) -> bool:
    """Whether some step goes over to the flow, other than by calling it."""
    calling = {id(c) for f in content.flows.by_name.values() for c in calls(f)}
    steps = (s for f in content.flows.by_name.values() for s in f.steps if id(s) not in calling)
    return any(FLOW + flow.name in named(step) for step in steps)
