"""Where a conversation stands: plain data that goes to JSON and back at every turn.

Law: no behaviour beyond (de)serialising; a session survives changed flows, since it names steps by their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One running flow. `step` is the step it stands at; `slots` are its answers, JSON values only."""

    flow: str
    step: str
    version: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()  # steps asked so far, for "back"
    misses: int = 0  # answers in a row that fitted nothing
    waiting: bool = False  # an Asked is open
    pending: str = ""  # action that was Called and whose Outcome is awaited
    heard: tuple[str, ...] = ()  # slots that free text filled, no question: what is said later may correct them
    noted: bool = False  # a photo that answers nothing was acknowledged at this question; it is not asked thrice

    def put(self, **values: Any) -> Frame:
        """This frame with some slots set."""
        return replace(self, slots={**self.slots, **values})


@dataclass(frozen=True, slots=True)
class Session:
    """`stack` grows to the right: the last frame runs. `shared` are slots known for the whole person, not one flow
    (country, language guess, consent). `heard` is a first message kept until language and consent are settled."""

    stack: tuple[Frame, ...] = ()
    shared: Mapping[str, Any] = field(default_factory=dict)
    heard: str = ""
    steps: int = 0  # steps run since the person last had a say: the step limit counts across Called actions

    @property
    def top(self) -> Frame | None:
        """The running frame, or None when nothing runs."""
        return self.stack[-1] if self.stack else None

    def to_json(self) -> dict[str, Any]:
        """A plain dict."""
        return {
            "v": 1,
            "stack": [
                {
                    "flow": f.flow,
                    "step": f.step,
                    "version": f.version,
                    "slots": dict(f.slots),
                    "asked": list(f.asked),
                    "misses": f.misses,
                    "waiting": f.waiting,
                    "pending": f.pending,
                    "noted": f.noted,
                    "heard": list(f.heard),
                }
                for f in self.stack
            ],
            "shared": dict(self.shared),
            "heard": self.heard,
            "steps": self.steps,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Session:
        """The inverse of `to_json`; nothing or an empty dict is a new session."""
        if not data:
            return cls()
        return cls(
            stack=tuple(_frame(f) for f in data.get("stack", [])),
            shared=dict(data.get("shared", {})),
            heard=data.get("heard", ""),
            steps=int(data.get("steps", 0)),
        )


def _frame(data: Mapping[str, Any]) -> Frame:
    lists = {key: tuple(data.get(key, ())) for key in ("asked", "heard")}
    return Frame(**{**data, **lists})
