"""The port of machine translation, for staff who read a language only half.

Law: local, and marked as a machine's words wherever they are shown; never for consent, danger or law: those are said by
people, or by texts that people translated. No engine is built in: the packages that were looked at fetch models from
elsewhere at their first use. Until one is kept beside the service, the desk says `none`.
"""

from __future__ import annotations

from typing import Protocol

NONE = "none"  # the state that the desk shows: nothing translates here
NEVER = frozenset({"consent", "danger", "law"})  # purposes for which a machine's words are refused


class Refused(Exception):
    """A machine's words are not for this."""


class Translator(Protocol):
    """Words from one language to another, on this machine."""

    @property
    def state(self) -> str:
        """`none`, or the name and version of the engine."""

    async def translate(self, text: str, source: str, target: str) -> str | None:
        """The words, None where this pair of languages is not had."""


class Nobody:
    """No engine: says so, and translates nothing."""

    state = NONE

    async def translate(self, text: str, source: str, target: str) -> str | None:
        """Always None."""
        return None


async def machine(translator: Translator, text: str, source: str, target: str, *, purpose: str) -> str | None:
    """A machine's words for a purpose; None where there are none. Raises Refused for what they must never stand for."""
    if purpose in NEVER:
        raise Refused(purpose)
    return await translator.translate(text, source, target)
