"""What a flow is, as values: the closed vocabulary `say ask do if goto call end`.

Law: made by `bot.content` from YAML at start, checked there; the engine only reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from bot.engine.messages import Sensitivity
from bot.engine.phrases import Phrase


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of an ask. English label in place; `goto` empty = the next step. An offered option has a `value`
    (any slot value: a text of knowledge, a country, a number), which is shown instead of the label. `heard`: phrases
    that mean it inside free text (bot/engine/phrases.py). `alone`: only a whole answer is it, since a wrong one would
    hurt: "it can wait", "I am okay", what is deleted or handed on."""

    id: str
    label: str
    short: str = ""
    synonyms: tuple[str, ...] = ()
    goto: str = ""
    value: Any = None
    heard: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """A slot that an ask may fill, and the reader that reads it (`number`, `amount`, ...) with its arguments."""

    slot: str
    reader: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text and go on."""

    id: str
    text: str
    sms: str = ""
    sensitivity: Sensitivity = Sensitivity.NEUTRAL
    safety: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask and wait. With `choices` the slot gets the option's id; else `fills` are read from the answer.

    An ask whose slots are all known already is passed over, unless `always`. `skip` = the words by which a person
    may refuse (an implicit option; its value is None). `keep` = the slot that also keeps the answer's own words.
    `first` = a slot that may name the option to stand on top (a guess). `offers` = a slot that holds the options, as
    an action found them: `[{"id": ..., "value": ...}]`; when it is empty the ask is passed over. `lapses` = an offer:
    whatever is no answer to it is heard as if nothing had been asked (`bot/engine/offers.py`). `counted` = the answer
    is only counted: the history keeps that there was one, not which. `unsure` = words that are no answer are facts:
    they are noted, and the step that it names takes them on when the answer stays open: the third time, or where words
    were asked for the second.
    `heard` = phrases by which free text answers a question for free text: its words are the value.
    `shown` = a slot that holds the ids of the choices on this page, in their order; the `others` are understood by
    their words, have no number and are not listed. The refusal ("more") is not offered when there are no others.
    """

    id: str
    text: str
    slot: str = ""
    sms: str = ""
    choices: tuple[Choice, ...] = ()
    fills: tuple[Fill, ...] = ()
    keep: str = ""
    skip: Choice | None = None
    always: bool = False
    shared: bool = False  # the value belongs to the person: written to session.shared
    first: str = ""
    shown: str = ""
    others: tuple[Choice, ...] = ()  # of a turn: those that this page does not show
    offers: str = ""
    secret: bool = False
    lapses: bool = False
    counted: bool = False
    unsure: str = ""
    segments: int = 1  # of one SMS at most, where a budget holds
    heard: tuple[str, ...] = ()
    sensitivity: Sensitivity = Sensitivity.NEUTRAL
    safety: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Do:
    """Run a handler; branch by the name of its outcome (`on` maps outcome to a step id; empty = next step)."""

    id: str
    action: str
    args: Mapping[str, Any] = field(default_factory=dict)
    on: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class If:
    """Go to `then` when the expression holds, else to `otherwise` (empty = next step)."""

    id: str
    when: str
    then: str
    otherwise: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Goto:
    """Go to a step of this flow, or, as `flow:name`, leave this flow for another."""

    id: str
    target: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Run a subflow and come back. `args` become its first slots; `take` copies its slots back (ours: theirs)."""

    id: str
    flow: str
    args: Mapping[str, Any] = field(default_factory=dict)
    take: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """End this flow."""

    id: str
    source: str = ""


Step: TypeAlias = Say | Ask | Do | If | Goto | Call | End


@dataclass(frozen=True)  # no slots: what is reckoned from its steps is kept with it
class Flow:
    """A conversation. `version` is a hash of its source, so an old button is known as old.

    `starts_on`: intents that start it. `level` decides interrupts: danger interrupts everything, at any step.
    `listens`: slots that are filled from any text heard when the flow starts or while it runs. `sms_budget`: the most
    SMS messages on any way through, each of one segment; 0 = not budgeted. `ends`: flows that are not taken up again
    after it, since it undoes what they do.
    """

    name: str
    version: str
    steps: tuple[Step, ...]
    starts_on: tuple[str, ...] = ()
    level: str = "information"  # danger, serious, grievance, information, system
    listens: tuple[Fill, ...] = ()
    source: str = ""
    sms_budget: int = 0
    ends: tuple[str, ...] = ()

    @cached_property
    def secret(self) -> bool:
        """Whether it asks something that no history keeps: then nothing of it belongs to the person's case."""
        return any(isinstance(step, Ask) and step.secret for step in self.steps)

    def index(self, step_id: str) -> int | None:
        """Position of a step, or None when it does not exist (any more)."""
        return self._places.get(step_id)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {step.id: place for place, step in reversed(list(enumerate(self.steps)))}

    @cached_property
    def hearing(self) -> tuple[Ask, ...]:
        """The asks that are answered by what free text says (`heard:`)."""
        asks = (step for step in self.steps if isinstance(step, Ask))
        return tuple(ask for ask in asks if ask.heard or any(choice.heard for choice in ask.choices))


@dataclass(frozen=True, slots=True)
class Flows:
    """All flows, and which one an intent starts."""

    by_name: Mapping[str, Flow]
    by_intent: Mapping[str, str]

    def get(self, name: str) -> Flow | None:
        """The flow of that name, or None."""
        return self.by_name.get(name)


@dataclass(frozen=True, slots=True)
class Label:
    """How one option may be written in the person's language: what is shown, and all that is accepted."""

    shown: str
    accepted: tuple[str, ...]


class Words(Protocol):
    """The person's language, as far as the engine needs it: pure look-ups, no text is ever returned to be said."""

    def label(self, step: str, choice: Choice) -> Label:
        """Label and synonyms of a choice of `flow.step`, in the person's language, and also in English."""

    def universal(self, text: str) -> str | None:
        """The universal command that the whole text is (menu, back, human, language, status, clear, delete, stop,
        start, complain, or None), in any language."""

    def sentence(self, text: str) -> str | None:
        """The command or flow that a sentence means by a phrase in it, in any language; None when two would fit."""

    def refuses(self, word: str) -> bool:
        """Whether a folded word says no, or doubts, in the person's language or in English."""

    def doubts(self, word: str) -> bool:
        """Whether a folded word takes back a part of what was said ("but")."""

    def plainly(self, option: str) -> tuple[str, ...]:
        """What says `yes` or `no` to whatever question, `but`, or names `others`: who may stand by, another time.
        Folded, in the person's language and in English."""

    def declines(self, text: str) -> bool:
        """Whether a text says that its writer does not know, or does not want to say."""

    def heard(self, step: str, choice: Choice | None) -> tuple[Phrase, ...]:
        """The phrases by which free text says this choice of `flow.step` (None: answers its question), in all
        languages: people mix."""


class Reader(Protocol):
    """Reads one slot type. Values are JSON values (str, int, float, list, dict)."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> Any | None:
        """The value of an answer to a question, or None if it is none."""

    def find(self, text: str, args: Mapping[str, Any], language: str) -> Any | None:
        """The value somewhere in free text, or None; stricter than `read`."""


Readers: TypeAlias = Mapping[str, Reader]
