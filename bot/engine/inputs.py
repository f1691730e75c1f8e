"""What may happen to a conversation: the closed list of engine inputs.

Law: anything that happens later (timer, reminder, a human's release) also arrives as one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Danger:
    """The rule floor or the classifier saw danger. `tier`: `page` (a human is woken) or `ask` (she is asked first)."""

    kind: str  # an intent of the danger or serious group
    tier: str = "page"
    rule: str = ""  # id of the rule that fired, empty for the classifier

    @property
    def guessed(self) -> bool:
        """Whether the classifier alone saw it, which goes by letters: a family name may have those of a blow."""
        return not self.rule

    @property
    def doubtful(self) -> bool:
        """Whether it is guessed, and not surely enough to wake anybody."""
        return self.guessed and self.tier == "ask"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What understanding made of a text. `confidence` 0..1; `language` is a guess, empty when unsure. `child`: the text
    says that who writes is younger than 18: `self`, or `parent_away` when it tells of a father or mother as well.
    `stem`: the language of its word of danger, where nothing else tells the language."""

    intent: str = "nlu_fallback"
    confidence: float = 0.0
    entities: Mapping[str, Any] = field(default_factory=dict)
    danger: Danger | None = None
    language: str = ""
    child: str = ""
    stem: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """The person wrote. `text` may hold several joined parts, one per line."""

    text: str
    meaning: Meaning = Meaning()
    edited: bool = False  # an edit is heard, but never re-answers a past step


@dataclass(frozen=True, slots=True)
class Pressed:
    """The person tapped a button of `step` (flow.step) that was made by flow version `version`."""

    step: str
    option: str
    version: str


@dataclass(frozen=True, slots=True)
class Shared:
    """The person sent something that is not text."""

    kind: str  # image, audio, video, document, location, contact, sticker, unknown
    ref: str = ""
    caption: str = ""
    meaning: Meaning = Meaning()  # of the caption


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a called action returned: a name that the flow branches on, and slots that it may say."""

    name: str
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A timer of `step` ran out."""

    step: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A human gave the conversation back to the bot."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody or something started a flow: a caseworker, a job, a deep link."""

    flow: str
    by: str = ""
    slots: Mapping[str, Any] = field(default_factory=dict)


Input: TypeAlias = Heard | Pressed | Shared | Outcome | TimedOut | Resumed | Started
