"""One turn while it runs: the open question, and what is heard beside its answer.

Law: a flow that starts is told what was said before it. What was only heard may be corrected, what was answered not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.engine import answers
from bot.engine.answers import Asking
from bot.engine.events import Entered, Filled
from bot.engine.flow import Ask, Choice, Fill, Flow
from bot.engine.inputs import Heard
from bot.engine.phrases import heard as heard_in
from bot.engine.session import Frame
from bot.engine.stack import ALARM, LONGEST, SAID, Stack


def heard_slot(ask: Ask) -> str:
    """The slot that `heard:` phrases of an ask fill: its own, or where several may be filled the one of free text."""
    free = next((f.slot for f in ask.fills if f.reader == "text"), "")
    return ask.slot if ask.choices or not free else free


class State(Stack):
    """What a turn works on, with all that it can ask and hear."""

    def present(self) -> tuple[Flow, Ask] | None:
        """The open question and its flow, in the flow's present version; None when no question is open."""
        if not self.stack or not self.top.waiting:
            return None
        flow = self.flows.get(self.top.flow)
        place = flow.index(self.top.step) if flow else None
        step = flow.steps[place] if flow and place is not None else None
        return (flow, step) if flow and isinstance(step, Ask) else None

    def asking(self, flow: Flow, ask: Ask) -> Asking:
        """The open question with what is needed to understand its answer."""
        shown, fills = self.ordered(ask), tuple(self._resolved(f) for f in ask.fills)
        if fills != shown.fills:
            shown = replace(shown, fills=fills)
        return Asking(shown, f"{flow.name}.{ask.id}", self.words, self.readers, self.language, self.known)

    def _resolved(self, fill: Fill) -> Fill:
        """The fill with `$slot` in its reader's arguments replaced by the slot's value."""
        if not fill.args:
            return fill
        args = {k: self.slot(v[1:]) if isinstance(v, str) and v.startswith("$") else v for k, v in fill.args.items()}
        return replace(fill, args={k: v for k, v in args.items() if v is not None})

    def ordered(self, ask: Ask) -> Ask:
        """The ask with its options as this person is given them: those that an action offered, a guess on top."""
        if ask.offers:
            ask = replace(ask, choices=self._offered(ask.offers))
        if ask.shown and isinstance(page := self.slot(ask.shown), list):
            return _paged(ask, page)
        guess = self.slot(ask.first) if ask.first else None
        if guess is None:
            return ask
        return replace(ask, choices=tuple(sorted(ask.choices, key=lambda c: c.id != guess)))

    def _offered(self, slot: str) -> tuple[Choice, ...]:
        """The options that a slot holds; none when it holds something else."""
        rows = self.slot(slot)
        found = (
            [r for r in rows if isinstance(r, Mapping) and {"id", "value"} <= set(r)] if isinstance(rows, list) else []
        )
        return tuple(Choice(str(row["id"]), "", value=row["value"]) for row in found)

    def enter(self, name: str, why: str, slots: Mapping[str, Any] | None = None, heard: Heard | None = None) -> bool:
        """Start a flow on top; False when there is none of that name. It listens to `heard` and to the first
        message that waits in the session. Unknown slots are left out, so that they are asked."""
        flow = self.flows.get(name)
        if flow is None or not flow.steps:
            return False
        first = {k: v for k, v in (slots or {}).items() if v is not None}
        if heard is not None:  # what it was started for, for the actions: `$intent`
            seen = heard.meaning.danger
            first.setdefault("intent", seen.kind if seen else heard.meaning.intent)
            if seen and seen.tier == "page" and flow.level != "danger":  # those call somebody first as it is
                first[ALARM] = "yes"
        self.stack.append(Frame(name, flow.steps[0].id, flow.version, first))
        self.events.append(Entered(name, why))
        self.learn(self.listen(flow, heard, self.heard, *(self._told() if why in ("call", "goto") else ())))
        if flow.level != "system":
            self.heard = ""
        return True

    def begin(self, name: str, why: str, slots: Mapping[str, Any] | None = None) -> bool:
        """Start a flow anew: if it is in the stack already, it and what is above it is dropped first."""
        place = self.place(name)
        if self.flows.get(name) is not None and place is not None:
            self.cut(place)
        return self.enter(name, why, slots)

    def _told(self) -> tuple[str, ...]:
        """What was said in this matter besides answers: a subflow listens to it, as it was not there to hear it."""
        said = self.shared.get(SAID)
        return tuple(text for text in said if isinstance(text, str)) if isinstance(said, list | tuple) else ()

    def listen(self, flow: Flow, heard: Heard | None, *earlier: str) -> dict[str, Any]:
        """What the running flow listens for, does not know yet, and finds in these words."""
        fills = [self._resolved(f) for f in flow.listens if not self.known(f.slot)]
        texts = (heard.text if heard else "", *earlier)
        entities = heard.meaning.entities if heard else {}
        said = self._said_of(flow, self.top, texts)
        return {**said, **answers.listen(fills, texts, entities, self.readers, self.language)}

    def _said_of(self, flow: Flow, frame: Frame, texts: Iterable[str]) -> dict[str, Any]:
        """Answers to questions of the flow that are not asked yet, clearly said in free text (`heard:`); the first text
        that says one counts. What was only heard may be corrected by what is said later, what was answered may not."""
        values: dict[str, Any] = {}
        for ask in flow.hearing:
            slot, mended = heard_slot(ask), ask.slot in frame.heard and bool(ask.choices)
            if slot in values or (not mended and (slot in frame.slots or self.shared.get(slot) is not None)):
                continue
            found = (self.said_in(flow, ask, text) for text in texts if text.strip())
            value = next((v for v in found if v is not None), None)
            if value is not None and value != frame.slots.get(slot):
                values[slot] = value
        return values

    def said_in(self, flow: Flow, ask: Ask, text: str) -> str | None:
        """The option that free text says, or, where a question takes words, the words."""
        step = f"{flow.name}.{ask.id}"
        if ask.choices:
            return heard_in({c.id: self.words.heard(step, c) for c in ask.choices if c.heard}, text)
        return text.strip()[:LONGEST] if heard_in({step: self.words.heard(step, None)}, text) else None

    def learn(self, values: Mapping[str, Any]) -> None:
        """Set slots that were heard by the way; those that some flow asks for the person become the person's."""
        if not values:
            return
        personal = self.persons()
        for slot, value in values.items():
            self.put(slot, value, slot in personal)
        self.change(heard=self._overheard(self.top, values))

    def _overheard(self, frame: Frame, values: Iterable[str]) -> tuple[str, ...]:
        """The slots of a frame that phrases filled, these among them."""
        flow = self.flows.get(frame.flow)
        slots = {heard_slot(ask) for ask in flow.hearing} if flow else set()
        return tuple(dict.fromkeys((*frame.heard, *(s for s in values if s in slots))))

    def persons(self) -> frozenset[str]:
        """The slots that belong to the person, whichever flow asks for them."""
        asks = (s for f in self.flows.by_name.values() for s in f.steps if isinstance(s, Ask) and s.shared)
        return frozenset(slot for ask in asks for slot in answers.slots_of(ask))

    def overhear(self, heard: Heard) -> None:
        """What the flows that called the running one listen for: they ask it later, or not at all."""
        start = len(self.stack) - len(self.chain)
        for place, frame in enumerate(self.chain[:-1], start):
            flow = self.flows.get(frame.flow)
            fills = [f for f in flow.listens if frame.slots.get(f.slot) is None] if flow else []
            fills = [self._resolved(f) for f in fills if not self.known(f.slot)]
            found = answers.listen(fills, (heard.text,), heard.meaning.entities, self.readers, self.language)
            said = self._said_of(flow, frame, (heard.text,)) if flow else {}
            self.stack[place] = replace(self.stack[place], heard=self._overheard(frame, said))
            found = {**said, **found}
            for slot, value in found.items():
                if slot in self.persons():
                    self.shared[slot] = value
                else:
                    self.stack[place] = self.stack[place].put(**{slot: value})
                self.events.append(Filled(frame.flow, slot))


def _paged(ask: Ask, page: list[Any]) -> Ask:
    """The ask with the choices of one page; a page of nothing that is known shows all."""
    by_id = {choice.id: choice for choice in ask.choices}
    shown = tuple(by_id[i] for i in page if i in by_id) or ask.choices
    others = tuple(choice for choice in ask.choices if choice not in shown)
    return replace(ask, choices=shown, others=others, skip=ask.skip if others else None)
