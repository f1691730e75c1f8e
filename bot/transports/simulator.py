"""The simulator's network: none.

Law: under the simulator the channel is the real one, so what it shows is what the phone would get; nothing leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from bot.channels.contract import Part
from bot.transports.errors import BadContent


class Simulator:
    """Takes every Part and gives it a fresh id."""

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """A fresh provider id; never fails."""
        return f"sim-{uuid4().hex}"

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """Nothing to tell."""

    async def fetch(self, ref: str, most: int) -> bytes:
        """A simulated phone has no files. Raises BadContent."""
        raise BadContent("simulated")

    async def wipe(self, *, account: str, address: str, ids: Sequence[str]) -> None:
        """Nothing to delete."""

    async def close(self) -> None:
        """Nothing to let go of."""
