"""An act of staff on one person's conversation: the same lock, the same handlers, the same door as a turn.

Law: the desk and the CLI come in here; what they do is written in one transaction with its replies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from bot import outgoing
from bot.conductor.turn import Tools, Turn
from bot.content import Content
from bot.engine.messages import Reply, Sensitivity
from bot.store import turns
from bot.store.database import OUTBOX_CHANNEL, Database
from bot.store.inbox import Home
from bot.store.keys import Keys
from bot.store.shelf import shelves
from handlers import casework
from handlers.context import Actor, Context, Outcome

T = TypeVar("T")
REFERENCES = 3  # drawn ahead of an act: it opens one case at most, and a number may be taken


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
        self, where: Home, text: str, *, case_id: UUID | None, user_id: UUID | None = None
    ) -> outgoing.Decision:
        """Take the conversation and answer in it; the decision says whether the words leave now, later or not."""

        async def act(turn: Turn) -> outgoing.Decision:
            await casework.take(turn.ctx, user_id=user_id)
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

        return await self._run(where, Actor("staff", user_id), act)

    async def take(self, where: Home, actor: Actor) -> Outcome:
        """Take the conversation: the bot falls silent, and what waited for somebody is taken."""

        async def act(turn: Turn) -> Outcome:
            return await casework.take(turn.ctx, user_id=actor.user_id)

        return await self._run(where, actor, act)

    async def release(self, where: Home, *, user_id: UUID | None = None) -> None:
        """Give the conversation back to the bot."""

        async def act(turn: Turn) -> None:
            await casework.release(turn.ctx)

        await self._run(where, Actor("staff", user_id), act)

    async def prepare(self, where: Home, change: Callable[[Context], Awaitable[object]]) -> None:
        """Run one handler on a person's context (the simulator sets a language with it)."""

        async def act(turn: Turn) -> None:
            await change(turn.ctx)

        await self._run(where, Actor("system"), act)

    async def _run(self, where: Home, actor: Actor, act: Callable[[Turn], Awaitable[T]]) -> T:
        now = self.clock()
        async with self.database.begin() as connection:
            locked = await turns.lock(connection, [where.subject_id], wait=True)
            subject = (await turns.load(connection, self.secrets, locked))[where.subject_id]
            unused = await turns.unused_references(connection, [self.draw_reference() for _ in range(REFERENCES)])
            references = lambda: unused.pop() if unused else self.draw_reference()  # noqa: E731
            shelf = shelves(connection, self.secrets, now, self.new_id)
            tools = Tools(self.content, self.policy, now, self.new_id, references, shelf)
            turn = Turn(tools, subject, subject.conversations[where.conversation_id], actor=actor)
            result = await act(turn)
            turn.finish()
            if actor.kind == "staff":  # somebody has seen it: the next danger pages again
                await turns.take_notices(connection, where.conversation_id, now, actor.user_id)
            await turns.save(connection, self.secrets, [subject], now)
        await self.database.notify(OUTBOX_CHANNEL)
        return result
