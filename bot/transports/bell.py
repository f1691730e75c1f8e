"""The contract of a bell: what calls a colleague.

Law: no content. What rings, is mailed or stands in a chat says a reference at most; one call is one request with a time
limit, and what goes wrong is one of the closed list of SendErrors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Ring:
    """What a colleague hears or sees, in the colleague's language."""

    spoken: str
    subject: str
    text: str
    buttons: tuple[tuple[str, str], ...]  # (label, what a tap sends back), in a chat


class Bell(Protocol):
    """One way to call somebody."""

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        """Call, mail or write; returns the provider's id. `ref` is the id of our row: a pressed key or button names it.

        Raises a SendError."""
