"""From the outbox to the providers: claim, ask the door once more, send, write what became of it.

Law: the network is outside every transaction; what failed is decided by the class of the SendError alone. A provider
that hangs holds up its own channel, and that with a bounded number of requests.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot import outgoing
from bot.channels import routes
from bot.channels.contract import Part
from bot.channels.routes import Routes
from bot.channels.segments import count as segments
from bot.engine.messages import Reply
from bot.layouts import Layouts
from bot.observe import logs, metrics
from bot.observe.crash import point
from bot.store import claims, history, lane, leases, outbox, sms_spent
from bot.store.accounts import UNLIMITED
from bot.store.audience import Sparing
from bot.store.claims import Claim, Sent
from bot.store.database import OUTBOX_CHANNEL, UNAVAILABLE, Connection, Database
from bot.store.gathered import Gathered
from bot.store.keys import Keys
from bot.store.wake import Wake
from bot.transports import errors
from bot.transports.contract import Transport
from bot.transports.verdict import Verdict, judge

log = logs.get(__name__)
T = TypeVar("T")
BATCH = 64  # rows in one claim
ROOM = 64  # requests in flight per channel
REFILL = ROOM // 2  # in flight when a full channel is looked at again: a claim costs the same for one row as for many
LANE_ROOM = 12  # no broadcast while so many are: a provider that is slow has room for replies first
# While direct replies go on leaving, what is told to many advances all the same: of each channel so many rows, in one
# of so many looks. Of the account's rate the lane has a share of its own (`lanes.py`).
BUSY_ROOM, BUSY_LOOKS = 2, 4
LOOK_SECONDS = 0.25  # between looks at the outbox, without a notification
TEMPLATE = "news"  # of knowledge/templates.yml
WIPED = timedelta(hours=48)  # Telegram lets a bot delete no older ones
MOVES = 8  # tries at a chat that goes on moving
WRITE_WAITS = (0.2, 1.0, 3.0, 5.0)  # seconds before the result is written again: each less than a lease


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
        self._routes = Routes.read(layouts.content.knowledge.get(routes.FACTS), sims)
        self._database = database
        self._secrets = secrets
        self._layouts = layouts
        self._policy = policy
        self._transport_for = transport_for
        self._clock = clock
        self._flying: dict[asyncio.Task[None], str] = {}  # requests in flight, by channel
        self._leases = claims.held(database)
        self._results = Gathered(self._write_sent)
        self._busy = True  # until a look has found nothing direct that could leave
        self._passed = 0  # looks at the lane that were passed over meanwhile
        self._used_up: frozenset[str] = frozenset()  # channels that had no room left after the last look: more may wait

    async def run(self, wake: Wake) -> None:
        """Work until told to stop: then what is in hand is finished first."""

        async def once() -> int:
            count, _ = await self._start(wake)
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
        flying = list(self._flying.values())
        most = LANE_ROOM if lane_only else ROOM
        room = {channel: most - flying.count(channel) for channel in self._layouts.channels}
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
            allowed = [c for c in claimed if await self._allowed(connection, c, now)]
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
        if channel in self._used_up and list(self._flying.values()).count(channel) <= REFILL:  # there is room again
            wake.set(OUTBOX_CHANNEL)

    async def _allowed(self, connection: Connection, claim: Claim, now: datetime) -> bool:
        """The second look at the door, with the row locked: things may have changed since it was queued."""
        if claim.kind == "ack":
            return True
        decision = outgoing.decide(
            self._policy,
            claim.person,
            claim.conversation,
            origin=claim.origin,
            epoch=claim.epoch,
            now=now,
            kind=outgoing.BROADCAST if claim.broadcast_id and claim.kind == "reply" else claim.kind,
        )
        if decision.state == "queued":
            return await self._asks_once(connection, claim, now)
        metrics.held.labels(reason=decision.reason or "").inc()
        # What may have arrived is not kept for later: held, nobody would know of that doubt, and it left a third time.
        doubt = claim.doubtful and decision.state == "held"
        # What is told to many waits for another way where the window is shut (broadcasts.py).
        shut = claim.broadcast_id is not None and decision.reason == "window"
        await claims.write(
            connection,
            claim,
            now,
            state="unknown" if doubt else "withdrawn" if shut else claim.waits(decision.state),
            reason=decision.reason,
            not_before=decision.not_before or now,
            lease_until=None,
            attempts=claim.attempts - 1,  # nothing was tried
        )
        if decision.reason == "window":
            await self._nudge(connection, claim, now)
        return False

    async def _asks_once(self, connection: Connection, claim: Claim, now: datetime) -> bool:
        """Of the templates of broadcasts one leaves until she writes, however many wait, and none once she has written.
        One that may have arrived has asked her already."""
        if claim.broadcast_id is None or claim.kind != "template":
            return True
        shut = not outgoing.in_window(self._policy, claim.conversation, now)
        if shut and claim.doubtful:
            return True
        if shut and await outbox.ask_once(connection, claim.id, now, window=self._policy.whatsapp_window):
            claim.conversation.nudged_at = now
            return True
        await claims.write(connection, claim, now, state="withdrawn", reason=lane.ASKED, lease_until=None)
        return False

    async def _asked_nobody(self, connection: Connection, claim: Claim, verdict: Verdict, now: datetime) -> None:
        """A template that has surely not left takes its note back: of a broadcast after each try, since it may wait
        long for the next one; of a human at its end. What a human wrote meanwhile asks for itself."""
        noted, told = claim.conversation.nudged_at, claim.broadcast_id is not None
        doubt = claim.doubtful or "unknown" in (verdict.state, verdict.reason)
        if claim.kind != "template" or noted is None or doubt or not (told or verdict.state == "failed"):
            return
        if not await outbox.take_back(connection, claim.conversation.id, noted) or verdict.block or not told:
            return
        claim.conversation.nudged_at = None
        if await outbox.human_waits(connection, claim.conversation.id):
            await self._ask(connection, claim, now)

    async def _nudge(self, connection: Connection, claim: Claim, now: datetime) -> None:
        """A human's words wait for her, and the window is shut: the neutral text tells her to write, if she agreed."""
        if claim.kind == "reply" and claim.origin == "human":
            await self._ask(connection, claim, now)

    async def _ask(self, connection: Connection, claim: Claim, now: datetime) -> None:
        if outgoing.wants_template(self._policy, claim.person, claim.conversation, now):
            await outbox.nudge(connection, claim.id, now, due=now, window=self._policy.whatsapp_window)

    async def _hold(self, claim: Claim) -> None:
        """However long it takes, nobody else sends it as long as we live."""
        async with self._leases.holding({claim.id: claim.fence}):
            await self._send(claim)

    async def _send(self, claim: Claim) -> None:
        transport = self._transport_for(claim.channel, claim.account)
        provider_id: str | None = None
        cost = 0
        try:
            if transport is None:
                raise errors.Misconfigured("no_transport")
            if claim.kind == "ack":
                await transport.acknowledge(account=claim.account, ack=str(claim.body["ack"]))
            elif claim.kind == "wipe":
                await self._wipe(transport, claim)
            else:
                parts = self._parts(claim)
                cost = self._cost(claim, parts)
                provider_id = await self._send_parts(transport, claim, parts)
        except errors.SendError as error:
            await self._failed(claim, error)
            return
        except UNAVAILABLE:
            raise  # the database, after all the tries: nothing can be written now
        except Exception as error:
            log.error("transport_fault", kind=type(error).__name__, exc_info=True)
            await self._failed(claim, errors.OutcomeUnknown("fault"))
            return
        point("sender.after_request")
        sent = Sent(claim, self._clock(), provider_id or "", cost)
        await self._patiently(lambda: self._results.do([sent]))
        metrics.outbox_sent.labels(channel=claim.channel, result="sent").inc()
        if claim.kind == "reply" and claim.broadcast_id is None and claim.conversation.last_inbound_at:
            metrics.reply_seconds.observe(
                max(0.0, (self._clock() - claim.conversation.last_inbound_at).total_seconds())
            )
        point("sender.after_result")

    async def _wipe(self, transport: Transport, claim: Claim) -> None:
        """Take the chat off both sides."""
        async with self._database.begin() as connection:
            since = self._clock() - WIPED
            ids = await history.provider_ids(connection, self._secrets, claim.conversation.id, since, claim.queued_at)
        await transport.wipe(account=claim.account, address=claim.address, ids=ids)

    def _parts(self, claim: Claim) -> list[Part]:
        """The reply as this channel shows it. BadContent when it is none, or has no layout: our bug."""
        if claim.kind == "template":
            hers = claim.person.language or claim.person.language_guess or "en"
            language = outgoing.reads(claim.person, hers)
            return [Part("template", TEMPLATE, language=language)]
        try:
            reply = self._on_its_route(claim, Reply.from_json(claim.body))
            parts = self._layouts.parts(claim.channel, claim.account, reply)
            return [replace(part, urgent=claim.urgent) for part in parts]
        except Exception as error:
            log.error("layout_fault", kind=type(error).__name__, exc_info=True)
            raise errors.BadContent("layout") from error

    def _on_its_route(self, claim: Claim, reply: Reply) -> Reply:
        """As its country's route lets an answer in. A simulated phone has none, unless its tester wants to see it."""
        if claim.channel != "sms" or claim.account == UNLIMITED:
            return reply
        country = claim.conversation.country_hint
        reply = replace(reply, urgent=claim.urgent)
        return self._layouts.on_its_route(reply, self._routes.to(country, claim.account), country)

    def _valid(self, claim: Claim) -> int:
        """For how many seconds the provider may still let it out: her window shuts there too."""
        now = self._clock()
        return int((outgoing.until(self._policy, claim.person, claim.conversation, now) - now).total_seconds())

    @staticmethod
    def _cost(claim: Claim, parts: Sequence[Part]) -> int:
        """Segments, where they are paid."""
        paid = claim.channel == "sms" and claim.account != UNLIMITED
        return sum(segments(part.text).segments for part in parts) if paid else 0

    async def _write_sent(self, told: Sequence[Sent]) -> None:
        """What was sent, and what it cost is counted with that. Results that come together are written together."""
        async with self._database.begin() as connection:
            written = await claims.write_sent(connection, told)
            await self._count(connection, [each for each in told if each.claim.id in written])
            point("sender.before_result_commit")
        for each in told:
            if each.claim.id not in written:
                await self._write_sent_alone(each)

    async def _write_sent_alone(self, each: Sent) -> None:
        """One result, waiting for whoever looks at its row just now."""
        values: dict[str, Any] = {"state": "sent", "reason": None, "sent_at": each.at, "lease_until": None}
        values |= {"provider_id": each.provider_id} if each.provider_id else {}
        values |= {"segments": each.segments} if each.segments else {}
        async with self._database.begin() as connection:
            if await claims.write(connection, each.claim, each.at, **values):
                await self._count(connection, [each])
            point("sender.before_result_commit")

    async def _count(self, connection: Connection, sent: Sequence[Sent]) -> None:
        paid = [(each.claim.conversation.country_hint, each.segments) for each in sent if each.segments]
        await sms_spent.add(connection, paid, self._clock())

    async def _send_parts(self, transport: Transport, claim: Claim, parts: Sequence[Part]) -> str:
        provider_id = ""
        for index, part in enumerate(parts):
            if index < claim.parts_done:
                continue
            provider_id = await transport.send(
                channel=claim.channel,
                account=claim.account,
                address=claim.address,
                part=part,
                ref=str(claim.id),
                valid=self._valid(claim),
            )
            if index + 1 < len(parts) and not await self._write(claim, parts_done=index + 1, reason=None):
                break  # the lease was lost: another sender has the rest
        return provider_id

    async def _failed(self, claim: Claim, error: errors.SendError) -> None:
        metrics.outbox_sent.labels(channel=claim.channel, result=type(error).__name__).inc()
        now = self._clock()
        if isinstance(error, errors.AddressMoved) and claim.attempts <= MOVES:
            place = (claim.channel, claim.account)
            moved = await self._patiently(
                lambda: self._once(lambda c: outbox.move(c, self._secrets, place, claim.conversation.id, error.code))
            )
            verdict = Verdict("queued" if moved else "failed", "moved")
        else:
            verdict = judge(
                error,
                kind=claim.kind,
                important=claim.important,
                doubtful=claim.doubtful,
                attempts=claim.attempts,
                age=now - claim.queued_at,
            )
        if (verdict.state == "failed" and not verdict.block) or isinstance(error, errors.Misconfigured):
            log.error("sending_failed", channel=claim.channel, kind=type(error).__name__, code=error.code)
        later = outgoing.NEVER if verdict.state == "held" else now + timedelta(seconds=verdict.wait)
        silence = error.retry_after if isinstance(error, errors.Throttled) else None

        async def result(connection: Connection) -> None:
            if await claims.write(
                connection,
                claim,
                now,
                state=claim.waits(verdict.state),
                reason=verdict.reason,
                not_before=later,
                lease_until=None,
            ):
                if verdict.block:
                    await outbox.block(connection, claim.conversation.id, now)
                await self._asked_nobody(connection, claim, verdict, now)
            if silence:  # this chat alone: others go on
                await outbox.pause(connection, claim.conversation.id, now + timedelta(seconds=silence))
            if isinstance(error, errors.WindowClosed):  # the provider's clock, not ours
                await self._nudge(connection, claim, now)

        await self._patiently(lambda: self._once(result))

    async def _write(self, claim: Claim, **values: Any) -> bool:
        async def result(connection: Connection) -> bool:
            return await claims.write(connection, claim, self._clock(), **values)

        return await self._patiently(lambda: self._once(result))

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Tried again while the database is away: what a provider has taken must not be forgotten."""
        for wait in WRITE_WAITS:
            try:
                return await work()
            except UNAVAILABLE as error:
                log.warning("result_not_written", kind=type(error).__name__)
                await asyncio.sleep(wait)
        return await work()

    async def _once(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._database.begin() as connection:
            done = await work(connection)
            point("sender.before_result_commit")
            return done
