"""Changing the rota: the rules of care are asked before a shift is written, in one transaction with it.

Law: the CLI and the desk come in here; nobody gets a second shift at the same hour, nor one night on call too many
without a reason that is kept.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from bot.content import Content
from bot.store import rota, shifts, staffed
from bot.store.database import Connection
from bot.store.rota import Shift
from bot.store.spans import Span
from handlers import care, duty

WEEK = timedelta(weeks=1)


class Refused(Exception):
    """A rule stands against it. `code`: overlaps, nights, away, not_offered, unknown_reason, outside, over,
    not_there."""

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

    async def repeat(
        self,
        connection: Connection,
        user_id: UUID,
        role: str,
        span: Span,
        weeks: int,
        now: datetime,
        *,
        override: str | None = None,
    ) -> tuple[int, int]:
        """The same shift in so many weeks, at the same hour of the helpline's clock: (made, left out). The first one
        raises Refused; a later week in which a rule stands against it is left out."""
        series = uuid7() if weeks > 1 else None
        await self._allow(connection, user_id, role, span, override)
        await rota.add(connection, user_id, role, span, now, override=override, series=series)
        made, left = 1, 0
        for week in range(1, weeks):
            later = self.later(span, timedelta(weeks=week))
            try:
                await self._allow(connection, user_id, role, later, override)
            except Refused:
                left += 1
                continue
            await rota.add(connection, user_id, role, later, now, override=override, series=series)
            made += 1
        return made, left

    async def copy(self, connection: Connection, start: datetime, to: datetime, now: datetime) -> tuple[int, int]:
        """The shifts of the seven days from `start` once more in those from `to`: (made, left out). Left out: who is
        away or works then, what a rule of care forbids, and what would begin in the past."""
        days = to.astimezone(self.zone).date() - start.astimezone(self.zone).date()
        made, left = 0, 0
        for shift in await shifts.in_span(connection, (start, self.later((start, start), WEEK)[0])):
            span = self.later((shift.starts_at, shift.ends_at), days)
            try:
                if span[0] < now:
                    raise Refused("over")
                await self._allow(connection, shift.user_id, shift.role, span, None)
            except Refused:
                left += 1
                continue
            await rota.add(connection, shift.user_id, shift.role, span, now)
            made += 1
        return made, left

    def later(self, span: Span, by: timedelta) -> Span:
        """The same hours of the helpline's clock so many days later."""
        start, end = (
            (at.astimezone(self.zone).replace(tzinfo=None) + by).replace(tzinfo=self.zone) for at in (span[0], span[1])
        )
        return start, end

    async def change(
        self,
        connection: Connection,
        shift_id: UUID,
        user_id: UUID,
        role: str,
        span: Span,
        now: datetime,
        *,
        override: str | None = None,
    ) -> None:
        """Other times, another role, another colleague. Raises Refused."""
        await self._stands(connection, shift_id, now)
        await self._allow(connection, user_id, role, span, override, besides=shift_id)
        await shifts.write(
            connection, shift_id, user_id=user_id, role=role, starts_at=span[0], ends_at=span[1], override=override
        )

    async def end(self, connection: Connection, shift_id: UUID, now: datetime, *, following: bool = False) -> int:
        """Take a shift away, or cut it now when it runs; `following`: those of its series too. Raises Refused."""
        _, series = await self._stands(connection, shift_id, now)
        return await shifts.end(connection, shift_id, series if following else None, now)

    async def pause(self, connection: Connection, shift_id: UUID, span: Span, now: datetime) -> None:
        """A break within a shift. Raises Refused."""
        shift, _ = await self._stands(connection, shift_id, now)
        if not shift.starts_at <= span[0] < span[1] <= shift.ends_at:
            raise Refused("outside")
        await rota.pause(connection, shift_id, span)

    async def _stands(self, connection: Connection, shift_id: UUID, now: datetime) -> tuple[Shift, UUID | None]:
        found = await shifts.by_id(connection, shift_id)
        if found is None:
            raise Refused("not_there")
        if found[0].ends_at <= now:
            raise Refused("over")
        return found

    async def offer(
        self, connection: Connection, shift_id: UUID, now: datetime, *, by: UUID | None, to: UUID | None = None
    ) -> bool:
        """Look for somebody to take a shift. `by`: whose it must be; None for a supervisor. False when somebody is
        looked for already. Raises Refused."""
        shift, _ = await self._stands(connection, shift_id, now)
        if by is not None and shift.user_id != by:
            raise Refused("not_there")
        return await rota.offer(connection, shift_id, now, to=None if to == shift.user_id else to)

    async def accept(
        self, connection: Connection, shift_id: UUID, by: UUID, now: datetime, *, override: str | None = None
    ) -> bool:
        """Take over a shift that is offered. False when a supervisor has still to confirm it. Raises Refused."""
        shift = await rota.offered(connection, shift_id, by)
        if shift is None or shift.ends_at <= now:
            raise Refused("not_offered")
        span = (shift.starts_at, shift.ends_at)
        await self._allow(connection, by, shift.role, span, override)
        if shift.offered == "swap" and shift.role in self._targets["swaps_confirmed"]:
            await shifts.agree(connection, shift_id, by, now)
            return False
        await rota.accept(connection, shift_id, by, now, override=override)
        return True

    async def confirm(self, connection: Connection, shift_id: UUID, now: datetime) -> None:
        """A supervisor agrees to a swap; the rules are asked once more. Raises Refused."""
        to = await shifts.agreed(connection, shift_id)
        if to is None:
            raise Refused("not_offered")
        shift, _ = await self._stands(connection, shift_id, now)
        await self._allow(connection, to, shift.role, (shift.starts_at, shift.ends_at), None)
        await rota.accept(connection, shift_id, to, now)

    async def withdraw(self, connection: Connection, shift_id: UUID, now: datetime, *, by: UUID | None) -> None:
        """Nobody is looked for any more. `by`: whose shift it must be; None for a supervisor. Raises Refused."""
        shift, _ = await self._stands(connection, shift_id, now)
        if by is not None and shift.user_id != by:
            raise Refused("not_there")
        if not await shifts.settle(connection, shift_id, "withdrawn", now):
            raise Refused("not_offered")

    async def ill_today(self, connection: Connection, user_id: UUID, now: datetime, zone: ZoneInfo) -> list[UUID]:
        """Sick from now to the end of the colleague's day, and of the shift that reaches over it."""
        midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
        last = await shifts.last_end(connection, user_id, (now, midnight))
        return await self.away(connection, user_id, "sick", (now, max(midnight, last or midnight)), now)

    async def away(self, connection: Connection, user_id: UUID, kind: str, span: Span, now: datetime) -> list[UUID]:
        """Somebody is sick or on leave; supervisors are told of each shift that is empty by it. Returns those."""
        hit = await rota.away(connection, user_id, kind, span, now)
        for shift_id in hit:
            await rota.tell(connection, "cover_wanted", str(shift_id), now, shift=str(shift_id))
        return hit

    async def gaps(self, connection: Connection, now: datetime, ahead: timedelta | None = None) -> list[Span]:
        """Opening hours for which nobody is planned: soon, or within a time."""
        planned = await staffed.planned(connection, now, ahead=max(staffed.LOOK_AHEAD, ahead or staffed.LOOK_AHEAD))
        return duty.gaps(
            {**self._duty, duty.PLANNED: planned} if planned else self._duty,
            now,
            ahead=ahead or timedelta(hours=int(self._targets["warn_hours"])),
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

    async def _allow(
        self,
        connection: Connection,
        user_id: UUID,
        role: str,
        span: Span,
        override: str | None,
        *,
        besides: UUID | None = None,
    ) -> None:
        if override is not None and not care.may_set_aside(self._care, override):
            raise Refused("unknown_reason")
        if await shifts.is_away(connection, user_id, span):
            raise Refused("away")
        days = int(self._care["nights_on_call"]["of"]) + 2
        planned = await rota.of_user(connection, user_id, span[0], days, besides=besides)
        if care.overlaps(planned, span):
            raise Refused("overlaps")
        night = care.too_many_nights(planned, span, self._care, self.zone) if role == "on_call" else None
        if night is not None and override is None:
            raise Refused("nights")
