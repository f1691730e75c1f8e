"""Rule: the SMS budget of a flow holds, in every language, with the longest values.

Law: each message of a flow with `budget: {sms: n}` (and of the subflows that it calls) is one segment, or as many as
its question allows itself (`segments:`, consent alone), laid out by the real channel; also a question with what the
engine may say before it. No way through has more than n messages; a question that can come again counts once, an
offer and what it leads to not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.channels.contract import Chrome
from bot.channels.limits import units
from bot.channels.segments import count
from bot.channels.sms import channel
from bot.check.graph import FLOW, ways
from bot.check.samples import longest
from bot.check.slots import calls
from bot.check.texts import allowed, at, options, place, translated
from bot.content import Content, Problem
from bot.content.wording import PLACEHOLDER
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask, Call, Choice, Flow, Flows, Say, Step

# of system.yml; on SMS nobody has old buttons
BEFORE = ("retry", "retry_help", "noted_so_far", "nothing_to_go_back", "media_received")
FALSE_SLOTS = frozenset({"options"})


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Messages of more than one segment, values without a limit, ways that are too long."""
    budgeted = [flow for flow in content.flows.by_name.values() if flow.sms_budget]
    for flow in budgeted:
        messages = longest_way(content.flows, flow)
        if messages > flow.sms_budget:
            yield at(flow.source, f"a way through has {messages} SMS messages; the budget is {flow.sms_budget}")
    for flow in with_subflows(content.flows, budgeted):
        for step in flow.steps:
            if isinstance(step, Say | Ask):
                yield from _too_long(content, root, flow, step)


def longest_way(flows: Flows, flow: Flow) -> int:
    """The most messages on any way through a flow, its subflows and what it goes over to; a round counts once."""
    return _longest(flows, flow, 0, {}, frozenset())


def _longest(
    flows: Flows, flow: Flow, place: int, found: dict[tuple[str, int], int], above: frozenset[tuple[str, int]]
) -> int:
    here = (flow.name, place)
    if here in above or _is_offer(flow.steps[place]):
        return 0
    if here not in found:
        step = flow.steps[place]
        on_the_way = above | {here}
        own = int(isinstance(step, Say | Ask))
        if isinstance(step, Call) and (called := flows.get(step.flow)):
            own = _longest(flows, called, 0, found, on_the_way)
        after = [0]
        for target in ways(flow, place):
            other = flows.get(target.removeprefix(FLOW)) if target.startswith(FLOW) else None
            inside = flow.index(target)
            if other is not None:
                after.append(_longest(flows, other, 0, found, on_the_way))
            elif inside is not None:
                after.append(_longest(flows, flow, inside, found, on_the_way))
        found[here] = own + max(after)
    return found[here]


def _is_offer(step: Step) -> bool:
    """What may be passed by: nobody needs it to come to the end, and what it leads to is asked for."""
    return isinstance(step, Ask) and step.lapses


def with_subflows(flows: Flows, budgeted: Iterable[Flow]) -> list[Flow]:
    """These flows and all that they call."""
    reached: dict[str, Flow] = {}
    ahead = list(budgeted)
    while ahead:
        flow = ahead.pop(0)
        if flow.name not in reached:
            reached[flow.name] = flow
            ahead += [called for call in calls(flow) if (called := flows.get(call.flow))]
    return list(reached.values())


def _too_long(content: Content, root: Path, flow: Flow, step: Say | Ask) -> Iterable[Problem]:
    context = f"{flow.name}.{step.id}#sms" if step.sms else f"{flow.name}.{step.id}"
    names = sorted(set(PLACEHOLDER.findall(f"{step.text} {step.sms}")) - FALSE_SLOTS)
    for language in content.languages:
        if not translated(content, language, context):
            continue  # it goes out in English, which is looked at itself
        values = {name: longest(content, flow, name, language) for name in names}
        endless = [name for name, value in values.items() if value is None]
        if endless:
            which = ", ".join(endless)
            yield at(
                step.source, f"nothing limits the length of {which}, so it cannot stand in a text with an SMS budget"
            )
            return
        for prefix in _prefixes(content, flow, step):
            text = rendered(content, flow, step, language, values, prefix)
            cost = count(text)
            if cost.segments > allowed(step):
                after = f" after {prefix}" if prefix else ""
                message = f"{language}{after}: {cost.segments} segments ({cost.units} units of {cost.encoding}): {text}"
                yield at(place(content, root, language, context, step.source), message)
                break


def _prefixes(content: Content, flow: Flow, step: Say | Ask) -> list[str]:
    """What may stand before the text in the same message; a question about danger is never asked twice."""
    repeated = isinstance(step, Ask) and flow.level != "danger"
    present = {say.id for say in content.texts.get("system", ())}
    return ["", *(f"system.{name}" for name in BEFORE if repeated and name in present)]


def _page(content: Content, ask: Ask, language: str) -> tuple[Choice, ...]:
    """The longest page of an ask that shows its choices page by page: her own language, and the longest names."""
    size = int(content.knowledge.get("languages")["more"][channel.name])
    own = [c for c in ask.choices if c.id == language]
    others = sorted((c for c in ask.choices if c.id != language), key=lambda c: -units(c.short or c.label))
    shown = (*own, *others)[:size]
    return (*shown, ask.skip) if ask.skip and len(ask.choices) > size else shown


def rendered(
    content: Content, flow: Flow, step: Say | Ask, language: str, values: dict[str, object], prefix: str = ""
) -> str:
    """The SMS that a phone gets, several joined by line feeds."""
    text_id = f"{flow.name}.{step.id}"
    event: Said | Asked = Said(text_id, values)
    if isinstance(step, Ask):
        ids = tuple(choice.id for choice in (_page(content, step, language) if step.shown else options(step)))
        event = Asked(text_id, text_id, flow.version, ids, values, prefix)
    return "\n".join(part.text for part in channel.layout(content.reply(event, language), Chrome()))
