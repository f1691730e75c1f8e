"""Chats of staff: linked by a code; there a number is taken or given back by a tap, by the same acts as at the desk.

Law: who taps is known by their own linked chat, whatever a group says of them; no word of a person is ever written
here, and nothing that is chatted is read. Groups are off until the operator turns them on, and all others are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bot.channels.contract import Inbound
from bot.conductor.act import Staff
from bot.content import Content
from bot.observe import logs
from bot.store import calling, colleagues, history, staff_chats
from bot.store.colleagues import ANSWERS
from bot.store.database import Database
from bot.store.keys import Keys
from bot.transports.errors import SendError
from handlers.context import Actor
from handlers.references import grouped

log = logs.get(__name__)
STAFF_KIND = "staff"  # of an Inbound that is no person's
UNLINK = "off"  # "/staff off"
SAID = {"taken": "taken", "yours": "taken", "held": "held", "full": "full"}  # outcome of a tap: what is answered
GIVEN = {"released": "released", "not_yours": "not_yours"}


class Writes(Protocol):
    """Writes a line to a chat, and stops a button from turning."""

    async def write(self, to: str, text: str) -> str:
        """Raises a SendError."""

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """Raises a SendError."""


class StaffRooms:
    """Hears what comes from chats of staff."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        content: Content,
        staff: Staff,
        writes: Writes | None,
        *,
        clock: Callable[[], datetime],
        groups: bool = False,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._content = content
        self._staff = staff
        self._writes = writes
        self._clock = clock
        self._groups = groups

    async def heard(self, item: Inbound) -> None:
        """A code, or a tap. A group that the operator did not allow hears nothing of us."""
        group = bool(item.extra.get("group"))
        if group and not self._groups:
            return
        data = str(item.extra.get("data", ""))
        if data:
            answer = await self._tapped(item, data)
        elif str(item.extra.get("code", "")).lower() == UNLINK:
            answer = await self._unlink(item, group)
        else:
            answer = await self._link(item, group)
        await self._answer(item, answer)

    async def _link(self, item: Inbound, group: bool) -> str:
        digits = "".join(c for c in str(item.extra.get("code", "")) if c.isdecimal())
        async with self._database.begin() as connection:
            done = bool(digits) and await staff_chats.link(
                connection, self._secrets, item.account, item.address, digits, self._clock(), group=group
            )
        return self._say("linked" if done else "not_linked")

    async def _unlink(self, item: Inbound, group: bool) -> str:
        if group and await self._who(item) is None:
            return ""
        async with self._database.begin() as connection:
            gone = await staff_chats.unlink(connection, self._secrets, item.account, item.address)
        return self._say("unlinked") if gone else ""

    async def _who(self, item: Inbound) -> Actor | None:
        """Who taps, by their own chat; None for whoever has none, or a role that answers nobody."""
        async with self._database.begin() as connection:
            here = await staff_chats.chat(connection, self._secrets, item.account, item.address)
            own = await staff_chats.chat(connection, self._secrets, item.account, str(item.extra.get("by", "")))
        if here is None or own is None or own.user_id is None or own.role not in ANSWERS:
            return None
        return Actor("staff", own.user_id, (own.role,))

    async def _tapped(self, item: Inbound, data: str) -> str:
        _, act, what = (*data.split(":", 2), "", "")[:3]
        actor = await self._who(item)
        if actor is None:
            return ""
        if act == "seen":
            return await self._seen(what)
        reference = "".join(c for c in what if c.isdecimal())
        async with self._database.begin() as connection:
            found = await history.home_of_case(connection, self._secrets, reference) if reference else None
            # What a tap names comes from a telephone: a number of another organisation's is no more there than at the
            # desk.
            theirs = found is not None and await colleagues.works_for(connection, actor.user_id, found[1])
        if found is None or not theirs:
            return self._say("gone", reference)
        where, _ = found
        if act == "take":
            return self._say(SAID[(await self._staff.take(where, actor)).name], reference)
        if act == "give":
            outcome = await self._staff.release(where, user_id=actor.user_id, roles=actor.roles)
            return self._say(GIVEN[outcome.name], reference)
        return ""

    async def _seen(self, page: str) -> str:
        try:
            page_id = UUID(page)
        except ValueError:
            return ""
        async with self._database.begin() as connection:
            reference = await calling.acknowledge(connection, page_id, self._clock())
        return "" if reference is None else self._say("seen_done", reference)

    def _say(self, text: str, reference: str = "") -> str:
        return self._content.staff("en", text, {"reference": grouped(reference) if reference else "-"})

    async def _answer(self, item: Inbound, text: str) -> None:
        """What was done is done, whether or not the chat hears of it."""
        if self._writes is None:
            return
        try:
            if item.ack:
                await self._writes.acknowledge(account=item.account, ack=item.ack)
            if text:
                await self._writes.write(item.address, text)
        except SendError as error:
            log.warning("staff_chat_silent", kind=type(error).__name__, code=error.code)
