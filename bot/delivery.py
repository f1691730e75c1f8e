"""One claimed row to its provider, and what became of it.

Law: the network is outside every transaction; what failed is decided by the class of the SendError alone; what a
provider has taken is not forgotten because the database is away. Results that come together are written together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot import outgoing
from bot.channels import routes
from bot.channels.contract import Part
from bot.channels.routes import Routes
from bot.channels.segments import count as segments
from bot.clearance import Clearance
from bot.engine.messages import Reply
from bot.layouts import Layouts
from bot.observe import logs, metrics
from bot.observe.crash import point
from bot.store import claims, history, outbox, sms_spent
from bot.store.accounts import UNLIMITED
from bot.store.claims import Claim, Sent
from bot.store.database import UNAVAILABLE, Connection, Database
from bot.store.gathered import Gathered
from bot.store.keys import Keys
from bot.transports import errors
from bot.transports.contract import Transport, known_id
from bot.transports.verdict import Verdict, judge

log = logs.get(__name__)
T = TypeVar("T")
TEMPLATE = "news"  # of knowledge/templates.yml
WIPED = timedelta(hours=48)  # Telegram lets a bot delete no older ones
MOVES = 8  # tries at a chat that goes on moving
WRITE_WAITS = (0.2, 1.0, 3.0, 5.0)  # seconds before the result is written again: each less than a lease


class Delivery:
    """Of one sender. `transport_for`: by channel and our account."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        layouts: Layouts,
        policy: outgoing.Policy,
        clearance: Clearance,
        transport_for: Callable[[str, str], Transport | None],
        *,
        clock: Callable[[], datetime],
        sims: Sequence[str] = (),
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._layouts = layouts
        self._policy = policy
        self._clearance = clearance
        self._transport_for = transport_for
        self._clock = clock
        self._routes = Routes.read(layouts.content.knowledge.get(routes.FACTS), sims)
        self._results = Gathered(self._write_sent)

    async def deliver(self, claim: Claim) -> None:
        """Send it, and write what became of it. Raises when nothing can be written: its lease runs out."""
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

    async def _send_parts(self, transport: Transport, claim: Claim, parts: Sequence[Part]) -> str:
        provider_id = ""
        for index, part in enumerate(parts):
            if index < claim.parts_done:
                continue
            told = await transport.send(
                channel=claim.channel,
                account=claim.account,
                address=claim.address,
                part=part,
                ref=str(claim.id),
                valid=self._valid(claim),
            )
            provider_id = known_id(told)
            if index + 1 < len(parts) and not await self._write(claim, parts_done=index + 1, reason=None):
                break  # the lease was lost: another sender has the rest
        return provider_id

    async def _wipe(self, transport: Transport, claim: Claim) -> None:
        """Take the chat off both sides."""
        async with self._database.begin() as connection:
            since = self._clock() - WIPED
            ids = await history.provider_ids(connection, self._secrets, claim.conversation.id, since, claim.queued_at)
        await transport.wipe(account=claim.account, address=claim.address, ids=ids)

    # --- what is sent

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

    # --- what became of it

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
                await self._clearance.asked_nobody(connection, claim, verdict, now)
            if silence:  # this chat alone: others go on
                await outbox.pause(connection, claim.conversation.id, now + timedelta(seconds=silence))
            if isinstance(error, errors.WindowClosed):  # the provider's clock, not ours
                await self._clearance.nudge(connection, claim, now)

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
