"""From the outbox to the providers: claim, ask the door once more, send, write what became of it.

Law: the network is outside every transaction; what failed is decided by the class of the SendError alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import outgoing
from bot.channels.contract import Channel, Chrome
from bot.content import Content
from bot.engine.messages import Reply
from bot.observe import logs, metrics
from bot.observe.crash import point
from bot.store import outbox
from bot.store.database import OUTBOX_CHANNEL, UNAVAILABLE, Connection, Database
from bot.store.keys import Keys
from bot.store.outbox import Claim
from bot.store.wake import Wake
from bot.transports import errors
from bot.transports.contract import Transport

log = logs.get(__name__)
BATCH = 32
RETRIES = 8  # of what can pass; about an hour in all
UNKNOWN_RETRIES = 1  # of what may have been accepted already


class Sender:
    """One sender; any number may run on one database. `transports` by account kind: provider name or `simulator`."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        content: Content,
        policy: outgoing.Policy,
        channels: Mapping[str, Channel],
        transport_for: Callable[[str, str], Transport | None],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._content = content
        self._policy = policy
        self._channels = channels
        self._transport_for = transport_for
        self._clock = clock

    async def run(self, wake: Wake) -> None:
        """Work until told to stop: then what is in hand is finished first."""
        while not wake.stopping:
            try:
                if await self.run_once() == 0:
                    await wake.wait(OUTBOX_CHANNEL, 0.25)
            except UNAVAILABLE as error:
                log.warning("database_unavailable", kind=type(error).__name__)
                await asyncio.sleep(1)
            except Exception as error:  # a fault of ours: leases run out, and the rows are tried again
                log.error("sender_fault", kind=type(error).__name__, exc_info=True)
                await asyncio.sleep(1)

    async def run_once(self) -> int:
        """Send what may leave now; returns how many rows were claimed."""
        now = self._clock()
        async with self._database.begin() as connection:
            claims = await outbox.claim(connection, self._secrets, now, BATCH)
            allowed = [c for c in claims if await self._allowed(connection, c, now)]
            await outbox.spend(connection, allowed, now)
            if claims:
                point("sender.before_claim_commit")
        if not claims:
            return 0
        point("sender.after_claim")
        results = await asyncio.gather(*(self._send(c) for c in allowed), return_exceptions=True)
        for fault in (r for r in results if isinstance(r, BaseException)):
            raise fault  # once all of them are finished
        return len(claims)

    async def _allowed(self, connection: Connection, claim: Claim, now: datetime) -> bool:
        """The second look at the door, with the row locked: things may have changed since it was queued."""
        if claim.kind == "ack":
            return True
        decision = outgoing.decide(
            self._policy, claim.person, claim.conversation, origin=claim.origin, epoch=claim.epoch, now=now
        )
        if decision.state == "queued":
            return True
        metrics.held.labels(reason=decision.reason or "").inc()
        await outbox.write(
            connection,
            claim,
            state=decision.state,
            reason=decision.reason,
            not_before=decision.not_before or now,
            lease_until=None,
            attempts=claim.attempts - 1,  # nothing was tried
        )
        return False

    async def _send(self, claim: Claim) -> None:
        transport = self._transport_for(claim.channel, claim.account)
        provider_id: str | None
        try:
            if transport is None:
                raise errors.Misconfigured("no_transport")
            if claim.kind == "ack":
                await transport.acknowledge(account=claim.account, ack=str(claim.body["ack"]))
                provider_id = None
            else:
                provider_id = await self._send_parts(transport, claim)
        except errors.SendError as error:
            await self._failed(claim, error)
            return
        except Exception as error:
            log.error("transport_fault", kind=type(error).__name__, exc_info=True)
            await self._failed(claim, errors.OutcomeUnknown("fault"))
            return
        point("sender.after_request")
        await self._finish(
            claim, state="sent", provider_id=provider_id or None, sent_at=self._clock(), lease_until=None
        )
        metrics.outbox_sent.labels(channel=claim.channel, result="sent").inc()
        if claim.kind == "reply" and claim.conversation.last_inbound_at:
            metrics.reply_seconds.observe(
                max(0.0, (self._clock() - claim.conversation.last_inbound_at).total_seconds())
            )
        point("sender.after_result")

    async def _send_parts(self, transport: Transport, claim: Claim) -> str:
        reply = Reply.from_json(claim.body)
        words = self._content.chrome(reply.language)
        chrome = Chrome(list_label=words.get("list_label", ""), more=words.get("more", ""))
        parts = self._channels[claim.channel].layout(reply, chrome)
        provider_id = ""
        for index, part in enumerate(parts):
            if index < claim.parts_done:
                continue
            provider_id = await transport.send(
                channel=claim.channel, account=claim.account, address=claim.address, part=part, ref=str(claim.id)
            )
            if index + 1 < len(parts):
                async with self._database.begin() as connection:
                    if not await outbox.write(connection, claim, parts_done=index + 1):
                        break  # the lease ran out: another sender has the rest
        return provider_id

    async def _failed(self, claim: Claim, error: errors.SendError) -> None:
        metrics.outbox_sent.labels(channel=claim.channel, result=type(error).__name__).inc()
        now = self._clock()
        match error:
            case errors.Throttled() | errors.Unreachable() | errors.Undeliverable() if claim.attempts <= RETRIES:
                slow = isinstance(error, errors.Undeliverable)
                wait = error.retry_after or backoff(claim.attempts, slow=slow)
                await self._finish(claim, state="queued", reason=error.code, not_before=now + timedelta(seconds=wait))
            case errors.OutcomeUnknown() if claim.attempts <= UNKNOWN_RETRIES:
                # It may have arrived. A reply unanswered is worse than one read twice; more than twice is not.
                await self._finish(claim, state="queued", reason="unknown", not_before=now + timedelta(seconds=5))
            case errors.OutcomeUnknown():
                await self._finish(claim, state="unknown", reason=error.code)
            case errors.PersonBlocked() | errors.BadAddress():
                await self._finish(claim, state="failed", reason=type(error).__name__)
                async with self._database.begin() as connection:
                    await outbox.block(connection, claim.conversation.id, now)
            case errors.AddressMoved() if claim.attempts <= RETRIES:
                async with self._database.begin() as connection:
                    moved = await outbox.move(connection, self._secrets, claim, error.code)
                await self._finish(claim, state="queued" if moved else "failed", reason="moved", not_before=now)
            case errors.WindowClosed():
                await self._finish(claim, state="held", reason="window", not_before=outgoing.NEVER)
            case errors.Misconfigured() if claim.attempts <= RETRIES:
                log.error("sending_misconfigured", channel=claim.channel, code=error.code)
                await self._finish(claim, state="queued", reason="misconfigured", not_before=now + timedelta(minutes=1))
            case _:
                log.error("sending_failed", channel=claim.channel, kind=type(error).__name__, code=error.code)
                await self._finish(claim, state="failed", reason=error.code or type(error).__name__)

    async def _finish(self, claim: Claim, **values: Any) -> None:
        async with self._database.begin() as connection:
            await outbox.write(connection, claim, **values)
            point("sender.before_result_commit")


def backoff(attempt: int, *, slow: bool = False) -> float:
    """Seconds to wait: doubling with jitter, from one second (slow: half an hour), so that retries spread."""
    first = 1800.0 if slow else 1.0
    return first * min(2.0 ** (attempt - 1), 256.0) * random.uniform(0.7, 1.3)  # noqa: S311 - no secret
