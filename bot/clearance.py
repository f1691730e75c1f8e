"""The second look at the door, in the claim: whether what was queued may leave now, and the template that asks her to
write first.

Law: asked with the row locked, since owner, consent, hours and window may have changed since it was queued; what may
not leave is held, withdrawn or waits, and keeps its doubt. Every decision is `outgoing`'s.
"""

from __future__ import annotations

from datetime import datetime

from bot import outgoing
from bot.observe import logs, metrics
from bot.store import claims, lane, outbox
from bot.store.claims import Claim
from bot.store.database import Connection
from bot.transports.verdict import Verdict

log = logs.get(__name__)


class Clearance:
    """Of one sender."""

    def __init__(self, policy: outgoing.Policy) -> None:
        self._policy = policy

    async def allowed(self, connection: Connection, claim: Claim, now: datetime) -> bool:
        """Whether it leaves; if not, its row says why."""
        if claim.kind == "ack":
            return True
        try:
            decision = outgoing.decide(
                self._policy,
                claim.person,
                claim.conversation,
                origin=claim.origin,
                epoch=claim.epoch,
                now=now,
                kind=outgoing.BROADCAST if claim.broadcast_id and claim.kind == "reply" else claim.kind,
            )
        except Exception as error:  # of this row alone: the others in the claim leave all the same
            log.error("decision_failed", kind=type(error).__name__, exc_info=True)
            await outbox.spoilt(connection, [claim.id], now)
            return False
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
            await self.nudge(connection, claim, now)
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

    async def asked_nobody(self, connection: Connection, claim: Claim, verdict: Verdict, now: datetime) -> None:
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

    async def nudge(self, connection: Connection, claim: Claim, now: datetime) -> None:
        """A human's words wait for her, and the window is shut: the neutral text tells her to write, if she agreed."""
        if claim.kind == "reply" and claim.origin == "human":
            await self._ask(connection, claim, now)

    async def _ask(self, connection: Connection, claim: Claim, now: datetime) -> None:
        if outgoing.wants_template(self._policy, claim.person, claim.conversation, now):
            await outbox.nudge(connection, claim.id, now, due=now, window=self._policy.whatsapp_window)
