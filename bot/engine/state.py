"""One turn while it runs: the stack of frames, the slots, and the events so far.

Law: a frame below another either waits for an answer (it was interrupted) or stands at its `call`. What it is given
is left as it was; `session` is the new state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.engine import answers
from bot.engine.answers import Asking
from bot.engine.events import Entered, Event, Filled, Left
from bot.engine.flow import Ask, Choice, Fill, Flow, Flows, Readers, Words
from bot.engine.inputs import Heard
from bot.engine.phrases import heard as heard_in
from bot.engine.session import Frame, Session

SAID, SENT = "said", "sent"  # slots of the person: what came besides the answers, while a matter is open
ALARM = "alarm"  # slot of a flow of less than danger: what it was started for pages
BY_THE_WAY = (SAID, SENT)
MOST = 20  # pieces kept of each
LONGEST = 1000  # characters kept of one
WORDS = 4096  # characters of an answer, or of a first message, that go into the session; the history has all


def heard_slot(ask: Ask) -> str:
    """The slot that `heard:` phrases of an ask fill: its own, or where several may be filled the one of free text."""
    free = next((f.slot for f in ask.fills if f.reader == "text"), "")
    return ask.slot if ask.choices or not free else free


@dataclass(frozen=True, slots=True)
class Rules:
    """Names of the system flows and thresholds: data, made by content.

    `gentle`: the flow that asks about what only may be danger; its slot `okay` is "yes" when she is well.
    `universal`: universal word -> flow; `phrases`: the same for flows that are no command: what they interrupt is
    taken up as after any other matter. `confidence`: below it an intent is nlu_fallback; `interrupt`: from it on an
    intent may leave a running flow. `gravest`: dangers that break into another danger's flow. `codes`: the flow of a
    message that is a family's code (slot and reader `code`), asked for or not. `labels`: a line of a list, folded ->
    its flow, at any time. `retries`: reader -> the text that says what an answer may look like.
    """

    menu: str = "menu"
    human: str = "human"
    resume: str = "resume"
    welcome: str = "welcome"
    codes: str = "family_status"
    gentle: str = "gentle"
    universal: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    retries: Mapping[str, str] = field(default_factory=dict)
    confidence: float = 0.5
    interrupt: float = 0.7
    max_steps: int = 100
    misses: int = 3
    gravest: tuple[str, ...] = ("express_self_harm",)

    def flow_of(self, word: str) -> str:
        """The flow of a universal word or phrase, empty when it has none."""
        own = {"menu": self.menu, "human": self.human}
        return self.universal.get(word) or self.phrases.get(word) or own.get(word, "")

    @property
    def final(self) -> frozenset[str]:
        """Flows after which nothing is taken up again: a human has it, or the person wants it gone."""
        return frozenset(self.flow_of(w) for w in ("human", "stop", "clear", "delete")) | {self.human}


class State:
    """What a turn works on. `prefix` is said before the next question."""

    def __init__(
        self, flows: Flows, session: Session, words: Words, readers: Readers, language: str, rules: Rules
    ) -> None:
        self.flows, self.words, self.readers, self.language, self.rules = flows, words, readers, language, rules
        self.stack = list(session.stack)
        self.shared = dict(session.shared)
        self.heard = session.heard
        self.steps = session.steps
        self.prefix = ""  # said before the next question
        self.events: list[Event] = []
        self.secret = False  # what is heard in this turn answers a question that no history keeps

    def session(self) -> Session:
        """The new state, as plain data. Words and files by the way belong to one matter: when it is over, they go."""
        kept = self.shared if self.stack else {k: v for k, v in self.shared.items() if k not in BY_THE_WAY}
        return Session(tuple(self.stack), kept, self.heard[:WORDS], self.steps)

    def keep(self, what: str, item: Any) -> None:
        """Keep words that answered nothing (SAID), or a file or place (SENT): actions may take them as facts."""
        if self.secret:
            return
        had = self.shared.get(what)
        old = list(had) if isinstance(had, list | tuple) else []
        self.shared[what] = [*old, *([] if item in old else [item])][-MOST:]

    # -- what is there

    @property
    def top(self) -> Frame:
        """The running frame; only when there is one."""
        return self.stack[-1]

    def level(self, frame: Frame) -> str:
        """The level of a frame's flow; empty when the flow is gone."""
        flow = self.flows.get(frame.flow)
        return flow.level if flow else ""

    @property
    def chain(self) -> list[Frame]:
        """The running flow and those that called it, the first caller first."""
        start = len(self.stack) - 1
        while start > 0 and not self.stack[start - 1].waiting:
            start -= 1
        return self.stack[max(start, 0) :]

    def runs(self, name: str) -> bool:
        """Whether this flow runs, or called what runs."""
        return any(f.flow == name for f in self.chain)

    @property
    def in_danger(self) -> bool:
        """Whether a danger flow runs."""
        return any(self.level(f) == "danger" for f in self.chain)

    @property
    def asks_gently(self) -> bool:
        """Whether the open question is the one about what only may be danger."""
        return bool(self.stack) and self.top.waiting and self.top.flow == self.rules.gentle

    def slot(self, name: str) -> Any:
        """A slot's value: of this flow, else of the person, else None."""
        if self.stack and self.top.slots.get(name) is not None:
            return self.top.slots[name]
        return self.shared.get(name)

    def known(self, name: str) -> bool:
        """Whether a slot has a value."""
        return self.slot(name) is not None

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

    @property
    def begun(self) -> bool:
        """Whether the running flow has answers that would be a pity to lose."""
        return any(
            self.level(f) != "system"
            and (len(f.asked) > 1 or any(v is not None for k, v in f.slots.items() if k not in ("intent", ALARM)))
            for f in self.chain
        )

    # -- frames

    def change(self, **values: Any) -> None:
        """The running frame with some fields changed."""
        self.stack[-1] = replace(self.top, **values)

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

    def leave(self, why: str) -> Frame:
        """Take the running frame off."""
        frame = self.stack.pop()
        self.events.append(Left(frame.flow, why))
        if frame.flow == self.rules.welcome and why in ("end", "goto"):
            self.shared["welcomed"] = True
        return frame

    def cut(self, depth: int, why: str = "interrupted") -> None:
        """Drop all frames above the first `depth`."""
        while len(self.stack) > depth:
            self.leave(why)

    def uncover(self, place: int) -> None:
        """Drop what interrupted the frame at `place`: it, or what it called, runs again."""
        while place < len(self.stack) - 1 and not self.stack[place].waiting:
            place += 1
        self.cut(place + 1)

    def place(self, name: str) -> int | None:
        """The topmost place of a flow in the stack, or None."""
        return next((i for i in reversed(range(len(self.stack))) if self.stack[i].flow == name), None)

    def begin(self, name: str, why: str, slots: Mapping[str, Any] | None = None) -> bool:
        """Start a flow anew: if it is in the stack already, it and what is above it is dropped first."""
        place = self.place(name)
        if self.flows.get(name) is not None and place is not None:
            self.cut(place)
        return self.enter(name, why, slots)

    # -- slots

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

    def put(self, slot: str, value: Any, shared: bool) -> None:
        """Set a slot, of the person or of this flow; None (refused) is never said of the person. Words are cut, but for
        those that no history keeps."""
        if isinstance(value, str) and not self.secret:
            value = value[:WORDS]
        mine = {k: v for k, v in self.top.slots.items() if k != slot}
        if shared and value is not None:
            self.shared[slot] = value
            self.change(slots=mine)
        else:
            self.change(slots={**mine, slot: value})
        if value is not None:
            self.events.append(Filled(self.top.flow, slot))


def _paged(ask: Ask, page: list[Any]) -> Ask:
    """The ask with the choices of one page; a page of nothing that is known shows all."""
    by_id = {choice.id: choice for choice in ask.choices}
    shown = tuple(by_id[i] for i in page if i in by_id) or ask.choices
    others = tuple(choice for choice in ask.choices if choice not in shown)
    return replace(ask, choices=shown, others=others, skip=ask.skip if others else None)
