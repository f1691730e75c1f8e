"""WhatsApp conversations that are about to shut while a human still has something to do: found, and asked once.

Law: nothing is sent and no flow is run here; an input for the flow `window` is put into the inbox, once between two of
her messages. Not while a self-harm case is open: then nothing is said by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import reached
from bot.store.inbox import input_row
from bot.store.keys import Keys
from bot.store.raised import raise_notice
from bot.store.reached import Reached
from bot.store.reminders import SILENT_KINDS
from bot.store.tables import addresses, cases, contacts, conversations, inbox

FLOW = "window"
BEFORE = timedelta(minutes=90)  # this long before it shuts, once it is allowed to write
CHUNK = 500


async def closing(connection: AsyncConnection, secrets: Keys, now: datetime, window: timedelta) -> list[Reached]:
    """Those that shut within `BEFORE`, still open, not asked yet; their rows locked, who is busy is left out."""
    last = conversations.c.last_inbound_at
    rows = await connection.execute(
        reached.chosen()
        .where(
            addresses.c.channel == "whatsapp",
            conversations.c.owner.in_(("waiting", "human")),
            conversations.c.nudged_at.is_(None),
            conversations.c.blocked_at.is_(None),
            last > now - window,
            last <= now - window + BEFORE,
            contacts.c.consent_contact_at.is_not(None),
            contacts.c.opted_out_at.is_(None),
            contacts.c.seized_at.is_(None),
            ~exists(
                select(cases.c.id).where(
                    cases.c.subject_id == contacts.c.id,
                    cases.c.kind.in_(SILENT_KINDS),
                    cases.c.closed_at.is_(None),
                )
            ),
        )
        .order_by(last)
        .limit(CHUNK)
        .with_for_update(of=conversations, skip_locked=True)
    )
    return reached.read(secrets, rows)


async def ask(
    connection: AsyncConnection, ones: Sequence[Reached], now: datetime, may: Callable[[Reached], bool]
) -> int:
    """Put the flow into the inbox of those that `may` be written to now; where a human has the conversation nothing is
    said by itself (T36), and it is the human who is told. Returns how many."""
    asked: list[UUID] = []
    for one in ones:
        if one.conversation.owner == "human":
            await raise_notice(
                connection,
                "window_closes",
                "medium",
                subject_id=one.home.subject_id,
                conversation_id=one.conversation.id,
                now=now,
            )
            asked.append(one.conversation.id)
        elif may(one):
            await connection.execute(
                insert(inbox).values(input_row(one.home, "started", {"flow": FLOW, "by": FLOW}, now))
            )
            asked.append(one.conversation.id)
    if asked:
        await connection.execute(update(conversations).where(conversations.c.id.in_(asked)).values(nudged_at=now))
    return len(asked)
