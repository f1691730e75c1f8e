"""One turn while it runs: the stack of frames, the slots, and the events so far.

Law: a frame below another either waits for an answer (it was interrupted) or stands at its `call`. What it is given
is left as it was; `session` is the new state.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.engine.events import Event, Filled, Left
from bot.engine.flow import Flow, Flows, Readers, Words
from bot.engine.rules import Rules
from bot.engine.session import Frame, Session

SAID, SENT = "said", "sent"  # slots of the person: what came besides the answers, while a matter is open
ALARM = "alarm"  # slot of a flow of less than danger: what it was started for pages
BY_THE_WAY = (SAID, SENT)
MOST = 20  # pieces kept of each
LONGEST = 1000  # characters kept of one
WORDS = 4096  # characters of an answer, or of a first message, that go into the session; the history has all


class Stack:
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

    def may_interrupt(self, flow: Flow) -> bool:
        """Whether it may break into what runs: another matter of the person's, or a command that needs no exact word
        (human, language, status, ...)."""
        rules = self.rules
        named = {rules.human} | {n for w, n in rules.universal.items() if w not in ("stop", "start", "menu", "back")}
        return not self.runs(flow.name) and (flow.level != "system" or flow.name in named)

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

    @property
    def begun(self) -> bool:
        """Whether the running flow has answers that would be a pity to lose."""
        return any(
            self.level(f) != "system"
            and (len(f.asked) > 1 or any(v is not None for k, v in f.slots.items() if k not in ("intent", ALARM)))
            for f in self.chain
        )

    def change(self, **values: Any) -> None:
        """The running frame with some fields changed."""
        self.stack[-1] = replace(self.top, **values)

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
