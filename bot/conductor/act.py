"""An act of staff on one person's conversation: the same lock, the same handlers, the same door as a turn.

Law: the desk, the CLI and a staff chat come in here; what they do is written in one transaction with its replies. Who
acts is locked after the person, so that of two acts on one conversation one is first, and of two acts of one colleague
too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from bot import outgoing
from bot.conductor.here import Tools
from bot.conductor.turn import Turn
from bot.content import Content
from bot.content import marks as content_marks
from bot.engine.inputs import Outcome, Started
from bot.engine.messages import Reply, Sensitivity
from bot.store import colleagues, debriefs, marks, outbox, raised, references, saving, staffed, turns
from bot.store.database import OUTBOX_CHANNEL, Connection, Database
from bot.store.homes import Home
from bot.store.keys import Keys
from bot.store.shelf import shelves
from handlers import asked, care, casework, consents, duty, handoff, owner
from handlers.context import Actor, Context

T = TypeVar("T")
REFERENCES = 3  # drawn ahead of an act: it opens one case at most, and a number may be taken
SEEN = frozenset({"taken", "yours", "given", "closed", "released"})  # outcomes after which nothing waits there any more
END_ASKED = "is_solved"  # the flow that asks whether it is solved, when a human closed it
NOT_YOURS = outgoing.Decision("withdrawn", "not_yours")


@dataclass(frozen=True, slots=True)
class Staff:
    """Runs acts. One per process."""

    database: Database
    secrets: Keys
    content: Content
    policy: outgoing.Policy
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    draw_reference: Callable[[], str]

    async def reply(
        self, where: Home, text: str, *, case_id: UUID | None, user_id: UUID | None = None, override: str | None = None
    ) -> outgoing.Decision:
        """Take the conversation and answer in it; the decision says whether the words leave now, later or not. Somebody
        else's conversation is not answered in (`not_yours`), nor one too many of the gravest (`full`)."""

        async def act(turn: Turn) -> outgoing.Decision:
            taken = await casework.take(turn.ctx, user_id=user_id, override=override)
            if taken.name != "taken":
                return NOT_YOURS if taken.name == "held" else outgoing.Decision("withdrawn", taken.name)
            asked.stop(turn.ctx)
            reply = Reply(
                text_id="human.reply",
                language=turn.ctx.person.language or turn.ctx.person.language_guess or "en",
                text=text,
                sensitivity=Sensitivity.SECRET,
            )
            return outgoing.queue(
                self.policy,
                turn.subject,
                turn.ctx.conversation,
                reply,
                origin="human",
                row_id=self.new_id(),
                now=turn.ctx.now,
                case_id=case_id,
                user_id=user_id,
            )

        return await self._run(
            where, Actor("staff", user_id), act, sees=lambda d: d.reason not in {"not_yours", "full"}
        )

    async def take(self, where: Home, actor: Actor, *, override: str | None = None) -> Outcome:
        """`taken`, `yours`, `held` (slot user: who has it), `full` (slot open: needs a reason, `override`)."""
        return await self.act(where, actor, lambda ctx: handoff.take(ctx, override=override))

    async def give(
        self, where: Home, actor: Actor, to: UUID, *, override: str | None = None, reason: str | None = None
    ) -> Outcome:
        """Assign or transfer: `given`, `not_yours` (slot user), `full` (slot open)."""
        return await self.act(
            where, actor, lambda ctx: handoff.give(ctx, to=to, override=override, reason=reason), about=to
        )

    async def escalate(
        self, where: Home, actor: Actor, *, reason: str = "asked", severity: str | None = None
    ) -> Outcome:
        """Back to the queue for somebody else; what is critical pages: `escalated`, `not_yours`, `none`."""
        return await self.act(where, actor, lambda ctx: handoff.escalate(ctx, reason=reason, severity=severity))

    async def check_safe(self, where: Home, actor: Actor, *, reference: str | None = None) -> Outcome:
        """`once` and `too_soon` (slot at: from when a second look counts), `confirmed`, `none`."""
        return await self.act(where, actor, lambda ctx: handoff.check_safe(ctx, reference=reference))

    async def lower(self, where: Home, actor: Actor) -> Outcome:
        """She told a human that she is fine: what rings becomes a line of the list."""
        return await self.act(where, actor, handoff.fine)

    async def close(
        self, where: Home, actor: Actor, *, reference: str | None = None, reason: str = "done", ask: bool = True
    ) -> Outcome:
        """`closed` (slot hard: why, after a hard case), `second_reader` (another colleague must close it too), `which`
        (of several), `none`. `ask`: she is asked whether it is solved, where that may be asked; what she answers, or
        writes later, opens it again. Who had a hard case is to talk to somebody."""
        hard: dict[UUID, str] = {}

        async def act(turn: Turn) -> Outcome:
            quiet = handoff.never_asked(turn.ctx, reference)
            case = handoff.named(turn.ctx, reference)
            outcome = await handoff.close(turn.ctx, reference=reference, reason=reason)
            why = care.hard(case, self._care)
            if case is not None and why and outcome.name == "closed":
                hard.update({user: why for user in (actor.user_id, case.assigned_to) if user is not None})
                outcome = Outcome(outcome.name, {**outcome.slots, "hard": why})
            ended = outcome.name == "closed" and turn.ctx.conversation.owner == "closed"
            if ended and ask and not quiet and END_ASKED in self.content.flows.by_name:
                await turn.begin(Started(END_ASKED, "staff"))
            return outcome

        async def then(connection: Connection, _: Outcome) -> None:
            """Who had a hard case is to talk to somebody."""
            now = self.clock()
            for user_id, why in hard.items():
                due_at = now + timedelta(hours=int(self._care["debrief_hours"]))
                await debriefs.ask(connection, user_id, why, now, due_at)

        return await self._run(where, actor, act, sees=_seen, then=then)

    @property
    def _care(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.content.knowledge.get("targets")["care"]
        return found

    async def release(self, where: Home, *, user_id: UUID | None = None, roles: tuple[str, ...] = ()) -> Outcome:
        """Give the conversation back to the bot: `released`, `not_yours` (slot user)."""
        return await self.act(where, Actor("staff", user_id, roles), casework.release)

    async def retry(self, where: Home, actor: Actor, message_id: UUID) -> outgoing.Decision | None:
        """Send again what failed, or of which nobody knows whether it arrived; the parts that did arrive are not
        repeated. None when there is no such message of a human or the bot in this conversation."""

        async def act(turn: Turn) -> outgoing.Decision:
            conversation, person = turn.ctx.conversation, turn.ctx.person
            return outgoing.decide(
                self.policy, person, conversation, origin="human", epoch=conversation.owner_epoch, now=turn.ctx.now
            )

        decision = await self._run(where, actor, act)
        async with self.database.begin() as connection:
            done = await outbox.again(
                connection,
                message_id,
                where.conversation_id,
                now=self.clock(),
                state=decision.state,
                reason=decision.reason,
                not_before=decision.not_before or self.clock(),
            )
        await self.database.notify(OUTBOX_CHANNEL)
        return decision if done else None

    async def ask_uses(self, where: Home, actor: Actor) -> Outcome:
        """A human lets the bot ask to which uses she agrees: `asked`; `never` (a child, danger); `busy` where a human
        has the conversation or is awaited: then a human asks in own words; `later` where it could not leave now."""

        async def act(turn: Turn) -> Outcome:
            conversation, person = turn.ctx.conversation, turn.ctx.person
            if not owner.may(conversation, "reminded"):
                return Outcome("busy")
            decision = outgoing.decide(
                self.policy, person, conversation, origin="bot", epoch=conversation.owner_epoch, now=turn.ctx.now
            )
            if decision.state != "queued":  # a question that lies until tomorrow would meet another moment
                return Outcome("later")
            outcome = await consents.invite(turn.ctx)
            if outcome.name == "invited":
                await turn.begin(Started(consents.FLOW, "staff"))
                return Outcome("asked")
            return outcome

        return await self._run(where, actor, act)

    async def act(
        self,
        where: Home,
        actor: Actor,
        change: Callable[[Context], Awaitable[Outcome]],
        *,
        about: UUID | None = None,
        then: Callable[[Connection, Outcome], Awaitable[None]] | None = None,
    ) -> Outcome:
        """Run one handler as staff; what waits in the conversation is taken with it, where the outcome says so.
        `about`: a colleague besides who acts whose load counts. `then`: what hangs on it, in the same transaction."""
        return await self._run(where, actor, lambda turn: change(turn.ctx), sees=_seen, about=about, then=then)

    async def say(
        self,
        where: Home,
        actor: Actor,
        change: Callable[[Context], Awaitable[Outcome]],
        words: Callable[[Context, Outcome], Started | None],
    ) -> Outcome:
        """Run one handler as staff and, where its outcome asks for it, say our words beside what stands open."""

        async def act(turn: Turn) -> Outcome:
            outcome = await change(turn.ctx)
            if (given := words(turn.ctx, outcome)) is not None:
                await turn.aside(given)
            return outcome

        return await self._run(where, actor, act, sees=lambda outcome: outcome.name in SEEN | {"accepted"})

    async def prepare(self, where: Home, change: Callable[[Context], Awaitable[object]]) -> None:
        """Run one handler on a person's context (the simulator sets a language with it)."""

        async def act(turn: Turn) -> None:
            await change(turn.ctx)

        await self._run(where, Actor("system"), act)

    async def _run(
        self,
        where: Home,
        actor: Actor,
        act: Callable[[Turn], Awaitable[T]],
        *,
        sees: Callable[[T], bool] = lambda _: False,
        about: UUID | None = None,
        then: Callable[[Connection, T], Awaitable[None]] | None = None,
    ) -> T:
        async with self.database.begin() as connection:
            result = await self.within(connection, where, actor, act, sees=sees, about=about)
            if then is not None:
                await then(connection, result)
        await self.database.notify(OUTBOX_CHANNEL)
        return result

    async def within(
        self,
        connection: Connection,
        where: Home,
        actor: Actor,
        act: Callable[[Turn], Awaitable[T]],
        *,
        sees: Callable[[T], bool] = lambda _: False,
        about: UUID | None = None,
    ) -> T:
        """An act in a transaction of who asks; who asks commits, and wakes the sender."""
        now = self.clock()
        locked = await turns.lock(connection, [where.subject_id], wait=True)
        subject = (await turns.load(connection, self.secrets, locked))[where.subject_id]
        unused = await references.unused_references(connection, [self.draw_reference() for _ in range(REFERENCES)])
        shelf = shelves(connection, self.secrets, now, self.new_id)
        tools = Tools(
            self.content,
            self.policy,
            now,
            self.new_id,
            lambda: unused.pop() if unused else self.draw_reference(),
            shelf,
            rotas=await staffed.rotas(connection, now),
            marks=content_marks.of(await marks.marks(connection)),
            colleagues=await self._colleagues(connection, {actor.user_id, about} - {None}, now),  # type: ignore[arg-type]
        )
        turn = Turn(tools, subject, subject.conversations[where.conversation_id], actor=actor)
        result = await act(turn)
        turn.finish()
        if actor.kind == "staff" and sees(result):  # somebody has seen it: the next danger pages again
            await raised.take_notices(connection, where.conversation_id, now, actor.user_id)
        await saving.save(connection, self.secrets, [subject], now)
        return result

    async def _colleagues(
        self, connection: Connection, ids: set[UUID], now: datetime
    ) -> dict[UUID, colleagues.Colleague]:
        """How these stand now; nobody else is given anything meanwhile."""
        for user_id in sorted(ids):
            await colleagues.lock(connection, user_id)
        if not ids:
            return {}
        opens = duty.promise(self.content.knowledge.get("duty"), "medium", now).on_duty
        return {c.id: c for c in await colleagues.colleagues(connection, now, assumed=opens, ids=sorted(ids))}


def _seen(outcome: Outcome) -> bool:
    return outcome.name in SEEN
