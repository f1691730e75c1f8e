"""What may break into a running conversation: danger, universal words, another matter.

Law: danger needs no leave; human, stop and delete need the whole message; another matter needs a confident intent.
Each function does what it decides and says whether it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.engine.answers import fold, slots_of, takes_text
from bot.engine.flow import Ask, Flow, Words
from bot.engine.inputs import Danger, Heard, Meaning
from bot.engine.machine import Machine

COMPLAIN = "complain"
FIRST = frozenset({"human", "stop", "delete"})  # these win over the answer that a question expects


def command(words: Words, text: str) -> str | None:
    """The universal word that the message is. Joined messages (lines) count when all are the same one; a line that
    asks for a human counts alone."""
    if whole := words.universal(text.strip()):
        return whole
    lines = [words.universal(line.strip()) for line in text.splitlines() if line.strip()]
    if "human" in lines:
        return "human"
    return lines[0] if len(set(lines)) == 1 else None


def sentence(machine: Machine, text: str) -> str | None:
    """The command that a sentence means. It is left to the open question where that takes any words, unless it is about
    ourselves; danger is not left for it, nor the flow that it would start."""
    word = None if machine.in_danger else machine.words.sentence(text)
    open_now = machine.present()
    swallowed = open_now is not None and takes_text(open_now[1]) and word != COMPLAIN
    return None if word is None or swallowed or machine.runs(machine.rules.flow_of(word)) else word


def listed(machine: Machine, heard: Heard) -> bool:
    """The message is a line of a list (menu and what it leads to), in any language: its flow, at any time. A stranger's
    first words that only name a language are a greeting in it."""
    flow = machine.flows.get(machine.rules.labels.get(fold(heard.text), ""))
    if flow is None or machine.in_danger or machine.runs(flow.name):
        return False
    known = machine.stack or machine.shared.get("welcomed") or machine.shared.get("language")
    if flow.name == machine.rules.flow_of("language") and not known:
        return machine.enter(machine.rules.welcome, "welcome", heard=heard)
    _leave_system(machine, flow)
    if machine.place(flow.name) is not None:
        return machine.begin(flow.name, "listed")
    return machine.enter(flow.name, "listed", heard=heard)


def intent_of(meaning: Meaning) -> tuple[str, float]:
    """Intent and confidence; a danger that the rules saw is certain."""
    return (meaning.danger.kind, 1.0) if meaning.danger else (meaning.intent, meaning.confidence)


def flow_of(machine: Machine, meaning: Meaning) -> str:
    """The flow that the intent starts; what only may be danger is asked about gently. Empty when there is none."""
    if meaning.danger is None:
        return machine.flows.by_intent.get(meaning.intent, "")
    gently = meaning.danger.tier == "ask" and machine.flows.get(machine.rules.gentle) is not None
    return machine.rules.gentle if gently else _alarm(machine, meaning.danger)


def _alarm(machine: Machine, seen: Danger) -> str:
    """The flow of a danger; one that no flow knows goes to a human."""
    name = machine.flows.by_intent.get(seen.kind, "")
    return machine.rules.human if machine.flows.get(name) is None else name


def start(machine: Machine, name: str, heard: Heard, slots: Mapping[str, Any] | None = None) -> bool:
    """Start the flow of a wish. The gentle question keeps the wish and the words for what comes after it."""
    if name != machine.rules.gentle:
        return machine.enter(name, "intent", slots, heard)
    sure = heard.meaning.confidence >= machine.rules.confidence
    begun = machine.enter(name, "danger", {"wish": heard.meaning.intent if sure else None}, heard)
    machine.heard = heard.text.strip()
    return begun


def danger(machine: Machine, heard: Heard) -> bool:
    """Start the flow of a danger at once, in any state. Inside a danger flow the text is an answer (False), unless
    it is of the gravest kinds. Any danger in an edited message counts."""
    seen = heard.meaning.danger
    if seen is None or not _breaks_in(machine, seen, heard.edited):
        return False
    name = _alarm(machine, seen)
    if machine.asks_gently:  # asked whether she is okay, she says this: it is answered
        machine.leave("interrupted")
    running = [
        i for i, f in enumerate(machine.stack) if f.flow == name or machine.level(f) == "danger"
    ]  # the flow of this danger, or another danger's
    graver = seen.kind in machine.rules.gravest and machine.place(name) is None
    if not running or graver:
        return machine.enter(name, "danger", heard=heard)
    if not heard.edited:
        machine.uncover(running[-1])
    return False


def _breaks_in(machine: Machine, seen: Danger, edited: bool) -> bool:
    if seen.tier == "page" or edited or machine.asks_gently:
        return True
    return seen.kind in machine.rules.gravest and machine.in_danger


def obey(machine: Machine, word: str) -> bool:
    """Do what a universal word says; False when this installation has no flow for it."""
    rules = machine.rules
    if word == "back" and machine.present():
        back(machine)
        return True
    name = rules.flow_of("menu" if word == "back" else word)
    if machine.flows.get(name) is None:
        return False
    if name == rules.menu and not machine.stack and welcome(machine, ""):
        return True
    if name == rules.menu:
        machine.to_menu("universal")
        return True
    if word in rules.phrases:
        _leave_system(machine, machine.flows.by_name[name])
    return machine.begin(name, "universal")


def welcome(machine: Machine, text: str) -> bool:
    """Start the first contact, keeping the words; False when the person was welcomed before."""
    if machine.shared.get("welcomed") or not machine.enter(machine.rules.welcome, "welcome"):
        return False
    machine.heard = text.strip()
    return True


def back(machine: Machine) -> None:
    """Ask the question before the open one again, its answer forgotten."""
    found = machine.present()
    flow = found[0] if found else None
    earlier = [s for s in machine.top.asked if s != machine.top.step]
    while flow and earlier:
        place = flow.index(earlier[-1])
        step = flow.steps[place] if place is not None else None
        if isinstance(step, Ask):
            _forget(machine, step, tuple(earlier[:-1]))
            return
        earlier.pop()  # no longer a question of this flow
    machine.ask_again("system.nothing_to_go_back")


def _forget(machine: Machine, ask: Ask, asked: tuple[str, ...]) -> None:
    gone = {*slots_of(ask), ask.keep}
    if ask.shared:
        machine.shared = {k: v for k, v in machine.shared.items() if k not in gone}
    slots = {k: v for k, v in machine.top.slots.items() if k not in gone}
    machine.change(step=ask.id, slots=slots, asked=asked, misses=0, noted=False, waiting=False)


def code(machine: Machine, heard: Heard) -> bool:
    """A message that is or holds a family's code starts the flow that answers codes. Danger is not left for it."""
    flow, reader = machine.flows.get(machine.rules.codes), machine.readers.get("code")
    value = reader.find(heard.text, {}, machine.language) if flow and reader else None
    if flow is None or value is None or machine.in_danger:
        return False
    _leave_system(machine, flow)
    return machine.begin(flow.name, "code", {"code": value})


