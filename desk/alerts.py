"""The counts of digests and alerts (`bot/digests.py`), by the desk's own lists: nobody is told more than she finds.

Law: counts and keys leave here; what somebody may find is asked of her role at this moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.store import users
from bot.store.database import Connection
from desk.permissions import Permissions
from desk.views import alerts, due, watch
from desk.views.scope import Scope


@dataclass(frozen=True)
class DeskCounts:
    """One per process."""

    permissions: Permissions
    clock: Callable[[], datetime]

    async def _scope(self, connection: Connection, user_id: UUID) -> Scope:
        user = await users.by_id(connection, user_id)
        assert user is not None  # whoever asks has just read the row
        return Scope(self.permissions, user, self.clock())

    async def assigned(self, connection: Connection, user_id: UUID, since: datetime) -> tuple[int, str]:
        """Cases that somebody else gave her since then: (how many, the newest event)."""
        return await alerts.given(connection, await self._scope(connection, user_id), since)

    async def late(self, connection: Connection, user_id: UUID) -> Sequence[str]:
        """Keys of what is hers, or was until it became late, and waits longer than promised; the newest first."""
        return await alerts.late(connection, await self._scope(connection, user_id))

    async def due(self, connection: Connection, user_id: UUID, until: datetime) -> tuple[int, int]:
        """Of hers: (due until then, late already), as the list "Due today" has them."""
        scope = await self._scope(connection, user_id)
        mine = [one for one in await due.mine(connection, scope, until) if not one.simulated]
        return len(mine), sum(one.at < scope.now for one in mine)

    async def weekly(self, connection: Connection, user_id: UUID) -> int:
        """Entries of this week's list; none for who does not go through it."""
        scope = await self._scope(connection, user_id)
        if not self.permissions.may_page(scope.user.role, "supervise"):
            return 0
        found = await watch.weekly(connection, scope)
        return sum(len(entries[: watch.WEEKLY]) for entries in found.values())
