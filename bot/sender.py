"""From the outbox to the providers: claim what may leave (`clearance.py`), and send it (`delivery.py`).

Law: a provider that hangs holds up its own channel, and that with a bounded number of requests.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot import outgoing
from bot.clearance import Clearance
from bot.delivery import Delivery
from bot.layouts import Layouts
from bot.observe import logs
from bot.observe.crash import point
from bot.store import accounts, claims, lane, leases
from bot.store.audience import Sparing
from bot.store.claims import Claim
from bot.store.database import OUTBOX_CHANNEL, Database
from bot.store.keys import Keys
from bot.store.wake import Wake
from bot.transports.contract import Transport

log = logs.get(__name__)
BATCH = 64  # rows in one claim
ROOM = 64  # requests in flight per channel
REFILL = ROOM // 2  # in flight when a full channel is looked at again: a claim costs the same for one row as for many
LANE_ROOM = 12  # no broadcast while so many are: a provider that is slow has room for replies first
# While direct replies go on leaving, what is told to many advances all the same: of each channel so many rows, in one
# of so many looks. Of the account's rate the lane has a share of its own (`lanes.py`).
BUSY_ROOM, BUSY_LOOKS = 2, 4
LOOK_SECONDS = 0.25  # between looks at the outbox, without a notification
TICK = 0.001  # seconds: the loop's clock may be that much before ours


class Sender:
    """One sender; any number may run on one database. `transports` by account kind: provider name or `simulator`."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        layouts: Layouts,
        policy: outgoing.Policy,
        transport_for: Callable[[str, str], Transport | None],
        *,
        clock: Callable[[], datetime],
        sims: Sequence[str] = (),
        most_a_day: Mapping[str, int] | None = None,
    ) -> None:
        self._most = most_a_day or {}
        knowledge = layouts.content.knowledge
        self._sparing = Sparing.read(knowledge.get("news"), knowledge.get("contact_policy"))
        self._database = database
        self._secrets = secrets
        self._channels = tuple(layouts.channels)
        self._clock = clock
        self._clearance = Clearance(policy)
        self._delivery = Delivery(
            database, secrets, layouts, policy, self._clearance, transport_for, clock=clock, sims=sims
        )
        self._flying: dict[asyncio.Task[None], str] = {}  # requests in flight, each with its channel
        self._leases = claims.held(database)
        self._busy = True  # until a look has found nothing direct that could leave
        self._alarm: asyncio.TimerHandle | None = None  # for an account whose second is used up
        self._passed = 0  # looks at the lane that were passed over meanwhile
        self._used_up: frozenset[str] = frozenset()  # channels that had no room left after the last look: more may wait

    async def run(self, wake: Wake) -> None:
        """Work until told to stop: then what is in hand is finished first."""

        async def once() -> int:
            began = self._clock()
            count, _ = await self._start(wake)
            if not count:
                await self._look_again(wake, began)
            return count if count == BATCH else 0  # the rest wakes us, or is due later

        async def beside() -> int:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look_beside(wake)
            return 1  # it waits by itself: a notification is for what is direct

        try:
            await asyncio.gather(wake.work(once, OUTBOX_CHANNEL, LOOK_SECONDS), wake.work(beside, OUTBOX_CHANNEL))
        except asyncio.CancelledError:
            for task in self._flying:
                task.cancel()
            raise
        await asyncio.gather(*self._flying, return_exceptions=True)

    async def _look_again(self, wake: Wake, now: datetime) -> None:
        """Nothing could leave just then. What waits for an account whose second was used up leaves when it is over, and
        not with the next look."""
        async with self._database.looking() as connection:
            moment = await accounts.free_at(connection, now)
        if self._alarm is not None:
            self._alarm.cancel()
        if moment is not None and moment < now + timedelta(seconds=LOOK_SECONDS):
            wait = max(0.0, (moment - self._clock()).total_seconds()) + TICK
            self._alarm = asyncio.get_running_loop().call_later(wait, wake.set, OUTBOX_CHANNEL)

    async def look_beside(self, wake: Wake | None = None) -> list[asyncio.Task[None]]:
        """A look at what is told to many, beside what is direct: all that there is room for in silence, a few rows now
        and then while it is not silent. Returns the requests begun."""
        few = self._busy
        if few and self._passed + 1 < BUSY_LOOKS:
            self._passed += 1
            return []
        count, tasks = await self._start(wake, lane_only=True, few=few)
        if count or not few:  # an account whose second is used up is looked at again at once
            self._passed = 0
        return tasks

    async def run_once(self) -> int:
        """Send what may leave now, and wait for it; of a broadcast only when nothing direct may. Returns how many rows
        were claimed."""
        count, tasks = await self._start()
        if not count:
            count, tasks = await self._start(lane_only=True)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for fault in (r for r in results if isinstance(r, BaseException)):
            raise fault  # once all of them are finished
        return count

    async def _start(
        self, wake: Wake | None = None, *, lane_only: bool = False, few: bool = False
    ) -> tuple[int, list[asyncio.Task[None]]]:
        """Claim what the channels have room for and begin to send it; (rows claimed, requests begun). `lane_only`: what
        is told to many, with less room (`few`: hardly any) and beside what is direct: that waits for none of this."""
        now = self._clock()
        flying, most = Counter(self._flying.values()), LANE_ROOM if lane_only else ROOM
        room = {channel: most - flying[channel] for channel in self._channels}
        if few:
            room = {channel: min(free, BUSY_ROOM) for channel, free in room.items()}
        if not any(free > 0 for free in room.values()):
            return 0, []
        async with self._database.begin() as connection:
            if lane_only:
                claimed = await lane.claim(connection, self._secrets, self._sparing, now, room, self._most)
            else:
                self._busy = True
                alive = leases.steady(self._database)
                claimed = await claims.claim(connection, self._secrets, now, BATCH, room, self._most, take_over=alive)
                self._busy = bool(claimed)
                taken = Counter(each.channel for each in claimed)
                self._used_up = frozenset(channel for channel, free in room.items() if taken[channel] >= free)
            allowed = [c for c in claimed if await self._clearance.allowed(connection, c, now)]
            await claims.spend(connection, allowed, now)
            if claimed:
                point("sender.before_claim_commit")
        if claimed:
            point("sender.after_claim")
        tasks = []
        for each in allowed:
            task = asyncio.create_task(self._hold(each))
            self._flying[task] = each.channel
            task.add_done_callback(lambda done: self._landed(done, wake))
            tasks.append(task)
        return len(claimed), tasks

    def _landed(self, task: asyncio.Task[None], wake: Wake | None) -> None:
        channel = self._flying.pop(task)
        if wake is None or task.cancelled():
            return
        if error := task.exception():  # the lease runs out, and the row is tried again
            log.error("sender_fault", kind=type(error).__name__, exc_info=True)
        if channel in self._used_up and Counter(self._flying.values())[channel] <= REFILL:  # there is room again
            wake.set(OUTBOX_CHANNEL)

    async def _hold(self, claim: Claim) -> None:
        """However long it takes, nobody else sends it as long as we live."""
        async with self._leases.holding({claim.id: claim.fence}):
            await self._delivery.deliver(claim)