def other_matter(machine: Machine, heard: Heard) -> bool:
    """Leave the running flow for another that the person clearly means; a danger flow is not left so."""
    confidence = intent_of(heard.meaning)[1]
    flow = machine.flows.get(flow_of(machine, heard.meaning))
    root = machine.chain[0]
    needed = machine.rules.confidence if root.flow == machine.rules.menu else machine.rules.interrupt
    if flow is None or confidence < needed or machine.in_danger:
        return False
    if not machine.may_interrupt(flow):
        return False
    place = machine.place(flow.name)
    if place is not None:  # it was interrupted itself: go on where it was
        machine.uncover(place)
        machine.learn(machine.listen(flow, heard) if machine.top.flow == flow.name else {})
        machine.ask_again()
        return True
    safe = any(frame.slots.get("safe") == "yes" for frame in machine.chain)  # said a moment ago: not asked again
    if flow.name != machine.rules.gentle:  # who is well goes on where she was, also with her letter about us
        _leave_system(machine, flow)
    return start(machine, flow.name, heard, {"safe": "yes"} if safe else None)


def tells_of_it(machine: Machine, heard: Heard) -> bool:
    """Whether words under a photo, which would start another grievance, are about the report that runs."""
    intent, confidence = intent_of(heard.meaning)
    flow = machine.flows.get(machine.flows.by_intent.get(intent, ""))
    if flow is None or heard.meaning.danger or confidence < machine.rules.interrupt or machine.runs(flow.name):
        return False
    report = machine.level(machine.chain[0]) in ("grievance", "serious")
    return report and flow.level == "grievance" and machine.place(flow.name) is None


def instead(machine: Machine, heard: Heard) -> bool:
    """Asked whether she is okay, the person speaks clearly of something else: a yes, and what she wants."""
    intent, confidence = intent_of(heard.meaning)
    flow = machine.flows.get(machine.flows.by_intent.get(intent, ""))
    if not machine.asks_gently or flow is None or confidence < machine.rules.interrupt or heard.meaning.danger:
        return False
    if flow.level in ("danger", "system"):
        return False
    machine.heard = heard.text.strip()
    machine.change(slots={**machine.top.slots, "okay": "yes", "wish": intent}, waiting=False)
    machine.end()
    return True


def _leave_system(machine: Machine, flow: Flow) -> None:
    """Nobody wants to be led back to a menu when a matter is over."""
    chain = machine.chain
    if chain and machine.level(chain[0]) == "system" != flow.level:
        machine.cut(len(machine.stack) - len(chain))
