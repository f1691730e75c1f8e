"""Which slots a flow can know: what conditions, placeholders and arguments may name.

Law: a slot is known if some step, caller, action or the engine itself may set it; when is not decided here.
"""

from __future__ import annotations

from bot.check.outcomes import outcomes
from bot.content.wording import SITE
from bot.engine.answers import slots_of
from bot.engine.flow import Ask, Call, Do, Fill, Flow, Flows
from bot.engine.stack import ALARM, SAID, SENT

# Set by the engine (what a flow was started for, whether that pages, what came by the way; whether the person was
# greeted) and by the conductor (what is known of the person, and what a child told).
GIVEN = frozenset(
    {
        "intent",
        ALARM,
        "welcomed",
        "language",
        "language_guess",
        "country",
        SITE,
        SAID,
        SENT,
        "tells",
        "lesson",
        "follows",
        "files",
        "may_say",
    }
)


def known(flows: Flows, flow: Flow) -> frozenset[str]:
    """All slots that this flow may read: its own, those of its callers' arguments, the person's, the engine's."""
    given = {name for f in flows.by_name.values() for c in calls(f) if c.flow == flow.name for name in c.args}
    return frozenset(own(flow) | given | personal(flows) | GIVEN)


def own(flow: Flow) -> set[str]:
    """The slots that this flow itself sets."""
    found = {f.slot for f in flow.listens}
    for step in flow.steps:
        match step:
            case Ask():
                found |= {*slots_of(step), *((step.keep,) if step.keep else ())}
            case Do():
                found |= {slot for slots in (outcomes(step.action) or {}).values() for slot in slots}
            case Call():
                found |= set(step.take)
            case _:
                pass
    return found


def personal(flows: Flows) -> set[str]:
    """The slots that belong to the person: any flow may read them."""
    asks = (s for f in flows.by_name.values() for s in f.steps if isinstance(s, Ask) and s.shared)
    return {slot for ask in asks for slot in slots_of(ask)}


def calls(flow: Flow) -> list[Call]:
    """The subflows that a flow calls."""
    return [s for s in flow.steps if isinstance(s, Call)]


def fill_of(flows: Flows, flow: Flow, slot: str) -> Fill | None:
    """How a slot is read, of this flow or of the person; None for choices and for what actions set."""
    for one in (flow, *flows.by_name.values()):
        asks = [s for s in one.steps if isinstance(s, Ask) and (one is flow or s.shared)]
        fills = [f for a in asks for f in a.fills] + (list(one.listens) if one is flow else [])
        if found := next((f for f in fills if f.slot == slot), None):
            return found
    return None
