"""The contract of a transport.

Law: one call is one request with a time limit; the answer is a provider id or one of the closed list of SendErrors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.channels.contract import Part
from bot.transports.errors import OutcomeUnknown

LONGEST_ID = 512  # characters: Twilio's have 34, a gateway's 36, those of mail some hundred


def known_id(told: str) -> str:
    """A provider's id of what it took. OutcomeUnknown for nonsense that no table takes: it may have taken it."""
    if len(told) > LONGEST_ID or not told.isascii() or "\0" in told:
        raise OutcomeUnknown("no_id")
    return told


class Transport(Protocol):
    """One provider."""

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """Send one Part; returns the provider's message id. `ref` is our outbox id, for reconciliation; `valid`:
        seconds after which the provider must not let it out any more.

        Raises a SendError."""

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """Tell the provider that a press was seen (Telegram); nothing elsewhere. Raises a SendError."""

    async def fetch(self, ref: str, most: int) -> bytes:
        """A file that a person sent, by the provider's reference. Raises a SendError, media's Refused or Failed."""

    async def wipe(self, *, account: str, address: str, ids: Sequence[str]) -> None:
        """Delete these messages on both sides (Telegram, up to 48 hours); nothing elsewhere. Raises a SendError."""

    async def close(self) -> None:
        """Let go of connections."""
