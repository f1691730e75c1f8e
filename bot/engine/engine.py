"""The engine: one input for one conversation, a new session and the events of the turn.

Law: `(flows, session, input) -> (session, events)` and nothing else; danger comes first, in any state; whatever a
person sends is a turn in the conversation, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from bot.engine import answers, interrupts, named, offers, spoken
from bot.engine.events import Event, NotUnderstood, Said
from bot.engine.flow import Ask, Do, Flow, Flows, Readers, Words
from bot.engine.inputs import Heard, Input, Outcome, Pressed, Resumed, Shared, Started, TimedOut
from bot.engine.machine import Machine
from bot.engine.rules import Rules
from bot.engine.session import Session
from bot.engine.stack import LONGEST, SAID, SENT

FEW = 6  # words: an answer of more tells more than was asked

__all__ = ["Rules", "Turn", "turn"]


@dataclass(frozen=True, slots=True)
class Turn:
    """The new session, and what the engine asks of the world, in order."""

    session: Session
    events: tuple[Event, ...]


def turn(
    flows: Flows, session: Session, given: Input, *, words: Words, readers: Readers, language: str, rules: Rules
) -> Turn:
    """Run one input until a question is open (Asked), an action is to be run (Called, always the last event; call
    `turn` again with its Outcome), or nothing is left to run. Never raises for anything that a person may send."""
    machine = Machine(flows, session, words, readers, language, rules)
    if offers.passed_by(machine, given):
        machine = Machine(flows, offers.withdrawn(session), words, readers, language, rules)
    if not isinstance(given, Outcome):
        machine.steps = 0
        open_now = machine.present()
        machine.secret = open_now is not None and open_now[1].secret
    match given:
        case Heard():
            _hear(machine, given)
        case Pressed():
            _press(machine, given)
        case Shared():
            _share(machine, given)
        case Outcome():
            _outcome(machine, given)
        case TimedOut():
            _time_out(machine, given)
        case Resumed():
            machine.cut(0)
            machine.heard = ""
        case Started():
            machine.begin(given.flow, "started", given.slots)
        case _:
            assert_never(given)
    machine.run()
    return Turn(machine.session(), tuple(machine.events))


# -- words


def _hear(machine: Machine, heard: Heard) -> None:
    word = interrupts.command(machine.words, heard.text) or interrupts.sentence(machine, heard.text)
    if interrupts.danger(machine, heard):
        _keep_words(machine, heard)
        return
    if heard.edited:
        return  # an edit re-answers nothing
    open_now = machine.present()
    exact = answers.exact(machine.asking(*open_now), heard.text) if open_now else None
    first = word in interrupts.FIRST and not (exact and _answers_first(machine, word, heard.text))
    if word and first and interrupts.obey(machine, word):
        return
    if open_now is None and machine.stack:
        _stuck(machine)
    elif open_now is None:
        _nothing_open(machine, heard, word)
    elif exact is not None:
        # The words of an option say that and nothing else ("dubai cha" is "both", not Dubai); other lines may say more.
        several = len(heard.text.splitlines()) > 1
        found = machine.listen(open_now[0], heard) if several else {}
        if several:
            machine.overhear(heard)
            _keep_words(machine, heard)
        _take(machine, open_now, heard, exact, found)
    elif word is None or not interrupts.obey(machine, word):
        _answer(machine, open_now, heard)


def _keep_words(machine: Machine, heard: Heard) -> None:
    """Words that were no answer are facts all the same."""
    if heard.text.strip():
        machine.keep(SAID, heard.text.strip()[:LONGEST])


def _answers_first(machine: Machine, word: str | None, text: str) -> bool:
    """0 is also a number, and the flow of a word may offer that word as an answer. "Do not write to me" answers "may we
    write?"; a single word, the carriers', always stops."""
    said = word == "stop" and len(text.split()) > 1
    return said or answers.number(text) is not None or machine.runs(machine.rules.flow_of(word or ""))


def _stuck(machine: Machine) -> None:
    """No question is open though a flow stands: its step is another one now, or its action never came back."""
    if (
        machine.top.waiting
        and (flow := machine.flows.get(machine.top.flow))
        and flow.index(machine.top.step) is not None
    ):
        machine.ask_again()  # the flow changed under the question: go on with the step as it is now
    else:
        machine.lost()


