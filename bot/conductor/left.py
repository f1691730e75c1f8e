"""What waits for long when a worker begins: a message of it may be what ended the worker before, and will again.

Law: memory only, of one worker and its first look; these people are handled one after the other, and their messages
counted before anything of them is looked at, until they are outlived. So one that ends the process by itself (of that
no exception tells) is set aside in the end, and the others are answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from bot.store.waiting import Waiting

LONG = timedelta(minutes=1)  # a restart takes seconds
# Lives that a message may have outlasted: a worker is killed for other reasons too, and is then begun again with the
# same people first.
DEATHS = 8


class FirstLook:
    """Of one worker."""

    def __init__(self) -> None:
        self._over = False
        self._elsewhere: set[UUID | None] = set()

    def split(self, rows: Sequence[Waiting], now: datetime) -> tuple[list[list[Waiting]], list[Waiting]]:
        """(the rows of each who has waited for long, the rows of the others); nobody has after the first look, but who
        was in other hands then."""
        old: dict[UUID | None, list[Waiting]] = {}
        whose, self._elsewhere = self._elsewhere, set()
        if not self._over:
            self._over = True
            whose = {row.subject_id for row in rows if now - row.received_at > LONG}
        for row in rows:
            if row.subject_id in whose:
                old.setdefault(row.subject_id, []).append(row)
        return list(old.values()), [row for row in rows if row.subject_id not in old]

    def elsewhere(self, subject_id: UUID) -> None:
        """Another worker has this person in hand: what is left then is looked at in the same way."""
        self._elsewhere.add(subject_id)
