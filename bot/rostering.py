"""Changing the rota: the rules of care are asked before a shift is written, in one transaction with it.

Law: the CLI and the desk come in here; nobody gets a second shift at the same hour, nor one night on call too many
without a reason that is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.content import Content
from bot.store import rota
from bot.store.database import Connection
from bot.store.rota import Shift, Span
from handlers import care, duty


class Refused(Exception):
    """A rule stands against it. `code`: overlaps, nights, not_offered, unknown_reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Roster:
    """The rota with its rules."""

    def __init__(self, content: Content) -> None:
        knowledge = content.knowledge
        self._duty = knowledge.get("duty")
        self._targets = knowledge.get("targets")
        self._care: Any = self._targets["care"]
        self.zone = ZoneInfo(str(self._duty["timezone"]))

    async def add(
        self,
        connection: Connection,
        user_id: UUID,
        role: str,
        span: Span,
        now: datetime,
        *,
        override: str | None = None,
    ) -> UUID:
        """A new shift; returns its id. Raises Refused."""
        await self._allow(connection, user_id, role, span, override)
        return await rota.add(connection, user_id, role, span, now, override=override)

    async def accept(
        self, connection: Connection, shift_id: UUID, by: UUID, now: datetime, *, override: str | None = None
    ) -> Shift:
        """Take over a shift that is offered. Raises Refused."""
        shift = await rota.offered(connection, shift_id, by)
        if shift is None:
            raise Refused("not_offered")
        await self._allow(connection, by, shift.role, (shift.starts_at, shift.ends_at), override)
        await rota.accept(connection, shift_id, by, now, override=override)
        return shift

    async def away(self, connection: Connection, user_id: UUID, kind: str, span: Span, now: datetime) -> list[UUID]:
        """Somebody is sick or on leave; supervisors are told of each shift that is empty by it. Returns those."""
        hit = await rota.away(connection, user_id, kind, span, now)
        for shift_id in hit:
            await rota.tell(connection, "cover_wanted", str(shift_id), now, shift=str(shift_id))
        return hit

    async def gaps(self, connection: Connection, now: datetime) -> list[Span]:
        """Opening hours for which nobody is planned, soon."""
        planned = await rota.planned(connection, now)
        return duty.gaps(
            {**self._duty, duty.PLANNED: planned} if planned else self._duty,
            now,
            ahead=timedelta(hours=int(self._targets["warn_hours"])),
            least=timedelta(minutes=int(self._targets["warn_least_minutes"])),
        )

    async def warn(self, connection: Connection, now: datetime) -> int:
        """Tell the supervisors of each empty shift, once; returns how many were told now."""
        told = 0
        for start, end in await self.gaps(connection, now):
            key = end.isoformat()  # its beginning moves with the clock, its end does not
            codes = {"from": start.isoformat(), "until": end.isoformat()}
            told += await rota.tell(connection, "empty_shift", key, now, **codes)
        return told

    async def _allow(self, connection: Connection, user_id: UUID, role: str, span: Span, override: str | None) -> None:
        if override is not None and not care.may_set_aside(self._care, override):
            raise Refused("unknown_reason")
        planned = await rota.of_user(connection, user_id, span[0], days=int(self._care["nights_on_call"]["of"]) + 2)
        if care.overlaps(planned, span):
            raise Refused("overlaps")
        night = care.too_many_nights(planned, span, self._care, self.zone) if role == "on_call" else None
        if night is not None and override is None:
            raise Refused("nights")
