"""One turn while it runs: how the steps of flows are walked, and what happens when a flow ends.

Law: it knows flows and frames, not what a person meant; it stops at a question, at an action, or at nothing left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, assert_never

from bot.engine import answers
from bot.engine.answers import Answer
from bot.engine.events import Asked, Called, Event, Said
from bot.engine.expressions import holds
from bot.engine.flow import Ask, Call, Choice, Do, End, Flow, Goto, If, Say
from bot.engine.session import Frame
from bot.engine.state import State, heard_slot

MAX_DEPTH = 20  # frames; a flow that calls itself between questions is a loop too
MAX_ASKED = 30  # steps that "back" remembers
_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)")


class Machine(State):
    """The state of one turn and its walk. `run` goes on until an Asked or a Called is open, or nothing is left."""

    def settle(self, ask: Ask, answer: Answer, words: str = "") -> None:
        """Take an answer and go on. `words` are kept if the question wants them."""
        for slot, value in answer.values.items():
            self.put(slot, value, ask.shared)
        if ask.keep and words.strip():
            self.put(ask.keep, words.strip(), shared=False)
        heard = tuple(slot for slot in self.top.heard if slot not in answer.values)
        self.change(waiting=False, misses=0, noted=False, heard=heard)
        self.jump(answer.goto)

    def said(self, flow: Flow, ask: Ask, text: str) -> Answer | None:
        """The answer to the open question that a sentence says by a phrase; None for one that takes any words."""
        option = self.said_in(flow, ask, text) if ask.choices else None
        choice = next((c for c in ask.choices if c.id == option), None)
        return Answer({ask.slot: choice.id} if ask.slot else {}, choice.goto) if choice else None

    def ask_again(self, prefix: str = "") -> None:
        """Ask the open question again, as the flow is now."""
        self.prefix = prefix
        self.change(waiting=False)

    # -- steps

    def run(self) -> None:
        """Run steps until somebody else has a say."""
        while self.stack and not self.top.waiting and not self.top.pending:
            flow = self.flows.get(self.top.flow)
            place = flow.index(self.top.step) if flow else None
            self.steps += 1
            if self.steps == self.rules.max_steps + 1 or self.steps > 2 * self.rules.max_steps:
                self.limit()
            elif flow is None or place is None:
                self.lost()
            else:
                self._step(flow, place)
        if not self.stack or self.top.waiting:
            self.steps = 0

    def _step(self, flow: Flow, place: int) -> None:
        step = flow.steps[place]
        match step:
            case Say():
                self.events.append(Said(f"{flow.name}.{step.id}", self._said(step)))
                self.jump("")
            case Ask():
                self._ask(flow, step)
            case Do():
                args = {k: self._argument(v) for k, v in step.args.items()}
                self.change(pending=step.action, version=flow.version)
                self.events.append(Called(step.action, args, f"{flow.name}.{step.id}"))
            case If():
                self.jump(step.then if holds(step.when, self.slot) else step.otherwise)
            case Goto():
                self.jump(step.target)
            case Call():
                if len(self.stack) >= MAX_DEPTH:
                    self.limit()
                elif not self.enter(step.flow, "call", {k: self._argument(v) for k, v in step.args.items()}):
                    self.lost()
            case End():
                self.end()
            case _:
                assert_never(step)

    def _ask(self, flow: Flow, ask: Ask) -> None:
        if (passed := self._passed(ask)) is not None:
            if heard_slot(ask) in self.top.heard and ask.id not in self.top.asked:  # so that "back" leads to it
                self.change(asked=(*self.top.asked, ask.id)[-MAX_ASKED:])
            self.jump(passed)
            return
        step = f"{flow.name}.{ask.id}"
        asked = self.top.asked if self.top.asked[-1:] == (ask.id,) else (*self.top.asked, ask.id)[-MAX_ASKED:]
        self.change(waiting=True, asked=asked, version=flow.version)
        shown = answers.numbered(self.ordered(ask))
        offered = shown if ask.offers else ()
        options = tuple(c.id for c in shown)
        self.events.append(Asked(step, step, flow.version, options, self._said(ask), self.prefix, offered))
        self.prefix = ""

    def _passed(self, ask: Ask) -> str | None:
        """Where an ask leads that is passed over, as all it wants is known or was refused; None when it is asked."""
        ask = self.ordered(ask)
        if ask.offers and not ask.choices:
            return ""  # nothing to choose from
        if ask.lapses and any(f.waiting for f in self.stack[:-1]):
            return ""  # another matter waits to be taken up: an offer holds nobody up
        slots = answers.slots_of(ask)
        if ask.always or not slots or not all(s in self.top.slots or self.known(s) for s in slots):
            return None
        value = self.slot(slots[0])
        if not ask.choices or value is None:
            return ""
        choice: Choice | None = next((c for c in (*ask.choices, *ask.others) if c.id == value), None)
        return choice.goto if choice else None  # another flow's value that is no option here

    def _said(self, step: Say | Ask) -> dict[str, Any]:
        """The slots that the text names, and no others: an event carries no more than is said."""
        wanted = _PLACEHOLDER.findall(f"{step.text} {step.sms}")
        return {name: self.slot(name) for name in wanted if self.known(name)}

    def _argument(self, value: Any) -> Any:
        return self.slot(value[1:]) if isinstance(value, str) and value.startswith("$") else value

    def jump(self, target: str) -> None:
        """Go to a step of this flow, to `flow:name`, or (empty) to the next step, past the last one the end."""
        flow = self.flows.get(self.top.flow)
        if target.startswith("flow:"):
            self._go(target.removeprefix("flow:"))
        elif target:
            self.change(step=target)  # a step that does not exist is found lost by `run`
        elif flow is None or (place := flow.index(self.top.step)) is None:
            self.lost()
        elif place + 1 < len(flow.steps):
            self.change(step=flow.steps[place + 1].id)
        else:
            self.end()

    def _go(self, name: str) -> None:
        """Replace the running flow by another. The menu is nobody's subflow; a flow that waits below is taken up."""
        if self.flows.get(name) is None:
            self.lost()
            return
        left = self.leave("goto")
        interrupted = bool(self.stack) and self.top.waiting
        if interrupted and (left.flow == self.rules.resume or self._final(left)):
            self.cut(0)
        if name == self.rules.menu:
            self.to_menu("goto")
            return
        place = self.place(name)
        if place is not None and any(f.waiting for f in self.stack[place:]):
            self.uncover(place)
            self.ask_again()
        else:
            self.enter(name, "goto")

    def to_menu(self, why: str) -> None:
        """Start the menu; what runs stays below only if a question is open and answers would be lost."""
        if (place := self.place(self.rules.menu)) is not None:
            self.cut(place)
        while self.stack and not self.top.waiting:
            self.leave("menu")
        if not self.begun:
            self.cut(0, "menu")
        self.enter(self.rules.menu, why)

    # -- ends

    def _final(self, frame: Frame) -> bool:
        well = frame.flow == self.rules.gentle and frame.slots.get("okay") == "yes"
        unsafe = frame.slots.get("safe") == "no"  # somebody may be looking: nothing is read out again
        return (self.level(frame) == "danger" and not well) or unsafe or frame.flow in self.rules.final

    def end(self) -> None:
        """The running flow is over: back to its caller, or to what it interrupted, or nothing."""
        child = self.leave("end")
        if child.flow == self.rules.gentle and not self._final(child):
            self._go_on(child.slots)
        elif not self.stack:
            if child.flow == self.rules.flow_of("start") and not self.shared.get("welcomed"):
                self.enter(self.rules.welcome, "welcome")
        elif self.top.waiting:
            self._take_up(child)
        else:
            self._return(child)

    def _go_on(self, told: Mapping[str, Any]) -> None:
        """She is well: on with the matter that was seen ("no food") or that she also wanted, else with what was
        interrupted, else first contact or menu."""
        wish = next(filter(self._is_matter, (told.get("intent"), told.get("wish"))), None)
        if wish is not None:
            if self.stack and self.level(self.chain[0]) == "system":
                self.cut(len(self.stack) - len(self.chain))
            self.enter(self.flows.by_intent[wish], "intent", {"intent": wish})
        elif self.stack and self.top.waiting:
            self.ask_again()
        else:
            self.cut(0)
            known = self.shared.get("welcomed") or not self.enter(self.rules.welcome, "welcome")
            if known:
                self.enter(self.rules.menu, "menu")

    def _is_matter(self, intent: Any) -> bool:
        """Whether an intent starts a matter of its own that does not run yet."""
        flow = self.flows.get(self.flows.by_intent.get(intent or "", ""))
        return flow is not None and flow.level not in ("danger", "system") and self.place(flow.name) is None

    def _return(self, child: Frame) -> None:
        flow = self.flows.get(self.top.flow)
        place = flow.index(self.top.step) if flow else None
        call = flow.steps[place] if flow and place is not None else None
        if isinstance(call, Call) and (call.flow == child.flow or not self._final(child)):
            theirs = {**self.shared, **child.slots}  # a refusal (None) is taken too: it is not asked again
            taken = {ours: theirs[name] for ours, name in call.take.items() if name in theirs}
            self.change(slots={**self.top.slots, **taken})
            self.jump("")
        elif self._final(child):
            self.cut(0)
        else:
            self.lost()

    def _take_up(self, child: Frame) -> None:
        """What becomes of the interrupted flow: dropped after danger, asked about, or simply asked again. One that is
        undone is left, and what it interrupted in its turn is taken up."""
        done = self.flows.get(child.flow)
        if done and any(frame.flow in done.ends for frame in self.chain):
            self.cut(len(self.stack) - len(self.chain))
            if not self.stack or not self.top.waiting:
                return
        asks_first = child.flow == self.rules.menu or (
            self.level(child) != "system" and child.flow not in self.rules.universal.values()
        )
        if self._final(child) or (child.flow == self.rules.resume and child.slots.get("continue") != "yes"):
            self.cut(0)
        elif (
            child.flow == self.rules.resume
            or not asks_first
            or self.in_danger
            or self.level(self.chain[0]) == "system"
            or not self.enter(self.rules.resume, "resume")
        ):
            self.ask_again(self.prefix)

    def lost(self) -> None:
        """The flow or step is gone: an apology and the menu; a human, if it was about danger."""
        name, danger = self.top.flow, any(self.level(f) == "danger" for f in self.stack)
        self.leave("lost")
        self.cut(0)
        self.events.append(Said("system.lost_step"))
        target = self.rules.human if danger else self.rules.menu
        if name != target:
            self.enter(target, "human" if danger else "lost")

    def limit(self) -> None:
        """Too many steps with nobody asked: what was said twice is taken back, and a human gets the person. When the
        way to the human loops as well, everything stops."""
        stop = self.steps > 2 * self.rules.max_steps or any(f.flow == self.rules.human for f in self.stack)
        self.leave("limit")
        self.cut(0)
        once: list[Event] = []
        for event in self.events:
            if not isinstance(event, Said) or event not in once:
                once.append(event)
        self.events = [*once, Said("system.limit")]
        if not stop:
            self.enter(self.rules.human, "human")
