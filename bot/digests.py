"""Digests and alerts: what a colleague is told by mail or in her own chat besides pages.

Law: counts and "at the desk", never a person's word, name or number. Each colleague chooses which, by which way and not
at which hours; nothing is told to who is away. Pages (`bot/pager.py`) are not touched by any of this.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.content import Content
from bot.observe import logs
from bot.rostering import Roster
from bot.store import colleagues, digests, leases, staff_chats
from bot.store.database import OUTBOX_CHANNEL, UNAVAILABLE, Connection, Database
from bot.store.digests import Claimed, Reader
from bot.store.keys import Keys
from bot.store.wake import Wake
from bot.transports.bell import Bell, Ring
from bot.transports.errors import OutcomeUnknown, SendError, Throttled, Unreachable
from handlers.duty import WEEK

log = logs.get(__name__)
LOOK_SECONDS, LEAST_SECONDS = 15.0, 5.0
WAYS = ("telegram", "email")
NONE = "none"  # chosen: nothing, by no way
TRIES = 3
STALE = timedelta(hours=12)  # what could not be told for so long is no news
LATER = timedelta(minutes=15)  # within quiet hours it is looked at again


class Counts(Protocol):
    """What the desk would show a colleague, counted: with the very statements of its lists."""

    async def assigned(self, connection: Connection, user_id: UUID, since: datetime) -> tuple[int, str]:
        """Cases that somebody else gave her since then: (how many, the newest event)."""

    async def late(self, connection: Connection, user_id: UUID) -> Sequence[str]:
        """Keys of what is hers, or was until it became late, and waits longer than promised; the newest first."""

    async def due(self, connection: Connection, user_id: UUID, until: datetime) -> tuple[int, int]:
        """Of hers: (due until then, late already)."""

    async def weekly(self, connection: Connection, user_id: UUID) -> int:
        """Entries of this week's list."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a colleague chose. `way`: telegram, email, none; empty: the first that exists."""

    way: str
    kinds: frozenset[str]
    quiet: tuple[time, time]
    zone: ZoneInfo

    @classmethod
    def read(cls, settings: Mapping[str, Any], role: str, alerts: Mapping[str, Any], zone: str) -> Wish:
        """From the settings of a user; what she never chose is as `alerts` of targets.yml has it."""
        chosen = settings.get("alerts")
        chosen = chosen if isinstance(chosen, Mapping) else {}
        possible = {kind for kind, roles in alerts["kinds"].items() if role in roles}
        quiet = chosen.get("quiet") or (alerts["quiet"]["from"], alerts["quiet"]["until"])
        start, end = (time.fromisoformat(str(at)) for at in quiet)
        kinds = possible & set(chosen["kinds"]) if "kinds" in chosen else possible
        return cls(str(chosen.get("way", "")), frozenset(kinds), (start, end), ZoneInfo(settings.get("zone") or zone))

    def by(self, ways: Sequence[str]) -> str | None:
        """The way that is taken, of those that exist."""
        if self.way == NONE:
            return None
        return self.way if self.way in ways else next((way for way in WAYS if way in ways and not self.way), None)

    def quiet_at(self, now: datetime) -> bool:
        """Whether it is a quiet hour for her; equal times mean none."""
        at, (start, end) = now.astimezone(self.zone).time(), self.quiet
        return start <= at < end if start <= end else at >= start or at < end


