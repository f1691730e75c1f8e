"""Stepping aside: a worker who finds what it understood in other hands looks elsewhere for a while.

Law: memory only, of one worker; what it decides is where this worker looks next, never what becomes of a message.
"""

from __future__ import annotations

MISSED = 0.25  # of what was understood, the share that others had in hand, above which they are stepped aside for
BATCHES = 16  # for so many


class Aside:
    """Whether this worker looks beside the others. `least`: rows; where fewer were understood there is no elsewhere."""

    def __init__(self, least: int) -> None:
        self._least = least
        self.left = 0  # batches for which it steps aside

    @property
    def beside(self) -> bool:
        """Whether the next batch is taken from elsewhere among those that wait."""
        return self.left > 0

    def note(self, done: int, understood: int) -> None:
        """What became of a batch, in rows. One or two that workers share cost nothing."""
        crowded = understood > self._least and understood - done > MISSED * understood
        self.left = BATCHES if crowded else max(0, self.left - 1)
