"""What is said to a person, before any channel has laid it out.

Law: values only; a Reply holds finished words in one language and knows nothing of channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Sensitivity(StrEnum):
    """How much harm a text could do if somebody else read it."""

    NEUTRAL = "neutral"  # safe on a lock screen
    PRIVATE = "private"  # shows that this is a helpline
    SECRET = "secret"  # shows that a case exists, or anything about it


@dataclass(frozen=True, slots=True)
class Option:
    """One answer a person may choose. `short` is the label for numbered text (SMS); empty = use `label`."""

    id: str
    label: str
    short: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A file that goes with a reply, by its name in the media room."""

    kind: str  # image, audio, document, location
    ref: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message in the person's language. Outbox and history hold this; channels lay it out when it is sent.

    `sms` is the short variant for numbered-text channels; it may hold `{options}`, the place where the numbered
    options stand. `numbered` is False when the options are only a refusal of a typed question: they are buttons where
    there are buttons, never numbers (a typed "1" is an answer). `step` is `flow.step`, `version` the flow's version:
    both go into what a button sends back.
    """

    text_id: str
    language: str
    text: str
    sms: str = ""
    options: tuple[Option, ...] = ()
    step: str = ""
    version: str = ""
    media: tuple[Media, ...] = ()
    sensitivity: Sensitivity = Sensitivity.NEUTRAL
    urgent: bool = False  # danger texts: sent before other people's ordinary replies
    numbered: bool = True
    under: str = ""  # English under a danger text that nobody has signed in her language; by SMS a message of its own

    def to_json(self) -> dict[str, Any]:
        """A plain dict; what outbox and history encrypt."""
        return {
            "text_id": self.text_id,
            "language": self.language,
            "text": self.text,
            "sms": self.sms,
            "options": [[o.id, o.label, o.short, o.description] for o in self.options],
            "step": self.step,
            "version": self.version,
            "media": [[m.kind, m.ref, m.caption] for m in self.media],
            "sensitivity": self.sensitivity.value,
            "urgent": self.urgent,
            "numbered": self.numbered,
            **({"under": self.under} if self.under else {}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reply:
        """The inverse of `to_json`."""
        return cls(
            text_id=data["text_id"],
            language=data["language"],
            text=data["text"],
            sms=data.get("sms", ""),
            options=tuple(Option(*o) for o in data.get("options", [])),
            step=data.get("step", ""),
            version=data.get("version", ""),
            media=tuple(Media(*m) for m in data.get("media", [])),
            sensitivity=Sensitivity(data.get("sensitivity", "neutral")),
            urgent=bool(data.get("urgent", False)),
            numbered=bool(data.get("numbered", True)),
            under=data.get("under", ""),
        )


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence as an author wrote it in a flow: English, its short variant, and what it may reveal."""

    id: str  # msgctxt: flow.step
    english: str
    sms: str = ""
    sensitivity: Sensitivity = Sensitivity.NEUTRAL
    safety: bool = False
    source: str = ""  # file:line
    placeholders: frozenset[str] = field(default_factory=frozenset)
