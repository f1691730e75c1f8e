"""What the engine asks of the world: its only output.

Law: values; the conductor turns Said and Asked into Replies and runs Called. Order is the order of saying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.engine.flow import Choice


@dataclass(frozen=True, slots=True)
class Said:
    """Say this text. `slots` fill its placeholders."""

    text_id: str
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """Ask this and wait. `prefix` is a text said in the same message before it (a hint, an apology). `offered` are the
    options themselves where the flow does not hold them (`Ask.offers`)."""

    text_id: str
    step: str  # flow.step that waits
    version: str
    options: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    offered: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Called:
    """Run this handler now; the engine goes on when it is given the Outcome. Always the last event of a turn."""

    action: str  # module.function under handlers/
    args: Mapping[str, Any] = field(default_factory=dict)
    step: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot got a value (for the record and for drop-off figures; the value is not logged)."""

    flow: str
    slot: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A flow began. `why`: intent, danger, universal, call, goto, started, code, resume (shall we continue?),
    welcome, menu (nothing else was understood), human (too many misses, a voice note, a lost or looping flow), lost."""

    flow: str
    why: str


@dataclass(frozen=True, slots=True)
class Left:
    """A flow ended. `why`: end, goto, menu, interrupted (dropped for another), lost (its step no longer exists),
    limit."""

    flow: str
    why: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The answer fitted nothing; `times` in a row."""

    step: str
    times: int


Event: TypeAlias = Said | Asked | Called | Filled | Entered | Left | NotUnderstood
