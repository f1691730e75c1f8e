"""What does not wait while a provider is asked about a message before it: danger, a child, STOP, the quick exit, CLEAR.

Law: her messages keep their order, so such a cry ends the waiting: what was asked about counts as a message that nobody
vouches for, does nothing and gets no line, which would stand between her and what is urgent (laws 2 and 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.conductor.arrived import Arrived, child_of
from bot.content import Content
from bot.engine.answers import fold
from bot.engine.inputs import Heard, Input, Shared
from bot.engine.interrupts import command
from bot.store import vouched

AT_ONCE = frozenset({"stop", "clear"})  # universal words by which she ends or hides the talk


def cries(given: Input | None, content: Content, profile: Mapping[str, Any]) -> bool:
    """Whether it cannot wait for seconds. What only may be danger is none the less (law 2: unsure means a human);
    `profile`: the person's, with her own word for the quick exit."""
    if not isinstance(given, Heard | Shared):
        return False
    if given.meaning.danger or child_of(given):
        return True
    if not isinstance(given, Heard):
        return False
    if command(content.words("en"), given.text) in AT_ONCE:
        return True
    said, hers = fold(given.text), fold(str(profile.get("exit", "")))
    return bool(said) and (said == hers or said in content.private["exit"])


def ordered(group: Sequence[Arrived], content: Content, profile: Mapping[str, Any]) -> list[Arrived]:
    """What of one person may be handled now, in the order in which she wrote: what comes before a cry, without a word
    of its provider's, and the cry; else everything up to a message that is being asked about."""
    if len(group) == 1:  # most of the time: nothing to go ahead of
        return [each for each in group if not _is_asked(each)]
    places = [n for n, each in enumerate(group) if not _is_asked(each) and cries(each.given, content, profile)]
    last = max(places, default=-1)
    end = next((n for n, each in enumerate(group) if n > last and _is_asked(each)), len(group))
    return [_passed(each) if place < last else each for place, each in enumerate(group[:end])]


def _is_asked(each: Arrived) -> bool:
    return vouched.ASKED in each.vouched


def _passed(each: Arrived) -> Arrived:
    """The same, not waited for: what its provider has said stands, everything else is not known."""
    if each.inbound is None:
        return each
    said = tuple(v if v in {vouched.YES, vouched.NO} else vouched.UNKNOWN for v in each.vouched)
    return replace(each, passed=True, vouched=said)