def _nothing_open(machine: Machine, heard: Heard, word: str | None) -> None:
    if (word and interrupts.obey(machine, word)) or interrupts.code(machine, heard):
        return
    if interrupts.listed(machine, heard):
        return
    intent, confidence = interrupts.intent_of(heard.meaning)
    name = interrupts.flow_of(machine, heard.meaning) if confidence >= machine.rules.confidence else ""
    if intent in ("greet", "show_menu") or machine.flows.get(name) is None:
        name = machine.rules.menu
        if interrupts.welcome(machine, heard.text):
            if intent not in ("greet", "show_menu"):
                _keep_words(machine, heard)
            return
    _keep_words(machine, heard)
    if name == machine.rules.menu:
        machine.heard = heard.text.strip()
        machine.enter(name, "menu")
    else:
        interrupts.start(machine, name, heard)


def _answer(machine: Machine, open_now: tuple[Flow, Ask], heard: Heard) -> None:
    """Words that are no exact answer and no command: slips, readers, what was heard by the way, another matter."""
    flow, ask = open_now
    asking = machine.asking(flow, ask)
    answer = answers.nearly(asking, heard.text)
    if answer is None and heard.meaning.danger and answers.takes_words(ask) and interrupts.other_matter(machine, heard):
        return  # free text does not swallow a danger that is to be asked about
    answer = answer or answers.unknown(asking, heard.text)
    declined = None if answer else spoken.declined(machine, asking, heard)
    answer = answer or declined or machine.said(flow, asking.ask, heard.text)
    answer = answer or answers.read(asking, heard.text)
    if answer is None and interrupts.code(machine, heard):
        return  # before it is kept as words: a code is no fact of a case
    answer = answer or spoken.said(machine, asking, heard)
    machine.overhear(heard)
    if answer is None or declined or len(heard.text.split()) > FEW:
        _keep_words(machine, heard)
    found = machine.listen(flow, heard)
    if declined:  # "I do not want to say whether I signed" says nothing of it
        found = {slot: value for slot, value in found.items() if slot not in declined.values}
    if answer is None and any(s in found for s in answers.slots_of(ask)):
        answer = answers.Answer({})
    if answer is not None:
        _take(machine, open_now, heard, answer, found)
    elif (machine.in_danger and interrupts.instead(machine, heard)) or interrupts.listed(machine, heard):
        return
    elif machine.in_danger:  # a question about danger is not asked twice
        machine.events.append(NotUnderstood(asking.step, 1))
        _take(machine, open_now, heard, answers.refused(ask, machine.known), found)
    elif not interrupts.other_matter(machine, heard):
        place = {} if ask.unsure else named.country(machine, heard)
        machine.learn({**found, **place})
        if any(slot in machine.top.heard for slot in found):
            machine.ask_again()  # it was understood, though it answers another question
        elif found:
            machine.ask_again("system.noted_so_far")  # a country where a name was asked for: kept, and no miss
        elif place and not machine.top.noted:  # a country where a choice was asked for: once, then it is a miss
            machine.change(noted=True)
            machine.ask_again("system.noted_so_far")
        else:
            told = not place and named.value(machine, ask, heard)
            _missed(machine, open_now, first="system.noted_so_far" if told else "")


def _take(
    machine: Machine, open_now: tuple[Flow, Ask], heard: Heard, answer: answers.Answer, found: Mapping[str, Any]
) -> None:
    """Take an answer, and what was heard by the way; the answer wins, but a refusal unsays nothing."""
    machine.learn({k: v for k, v in found.items() if answer.values.get(k) is None})
    values = {k: v for k, v in answer.values.items() if v is not None or not machine.known(k)}
    machine.settle(open_now[1], answers.Answer(values, answer.goto), heard.text)


