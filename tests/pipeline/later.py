"""What happens long after a talk: acts of staff on a person's records, and the job that wakes reminders.

Law: nothing is asserted here; a handler runs on the locked person, as at the desk, and is written as a turn is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from bot.jobs.started import start_reminders
from handlers.context import Actor, Context, Outcome
from tests.pipeline.world import World

Change = Callable[[Context], Awaitable[Outcome]]


async def act(world: World, address: str, change: Change, *, kind: str = "staff") -> Outcome:
    """What a handler answers when somebody of this kind calls it on the person's context."""
    found: list[Outcome] = []

    async def as_somebody(ctx: Context) -> None:
        ctx.actor = Actor(kind)
        found.append(await change(ctx))

    await world.app.staff.prepare(await world.where(address), as_somebody)
    return found[0]


async def known(world: World, address: str, **values: Any) -> None:
    """Somebody at home in Nepal who wrote once, and may be written to."""
    await world.says(address, "hello")
    where = await world.where(address)
    given = {"consent_contact_at": world.now, "consent_store_at": world.now, "country": "NP", "language": "en"}
    await world.set_person(where.subject_id, **(given | values))

    async def nothing_open(ctx: Context) -> None:
        ctx.conversation.session = {"shared": {"welcomed": True}}

    await world.app.staff.prepare(where, nothing_open)


async def wake(world: World, address: str, at: datetime) -> list[str]:
    """The job of the minute at that time: ids of what was said to her then, and sent."""
    world.clock.at = at
    before = len(await world.said(address))
    await start_reminders(world.app.database, world.app.secrets, world.policy, world.now)
    await world.turns()
    await world.sends()
    return (await world.said(address))[before:]
