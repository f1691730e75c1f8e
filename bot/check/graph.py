"""Which step may follow which: what the rules about ways through flows look at.

Law: shows every way that the engine may take, and perhaps some that conditions rule out, never fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bot.engine.answers import slots_of
from bot.engine.flow import Ask, Call, Do, End, Flow, Flows, Goto, If, Say, Step

OUT = ""  # the end of the flow
FLOW = "flow:"
Node = tuple[str, str]  # flow, step


def named(step: Step) -> list[str]:
    """The targets that a step names itself: step ids and `flow:name`; a called flow counts as `flow:name`."""
    match step:
        case Ask():
            targets = [c.goto for c in (*step.choices, *((step.skip,) if step.skip else ()))] + [step.unsure]
        case Do():
            targets = list(step.on.values())
        case If():
            targets = [step.then, step.otherwise]
        case Goto():
            targets = [step.target]
        case Call():
            targets = [FLOW + step.flow]
        case _:
            targets = []
    return [t for t in dict.fromkeys(targets) if t]


def ways(flow: Flow, place: int) -> list[str]:
    """Where the flow may go on after the step at `place`: step ids, `flow:name`, or OUT.

    A question may always go on to the next step: its answer leads there, or its timer runs out, or it is about danger
    and the answer could not be read.
    """
    step = flow.steps[place]
    after = flow.steps[place + 1].id if place + 1 < len(flow.steps) else OUT
    match step:
        case Say() | Call():
            found = [after]
        case Ask():
            found = [*named(step), after]
        case Do():
            found = [target or after for target in step.on.values()] or [after]
        case If():
            found = [step.then, step.otherwise or after]
        case Goto():
            found = [step.target]
        case End():
            found = [OUT]
    return list(dict.fromkeys(found))


def edges(flows: Flows, *, across: bool) -> Mapping[Node, list[Node]]:
    """The ways between steps: those inside each flow, and with `across` those into other flows as well.

    A call leads on only if the called flow can come back with nobody asked: what it asks, it asks each time it is
    called.
    """
    first = {name: (name, flow.steps[0].id) for name, flow in flows.by_name.items() if flow.steps}
    silent = _silent(flows)
    graph: dict[Node, list[Node]] = {}
    for flow in flows.by_name.values():
        for place, step in enumerate(flow.steps):
            inside = [t for t in ways(flow, place) if flow.index(t) is not None and _comes_back(step, silent)]
            entered = [t.removeprefix(FLOW) for t in (*ways(flow, place), *named(step)) if t.startswith(FLOW)]
            graph[flow.name, step.id] = [(flow.name, t) for t in inside]
            if across:
                graph[flow.name, step.id] += [first[n] for n in dict.fromkeys(entered) if n in first]
    return graph


def _comes_back(step: Step, silent: frozenset[str]) -> bool:
    return not isinstance(step, Call) or step.flow in silent


def _silent(flows: Flows) -> frozenset[str]:
    """The flows that can come to their end with nobody asked, when the person's shared slots are known."""
    silent: frozenset[str] = frozenset()
    while more := {f.name for f in flows.by_name.values() if f.name not in silent and _ends(f, silent)}:
        silent |= more
    return silent


def _ends(flow: Flow, silent: frozenset[str]) -> bool:
    seen: set[int] = set()
    ahead = [0] if flow.steps else []
    while ahead:
        place = ahead.pop()
        step = flow.steps[place]
        if place in seen or asks_anew(step) or not _comes_back(step, silent):
            continue
        seen.add(place)
        for target in ways(flow, place):
            if target == OUT or (target.startswith(FLOW) and target.removeprefix(FLOW) in silent):
                return True
            if (inside := flow.index(target)) is not None:
                ahead.append(inside)
    return False


def step_at(flows: Flows, node: Node) -> Step:
    """The step of a node."""
    flow = flows.by_name[node[0]]
    place = flow.index(node[1])
    assert place is not None
    return flow.steps[place]


def asks_always(step: Step) -> bool:
    """Whether a person has a say at this step each time: a question that is never passed over as known."""
    return isinstance(step, Ask) and (step.always or not slots_of(step))


def asks_anew(step: Step) -> bool:
    """Whether a person has a say at this step each time that its flow is started: only shared slots outlive a flow."""
    return isinstance(step, Ask) and (not step.shared or asks_always(step))


def cycles(graph: Mapping[Node, list[Node]], blocked: Callable[[Node], bool]) -> Iterator[list[Node]]:
    """The knots (strongly connected parts, Tarjan 1972) in which one can go round without a blocked node."""
    open_graph = {n: [t for t in ts if not blocked(t)] for n, ts in graph.items() if not blocked(n)}
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []

    def visit(node: Node) -> Iterator[list[Node]]:
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in open_graph[node]:
            if target not in order:
                yield from visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], order[target])
        if low[node] == order[node]:
            place = stack.index(node)
            knot = stack[place:]
            del stack[place:]
            if len(knot) > 1 or node in open_graph[node]:
                yield knot

    for node in open_graph:
        if node not in order:
            yield from visit(node)