def _missed(machine: Machine, open_now: tuple[Flow, Ask], first: str = "") -> None:
    """Ask again, then with help, then hand over to a human; who is with the human flow already is let through."""
    flow, ask = open_now
    times = machine.top.misses + 1
    machine.change(misses=times)
    machine.events.append(NotUnderstood(f"{flow.name}.{ask.id}", times))
    facts = bool(ask.unsure and ask.choices)  # words beside a yes and a no are facts; a digit for a name is none
    if times < (machine.rules.misses - 1 if ask.unsure and not facts else machine.rules.misses):
        retries = (machine.rules.retries.get(answers.sought(fill)) for fill in ask.fills)
        first = first or next(filter(None, retries), "system.noted_so_far" if facts else "system.retry")
        machine.ask_again(first if times == 1 or facts else "system.retry_help")
    elif ask.unsure:
        machine.settle(ask, answers.Answer({}, ask.unsure))
    elif machine.runs(machine.rules.human) or not machine.begin(machine.rules.human, "human"):
        machine.settle(ask, answers.refused(ask, machine.known))


# -- buttons, files, actions, timers


def _press(machine: Machine, pressed: Pressed) -> None:
    open_now = machine.present()
    if open_now is None:
        if machine.stack:
            _stuck(machine)
        else:
            machine.events.append(Said("system.old_button"))
            machine.enter(machine.rules.menu, "menu")
        return
    flow, ask = open_now
    fresh = pressed.step == f"{flow.name}.{ask.id}" and pressed.version == flow.version
    answer = answers.tapped(machine.asking(flow, ask), pressed.option) if fresh else None
    if answer is None:
        machine.ask_again("system.old_button")
    else:
        machine.settle(ask, answer)


def _share(machine: Machine, shared: Shared) -> None:
    caption = Heard(shared.caption, shared.meaning)
    danger, open_now = interrupts.danger(machine, caption), machine.present()
    if shared.ref:
        machine.keep(SENT, {"kind": shared.kind, "ref": shared.ref})
    if danger:
        _keep_words(machine, caption)
        return
    answer = answers.given(open_now[1], shared.kind, shared.ref) if open_now else None
    if open_now and answer:
        _take(machine, open_now, caption, answer, machine.listen(open_now[0], caption))
    elif machine.stack and not open_now:
        _stuck(machine)
    elif open_now and interrupts.tells_of_it(machine, caption):
        machine.overhear(caption)
        _keep_words(machine, caption)
        machine.learn(machine.listen(open_now[0], caption))
        _unasked(machine, open_now, shared.kind)
    elif open_now and not shared.caption.strip():
        _unasked(machine, open_now, shared.kind)
    else:
        machine.events.append(Said("system.media_received"))
        if shared.kind == "audio" and not open_now:
            machine.enter(machine.rules.human, "human")
        elif shared.caption.strip():
            _hear(machine, caption)
        else:
            interrupts.welcome(machine, "")


def _unasked(machine: Machine, open_now: tuple[Flow, Ask], kind: str) -> None:
    """A file where words were asked. A voice may be all that the person can give: it counts as an answer that we
    could not read, so it leads to a human; of photos only the first asks the question again."""
    if kind == "audio" and not machine.in_danger:
        _missed(machine, open_now, first="system.media_received")
        if not machine.prefix:
            machine.events.append(Said("system.media_received"))
    elif kind == "audio":
        machine.events.append(Said("system.media_received"))
        machine.settle(open_now[1], answers.refused(open_now[1], machine.known))
    elif machine.top.noted or machine.in_danger:
        machine.events.append(Said("system.media_received"))
    else:
        machine.change(noted=True)
        machine.ask_again("system.media_received")


def _outcome(machine: Machine, outcome: Outcome) -> None:
    if not machine.stack or not machine.top.pending:
        return  # nothing waits for it: an action's answer is taken once
    frame = machine.top
    flow = machine.flows.get(frame.flow)
    place = flow.index(frame.step) if flow else None
    step = flow.steps[place] if flow and place is not None else None
    machine.change(pending="")
    if flow is None or not isinstance(step, Do) or step.action != frame.pending:
        machine.lost()
        return
    gone = {k for k, v in outcome.slots.items() if v is None}
    slots = {k: v for k, v in {**frame.slots, **outcome.slots}.items() if k not in gone}
    machine.change(slots=slots, version=flow.version)
    machine.jump(step.on.get(outcome.name) or ("" if outcome.name in step.on else step.on.get("else", "")))


def _time_out(machine: Machine, timer: TimedOut) -> None:
    open_now = machine.present()
    if open_now and timer.step == f"{open_now[0].name}.{open_now[1].id}":
        machine.settle(open_now[1], answers.refused(open_now[1], machine.known))
