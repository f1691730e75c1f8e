"""The conversation on the page of a case: its newest page, or one that ends or begins with a message.

Law: reads only; nothing of what stands around a letter about ourselves.
"""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import history
from bot.store.history import Line, Window
from bot.store.homes import Home
from bot.store.tables import messages
from desk.views.order import TICK
from desk.views.rows import EVER
from desk.views.scope import Place

LINES = 100  # on one page
ALL = 20_000  # on paper: the whole of it
_PLACE = re.compile(r"(\d{1,18})\.([0-9a-f]{32})", re.ASCII)


def place_of(text: str) -> history.Place | None:
    """A message's place in its conversation, as an address names it; None for what is none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    try:
        return EVER + int(found[1]) * TICK, UUID(found[2])
    except OverflowError:
        return None


def address_of(line: Line) -> str:
    """The same for an address."""
    return f"{(line.at - EVER) // TICK}.{line.id.hex}"


async def lines(
    connection: AsyncConnection, where: Home | None, *, until: str, since: str, most: int | None = None
) -> Window:
    """A page of the conversation, the newest if no place is named; nothing of what stands around a letter about
    ourselves. `most`: lines, where it is not a page."""
    if where is None:
        return Window([], earlier=False, later=False)
    first, last = place_of(since), place_of(until)
    return await history.window(connection, where, until=last, since=None if last else first, most=most or LINES)


async def newest(connection: AsyncConnection, place: Place) -> str:
    """The last thing that the person wrote: a reply must have seen it."""
    found = (
        await connection.execute(
            select(messages.c.id)
            .where(
                messages.c.conversation_id == place.conversation_id,
                messages.c.author == "person",
                messages.c.retention != "box",
            )
            .order_by(messages.c.received_at.desc(), messages.c.id.desc())
            .limit(1)
        )
    ).scalar()
    return str(found or "")
