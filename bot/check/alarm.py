"""Rule: a flow of danger raises the alarm before it says anything.

Law: a human is paged first; no question, subflow or condition stands before it (law 2 of the design). The flow that
asks about what may be danger leaves a note for a human before it asks; the one that stays with somebody looks whether
the alarm was answered. A part that several dangers share raises none itself: no intent starts it, and only flows that
paged, or that opened a critical case, call it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.graph import FLOW, named
from bot.check.slots import calls
from bot.check.texts import at
from bot.content import Content, Problem
from bot.engine.flow import Call, Do, Flow

ALARMS = ("cases.raise_alarm", "children.raise_child")
WEIGHED = "cases.weigh"  # opens a critical case and pages, where an answer makes it one
DOUBT = "cases.note_doubt"
STAY = "stay"
AFTERWARDS = {STAY: "waiting.stay", "check_in": "casework.promise"}  # begun by the conductor, long after the alarm
DANGER = "danger"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Danger flows whose first step is something else, and shared parts that somebody comes to without an alarm."""
    for flow in content.flows.by_name.values():
        if flow.level != DANGER or not flow.steps or _first(flow) in _wanted(content, flow):
            continue
        callers = _callers(content, flow)
        if flow.starts_on or not callers or _led_to(content, flow):
            wanted = " or ".join(_wanted(content, flow))
            yield at(
                flow.steps[0].source, f"a flow of level {DANGER} begins with `do` of {wanted}: a human is told first"
            )
        for caller in callers:
            if not _pages(content, caller, frozenset()):
                yield at(
                    caller.source, f"{flow.name} is about danger, and nobody was paged before {caller.name} calls it"
                )


def _wanted(content: Content, flow: Flow) -> tuple[str, ...]:
    """The actions with which a flow of danger may begin."""
    if flow.name == content.rules.gentle:
        return (DOUBT,)
    return (AFTERWARDS[flow.name],) if flow.name in AFTERWARDS else ALARMS


def _first(flow: Flow) -> str:
    """The action of the first step; empty when it is something else."""
    first = flow.steps[0]
    return first.action if isinstance(first, Do) else ""


def _callers(content: Content, flow: Flow) -> list[Flow]:
    return [f for f in content.flows.by_name.values() if any(c.flow == flow.name for c in calls(f))]


def _pages(content: Content, flow: Flow, seen: frozenset[str]) -> bool:
    """Whether the flow pages, or each of its callers does."""
    if flow.name in seen:
        return False
    if any(isinstance(s, Do) and s.action in (WEIGHED, *ALARMS) for s in flow.steps):
        return True
    callers = _callers(content, flow)
    return not flow.starts_on and bool(callers) and all(_pages(content, f, seen | {flow.name}) for f in callers)


def _led_to(content: Content, flow: Flow) -> bool:
    """Whether some step goes over to the flow, other than by calling it."""
    steps = (s for f in content.flows.by_name.values() for s in f.steps if not isinstance(s, Call))
    return any(FLOW + flow.name in named(step) for step in steps)
