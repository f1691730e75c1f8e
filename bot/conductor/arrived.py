"""What arrived, as values: one inbox row or several joined ones, and the engine input that it is.

Law: no state; what an input says of danger or of a child is read off here, for everybody alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import regex

from bot.engine.answers import UNKNOWN, asks_name
from bot.engine.flow import Ask, Readers
from bot.engine.inbound import Inbound
from bot.engine.inputs import Heard, Input, Meaning, Pressed, Resumed, Shared, Started, TimedOut

COURTESY = frozenset({"thank", "goodbye", "greet", "affirm", "deny"})  # intents that reopen nothing
NAME_WORDS = 4  # of a name at most
SURE = 0.9  # from here on a classifier is believed where a name was asked for
_NAME = regex.compile(r"[\p{L}\p{M} .'’-]+")
BARE = "bare"  # the reader of texts that are a value and nothing else


@dataclass(frozen=True, slots=True)
class Arrived:
    """What arrived of one conversation, ready for a turn: one inbox row, or several joined ones."""

    ids: tuple[int, ...]
    conversation_id: UUID
    received_at: datetime
    inbound: Inbound | None  # None for a timer, a job, the desk
    given: Input | None
    texts: tuple[str, ...] = ()
    vouched: tuple[str | None, ...] = ()  # what its provider says of each row
    passed: bool = False  # something urgent follows it: what it wants is not waited for (`ahead.py`)


class NotVouched(Exception):
    """Something would be deleted or disclosed on the word of a message that its provider was not asked about yet."""


def as_input(inbound: Inbound, meaning: Meaning, links: Mapping[str, Any] | None = None) -> Input | None:
    """An Inbound as an engine input; None when it says nothing to the engine. `links`: what stands behind `/start`."""
    match inbound.kind:
        case "text":
            return Heard(inbound.text, meaning)
        case "edited":
            return Heard(inbound.text, meaning, edited=True)
        case "press" if inbound.press:
            return Pressed(*inbound.press)
        case "media":
            kind = inbound.media[0].kind if inbound.media else "unknown"
            ref = inbound.media[0].ref if inbound.media else ""
            return Shared(kind, ref, inbound.text, meaning)
        case "location" if inbound.location:
            return Shared("location", f"{inbound.location[0]},{inbound.location[1]}", inbound.text, meaning)
        case "contact" | "unknown":
            return Shared(inbound.kind, "", inbound.text, meaning)
        case "command_start" if isinstance(link := (links or {}).get(inbound.text), Mapping):
            return Started(str(link["flow"]), "link", dict(link.get("slots") or {}))
        case "command_start":
            return Heard(inbound.text or "menu", meaning)
        case _:
            return None


def as_job_input(payload: Mapping[str, Any]) -> Input | None:
    """An input that a job or the desk put into the inbox."""
    match payload.get("kind"):
        case "timed_out":
            return TimedOut(str(payload["step"]))
        case "resumed":
            return Resumed()
        case "started":
            return Started(str(payload["flow"]), str(payload.get("by", "")), dict(payload.get("slots", {})))
        case _:
            return None


def weighed(given: Input | None, readers: Readers, language: str) -> Input | None:
    """The input without a wish when its words are a country, a number or a day and no more, or say that she does not
    know: that answers a question or none, and starts nothing, however sure a classifier is of it. Danger stands, and
    beside a value what only is polite."""
    if not isinstance(given, Heard | Shared) or given.meaning.danger or given.meaning.intent == Meaning().intent:
        return given
    text = given.text if isinstance(given, Heard) else given.caption
    kinds = (UNKNOWN,) if given.meaning.intent in COURTESY else (UNKNOWN, BARE)
    if not any(kind in readers and readers[kind].read(text, {}, language) for kind in kinds):
        return given
    return replace(given, meaning=replace(given.meaning, intent=Meaning().intent, confidence=0.0))


def named(given: Input | None, asked: Ask | None) -> Input | None:
    """The input without what may be danger where a name was asked for and these words can be one: no rule saw it, and
    the classifier, which goes by letters, doubts. What a rule saw, or what pages, stands ("locked in", "help me")."""
    if asked is None or not any(map(asks_name, asked.fills)) or not isinstance(given, Heard):
        return given
    seen, words = given.meaning.danger, given.text.split()
    doubted = seen is not None and seen.doubtful and given.meaning.confidence < SURE
    if not doubted or len(words) > NAME_WORDS or not _NAME.fullmatch(given.text.strip()):
        return given
    return replace(given, meaning=replace(given.meaning, intent=Meaning().intent, confidence=0.0, danger=None))


def danger_of(given: Input | None) -> str | None:
    """The kind of danger that pages, if the input carries one."""
    if isinstance(given, Heard | Shared) and given.meaning.danger and given.meaning.danger.tier == "page":
        return given.meaning.danger.kind
    return None


def doubt_of(given: Input | None) -> str | None:
    """The kind of what only may be danger."""
    if isinstance(given, Heard | Shared) and given.meaning.danger and given.meaning.danger.tier == "ask":
        return given.meaning.danger.kind
    return None


def child_of(given: Input | None) -> str:
    """What a text says of a child that writes; empty when it says nothing of it."""
    return given.meaning.child if isinstance(given, Heard | Shared) else ""
