"""Rule: what is asked in the chat is what `knowledge/intake.yml` says, by kind of case.

Law: each answer that a flow gives to a case is a field of stage `bot` of its kind (or of the frame), of the same type
and with the same options; each such field is asked; a kind has at most four. What a flow asks and gives to no case
belongs to the frame. So the list that a protection specialist signs is the list that people are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bot.check.slots import calls
from bot.check.texts import at
from bot.content import Content, Problem
from bot.content.source import Place
from bot.engine.answers import slots_of
from bot.engine.flow import Ask, Do, Flow, Flows

FILE = "knowledge/intake.yml"
MOST = 4
BOT, CHOICE = "bot", "choice"
# The actions that open a case, with the kind that some of them stand for; and one that adds to it.
OPENS = {
    "cases.open_case": "",
    "cases.weigh": "",
    "cases.raise_alarm": "",
    "tracing.open_search": "report_missing",
    "children.raise_child": "child",
}
ADDS = "cases.add_facts"
NO_FACTS = frozenset({"kind", "reference"})


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Every flow that opens cases against the kinds of intake, and the kinds against the flows."""
    intake = content.knowledge.by_name.get("intake")
    if not intake:
        return
    frame = _bot_fields(intake["frame"]["fields"])
    asked: dict[str, set[str]] = {}
    for flow in content.flows.by_name.values():
        for kind in sorted(_kinds(flow)):
            if kind not in intake["kinds"]:
                yield at(flow.source, f"{FILE} has no kind {kind}, of which {flow.name} opens cases")
                continue
            fields = _bot_fields(intake["kinds"][kind]["fields"])
            yield from _compared(content.flows, flow, kind, fields, frame, asked.setdefault(kind, set()))
    for kind, entry in intake["kinds"].items():
        fields = _bot_fields(entry["fields"])
        if len(fields) > MOST:
            yield Problem(FILE, entry.at("fields"), f"{kind} has {len(fields)} fields of stage bot; at most {MOST}")
        for key in [k for k in fields if k not in asked.get(kind, ())]:
            yield Problem(FILE, fields[key].line, f"no flow of {kind} asks {key}, which is of stage bot")


def _bot_fields(fields: Iterable[Place]) -> dict[str, Place]:
    return {field["key"]: field for field in fields if field.get("stage") == BOT}


def _kinds(flow: Flow) -> set[str]:
    """The kinds of case that a flow opens, as it names them; a kind that is only known while it runs is none."""
    opening = [s for s in flow.steps if isinstance(s, Do) and s.action in OPENS]
    named = {OPENS[s.action] or str(s.args.get("kind", "")) for s in opening}
    return {kind for kind in named if kind and not kind.startswith("$")}


def _compared(
    flows: Flows, flow: Flow, kind: str, fields: Mapping[str, Place], frame: Mapping[str, Place], asked: set[str]
) -> Iterator[Problem]:
    facts = _facts(flow)
    for owner, ask in _asks(flows, flow):
        given = {fact for slot in _slots(ask) for fact in facts.get(slot, ())}
        found = next((f for f in fields.values() if given & {f["key"], *(f.get("fills") or ())}), None)
        known = frame.get(next(iter(given or slots_of(ask)), ask.id))
        if found is not None:
            asked.add(found["key"])
            yield from _alike(ask, found, kind, given)
        elif known is not None:
            yield from _alike(ask, known, "the frame", given)
        elif given:
            yield at(ask.source, f"{FILE}: {kind} has no field of stage bot for {', '.join(sorted(given))}")
        elif owner is flow:
            yield at(ask.source, f"the answer goes to no case of {kind}, and the frame of {FILE} has no {ask.id}")


def _facts(flow: Flow) -> dict[str, set[str]]:
    """Which facts of a case a slot becomes."""
    found: dict[str, set[str]] = {}
    for step in flow.steps:
        if isinstance(step, Do) and step.action in (*OPENS, ADDS):
            for name, value in step.args.items():
                if isinstance(value, str) and value.startswith("$") and name not in NO_FACTS:
                    found.setdefault(value[1:], set()).add(name)
    return found


def _asks(flows: Flows, flow: Flow) -> Iterator[tuple[Flow, Ask]]:
    """The questions of a flow and of the subflows that it calls."""
    for one in (flow, *(f for call in calls(flow) if (f := flows.get(call.flow)))):
        yield from ((one, step) for step in one.steps if isinstance(step, Ask))


def _slots(ask: Ask) -> tuple[str, ...]:
    return (*slots_of(ask), *((ask.keep,) if ask.keep else ()))


def _alike(ask: Ask, field: Place, where: str, given: Iterable[str]) -> Iterator[Problem]:
    """Whether type, options and further facts of an answer are those of the field."""
    key, kind = field["key"], field.get("type")
    more = set(given) - {key, *(field.get("fills") or ())}
    if more:
        yield at(ask.source, f"{FILE}: {key} of {where} does not fill {', '.join(sorted(more))}")
    if (kind == CHOICE) != bool(ask.choices):
        yield at(ask.source, f"{FILE}: {key} of {where} is of type {kind}")
    elif ask.choices:
        ours, theirs = [c.id for c in ask.choices], [str(o) for o in field.get("options") or ()]
        if ours != theirs:
            yield at(ask.source, f"{FILE}: {key} of {where} has the options {', '.join(theirs)}")
    elif key in slots_of(ask) and kind not in {fill.reader for fill in ask.fills}:
        yield at(ask.source, f"{FILE}: {key} of {where} is of type {kind}")