class Digests:
    """Plans what is told, and tells it."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        content: Content,
        bells: Mapping[str, Bell],
        counts: Counts,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._leases = digests.held(database)
        self._secrets = secrets
        self._content = content
        self._bells = {way: bell for way, bell in bells.items() if way in WAYS}
        self._counts = counts
        self._clock = clock
        self._roster = Roster(content)
        self._alerts: Any = content.knowledge.get("targets")["alerts"]
        self._zone = str(content.knowledge.get("duty")["timezone"])

    async def run(self, wake: Wake) -> None:
        """Send until told to stop."""
        clock, last = asyncio.get_running_loop().time, 0.0

        async def once() -> int:
            nonlocal last
            if clock() - last < LEAST_SECONDS:
                return 0
            last = clock()
            return await self.send()

        await wake.work(once, OUTBOX_CHANNEL, LOOK_SECONDS)

    def wish(self, reader: Reader) -> Wish:
        """What a colleague chose."""
        return Wish.read(reader.settings, reader.role, self._alerts, self._zone)

    # --- what is told

    async def plan(self) -> int:
        """Write down what is to be told now; returns how many are new. One transaction for each colleague."""
        now, made = self._clock(), 0
        async with self._database.begin() as connection:
            await digests.purge(connection, now - timedelta(days=int(self._alerts["keep_days"])))
            everybody = await digests.readers(connection, now)
        for reader in everybody:
            wish = self.wish(reader)
            if reader.absent or not wish.kinds or wish.by(self._reached(reader)) is None or wish.quiet_at(now):
                continue
            async with self._database.begin() as connection:
                for kind in sorted(wish.kinds):
                    found = await self._found(connection, reader, wish, kind, now)
                    if found is not None:
                        key, codes = found
                        made += await digests.add(connection, reader.id, kind, key, codes, now)
        if made:
            await self._database.notify(OUTBOX_CHANNEL)
        return made

    def _reached(self, reader: Reader) -> tuple[str, ...]:
        return tuple(way for way in reader.ways if way in self._bells)

    async def _found(
        self, connection: Connection, reader: Reader, wish: Wish, kind: str, now: datetime
    ) -> tuple[str, dict[str, Any]] | None:
        """What there is to tell of a kind: what makes it one thing, and its counts."""
        local = now.astimezone(wish.zone)
        morning = self._morning(local) and await self._first_today(connection, reader, kind, local)
        match kind:
            case "assigned":
                since = await digests.told(connection, reader.id, kind) or now - timedelta(days=1)
                n, newest = await self._counts.assigned(connection, reader.id, since)
                return (newest, {"n": n}) if n else None
            case "late":
                keys = await self._counts.late(connection, reader.id)
                return (_short(keys[0]), {"n": len(keys)}) if keys else None
            case "due_today" if morning:
                midnight = datetime.combine(local.date() + timedelta(days=1), time(), wish.zone)
                n, late = await self._counts.due(connection, reader.id, midnight)
                return (local.date().isoformat(), {"n": n, "late": late}) if n else None
            case "cover" | "empty_shift" if not reader.main:
                return None
            case "cover":
                swaps = await digests.looked_for(connection, reader.id, now)
                return (str(swaps[0][0]), {"n": len(swaps)}) if swaps else None
            case "empty_shift":
                return await self._empty(connection, now)
            case "weekly" if WEEK[local.weekday()] == self._alerts["weekly_on"] and morning:
                n = await self._counts.weekly(connection, reader.id)
                return (local.date().isoformat(), {"n": n}) if n else None
        return None

    async def _empty(self, connection: Connection, now: datetime) -> tuple[str, dict[str, Any]] | None:
        """Hours that are empty at this moment; told anew when the supervisors are warned of another one."""
        gaps, key = await self._roster.gaps(connection, now), await digests.newest_warning(connection, now)
        if not gaps or key is None:
            return None
        return key, {"n": len(gaps), "from": gaps[0][0].isoformat(), "until": gaps[0][1].isoformat()}

    async def _first_today(self, connection: Connection, reader: Reader, kind: str, local: datetime) -> bool:
        last = await digests.told(connection, reader.id, kind)
        return last is None or last.astimezone(local.tzinfo).date() < local.date()

    def _morning(self, local: datetime) -> bool:
        start, end = (time.fromisoformat(self._alerts["morning"][name]) for name in ("from", "until"))
        return start <= local.time() < end

    # --- telling

    async def send(self) -> int:
        """Send what is written down; returns how many were tried."""
        now = self._clock()
        async with self._database.begin() as connection:
            claimed = await digests.claim(connection, now, take_over=leases.steady(self._database))
        async with self._leases.holding({one.id: one.fence for one in claimed}):
            for one in claimed:
                await self._try(one, now)
        return len(claimed)

    async def _try(self, claimed: Claimed, now: datetime) -> None:
        """One that cannot be told ends here: it is not told again for ever, and keeps nobody else from hearing."""
        try:
            await self._tell(claimed, now)
        except UNAVAILABLE:
            raise
        except Exception as error:
            log.error("digest_fault", kind=type(error).__name__, exc_info=True)
            await self._wrote(claimed, state="failed", reason="fault", lease_until=None)

    async def _tell(self, claimed: Claimed, now: datetime) -> None:
        async with self._database.begin() as connection:
            reader = next(iter(await digests.readers(connection, now, claimed.user_id)), None)
            wish = self.wish(reader) if reader else None
            way = wish.by(self._reached(reader)) if reader and wish and claimed.kind in wish.kinds else None
            if reader is None or wish is None or way is None:
                await digests.write(connection, claimed, state="withdrawn", reason="not_wanted", lease_until=None)
                return
            if now - claimed.queued_at > STALE:
                await digests.write(connection, claimed, state="withdrawn", reason="stale", lease_until=None)
                return
            if wish.quiet_at(now):
                await digests.write(
                    connection,
                    claimed,
                    state="queued",
                    reason="quiet",
                    lease_until=now + LATER,
                    attempts=claimed.attempts - 1,
                )
                return
            to = await self._address(connection, claimed.user_id, way)
        if to is None:
            return await self._wrote(claimed, state="failed", reason="no_address", lease_until=None)
        try:
            provider_id = await self._bells[way].ring(to, self._words(claimed, reader, wish, way, now), ref=claimed.id)
        except SendError as error:
            log.warning("digest_failed", kind=type(error).__name__, code=error.code, channel=way)
            again = isinstance(error, (Throttled, Unreachable)) and claimed.attempts < TRIES
            state = "unknown" if isinstance(error, OutcomeUnknown) else "queued" if again else "failed"
            until = self._clock() + digests.AGAIN if again else None
            reason = error.code or type(error).__name__
            return await self._wrote(claimed, state=state, reason=reason, lease_until=until, channel=way)
        await self._wrote(
            claimed,
            state="sent",
            reason=None,
            lease_until=None,
            channel=way,
            sent_at=self._clock(),
            provider_id=provider_id,
        )

    async def _address(self, connection: Connection, user_id: UUID, way: str) -> str | None:
        if way == "telegram":
            return await staff_chats.address_of(connection, self._secrets, user_id)
        return await colleagues.number(connection, self._secrets, user_id, way)

    async def _wrote(self, claimed: Claimed, **values: Any) -> None:
        async with self._database.begin() as connection:
            await digests.write(connection, claimed, **values)

    def _words(self, claimed: Claimed, reader: Reader, wish: Wish, way: str, now: datetime) -> Ring:
        language = str(reader.settings.get("language") or next(iter(reader.languages), "en"))
        slots: dict[str, Any] = {name: value for name, value in claimed.codes.items() if name in ("n", "late")}
        for name in ("from", "until"):
            if name in claimed.codes:
                slots[name] = {"at": claimed.codes[name], "zone": str(wish.zone), "now": now.isoformat()}
        slots["desk"] = f"{self._content.site}/desk"
        text = self._content.staff(language, f"digest_{claimed.kind}", slots)
        if way == "email":
            text = f"{text}\n\n{self._content.staff(language, 'digest_stop', slots)}"
        return Ring("", self._content.staff(language, "digest_subject", slots), text, ())


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]
