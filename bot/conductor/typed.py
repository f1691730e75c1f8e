"""Making a case of what a colleague typed up: her person, her conversation, her case, in one transaction.

Law: a draft makes one case (`bot/store/intake.py`). A new person is made each time: a number from which somebody wrote
before is kept as a fact and never joins two people, since the one who gives it need not be the one who wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from bot.channels.limits import LIMITS
from bot.conductor.act import Staff
from bot.conductor.turn import Turn
from bot.engine.inbound import Inbound
from bot.engine.inputs import Outcome
from bot.store import colleagues, intake, raised
from bot.store.database import OUTBOX_CHANNEL, Connection
from bot.store.homes import Home
from bot.store.inbox import Inbox
from handlers.context import Actor, Case
from handlers.handoff import DESK
from handlers.intake import Told, type_up
from handlers.opening import is_minor

NOBODY = "-"  # the address of who gave no number


@dataclass(frozen=True, slots=True)
class Way:
    """Where she is written to: a channel, and our account of it."""

    channel: str
    account: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Of whom a case is made. `number` is E.164 or empty; `way` is None for who is not to be written to."""

    number: str = ""
    country: str | None = None  # of the number
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it. `outcome`: that of the handler, or `again` when this form was sent before. `written`: she can be
    written to."""

    reference: str
    outcome: str
    written: bool = False


async def make(
    staff: Staff,
    draft_id: UUID,
    told: Told,
    caller: Caller,
    *,
    actor: Actor,
    organisation_id: UUID | None,
    sheet: int | None,
) -> Made:
    """Open the case of this draft, once. `organisation_id`: whose it is, when not the main organisation's."""
    assert actor.user_id is not None
    async with staff.database.begin() as connection:
        await colleagues.lock(connection, actor.user_id)  # two taps on one button come one after the other
        if (reference := await intake.made(connection, draft_id)) is not None:
            return Made(reference, "again")
        if caller.way and await intake.is_known(connection, staff.secrets, caller.number, LIMITS):
            caller = replace(caller, way=None)
        home = await _home(staff, connection, caller)

        async def act(turn: Turn) -> tuple[Outcome, Case]:
            return await type_up(turn.ctx, told, can_write=caller.way is not None), turn.ctx.cases[0]

        outcome, case = await staff.within(connection, home, actor, act)
        if outcome.name == "taken" and not is_minor(case.facts):  # of a child others are told too
            await raised.take_notices(connection, home.conversation_id, staff.clock(), actor.user_id)
        await intake.note(
            connection,
            draft_id,
            subject_id=home.subject_id,
            case_id=case.id,
            user_id=actor.user_id,
            organisation_id=organisation_id,
            sheet=sheet,
            now=staff.clock(),
        )
        await intake.drop(connection, actor.user_id)
    await staff.database.notify(OUTBOX_CHANNEL)
    return Made(case.reference, outcome.name, caller.way is not None)


async def _home(staff: Staff, connection: Connection, caller: Caller) -> Home:
    """A new person with a new conversation: at her number, or one that nothing can be sent to."""
    way = caller.way or Way(DESK, str(staff.new_id()))  # an account of its own: one number may come more than once
    number = caller.number or NOBODY
    item = Inbound(channel=way.channel, account=way.account, address=number, event_id="", kind="text")
    return await Inbox(staff.database, staff.secrets).home(connection, item, {number: caller.country})
