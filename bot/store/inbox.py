"""The inbox: what providers delivered, committed before they get their 2xx, each event once for ever.

Law: `seen` is unique by construction; payloads are encrypted before they touch the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Text, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.engine.inbound import Inbound, Receipt
from bot.observe import metrics
from bot.observe.crash import point
from bot.store import codec, homes
from bot.store.bulk import insert_rows
from bot.store.database import INBOX_CHANNEL, Database
from bot.store.homes import Home
from bot.store.keys import Keys, seal, seal_json
from bot.store.tables import inbox, seen

DIGITS = 18  # of a number that a bigint surely takes
ALBUM_WAIT = timedelta(seconds=3)  # the parts of an album come as messages of their own


def _see() -> Any:
    wanted = (
        func.unnest(
            bindparam("providers", type_=ARRAY(Text)),
            bindparam("accounts", type_=ARRAY(Text)),
            bindparam("events", type_=ARRAY(LargeBinary)),
        )
        .table_valued("provider", "account", "event")
        .render_derived()
    )
    return (
        pg_insert(seen)
        .from_select(["provider", "account", "event"], select(wanted.c.provider, wanted.c.account, wanted.c.event))
        .on_conflict_do_nothing()
        .returning(seen.c.provider, seen.c.account, seen.c.event)
    )


# Made once: to build a statement takes longer than to run it.
_SEE = _see()  # the events that were never seen: providers, accounts, events


def where(conversation_id: UUID | None) -> str:
    """Associated data of a payload. The row's own id is not known before it is inserted, its conversation is."""
    return f"inbox.payload_enc.{conversation_id}"


def input_row(home: Home, kind: str, data: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The row of something that a job or the desk makes happen to a conversation."""
    return {
        "kind": "input",
        "subject_id": home.subject_id,
        "conversation_id": home.conversation_id,
        "payload_enc": seal_json(home.key, {"kind": kind, **data}, where=where(home.conversation_id)),
        "received_at": at,
        "ready_at": at,
    }


class Inbox:
    """Receiving."""

    def __init__(self, database: Database, keyring: Keys) -> None:
        self._database = database
        self._keys = keyring

    async def receive(self, items: Sequence[Inbound | Receipt], now: datetime, countries: dict[str, str | None]) -> int:
        """Store what is new, in one transaction; returns how many were. `countries`: by address, for new people."""
        if not items:
            return 0
        point("receive.before_commit")
        async with self._database.begin() as connection:
            fresh = await self._unseen(connection, items)
            inbounds = [item for item in fresh if isinstance(item, Inbound)]
            found = await homes.find(connection, self._keys, inbounds, countries)
            # A chat of staff has no conversation: what is chatted there is nobody's, and is not kept.
            at_home = [
                (item, found[place]) for item in inbounds if (place := homes.place_of(self._keys, item)) in found
            ]
            rows = [self._inbound_row(item, home, now) for item, home in at_home]
            rows += [self._receipt_row(item, now) for item in fresh if isinstance(item, Receipt)]
            await insert_rows(connection, inbox, rows)
        point("receive.after_commit")
        for item in fresh:
            metrics.inbox_received.labels(channel=item.channel).inc()
        if rows:
            await self._database.notify(INBOX_CHANNEL)
        return len(rows)

    async def open(self, item: Inbound, countries: dict[str, str | None]) -> Home:
        """Where this address lives; it is made when it is new. For the simulator."""
        async with self._database.begin() as connection:
            return await self.home(connection, item, countries)

    async def home(self, connection: AsyncConnection, item: Inbound, countries: dict[str, str | None]) -> Home:
        """The same, in a transaction of who asks."""
        return (await homes.find(connection, self._keys, [item], countries))[homes.place_of(self._keys, item)]

    async def quarantine(self, provider: str, account: str, event_id: str, raw: bytes, now: datetime) -> None:
        """Keep what was authentic but unreadable, for the operator."""
        async with self._database.begin() as connection:
            event = {"provider": provider, "account": account, "event": self._keys.event(provider, account, event_id)}
            new = await connection.execute(
                pg_insert(seen).values(**event).on_conflict_do_nothing().returning(seen.c.event)
            )
            if new.first() is None:
                return
            sealed = seal(self._keys.system_key, raw, where=where(None))
            await connection.execute(
                insert(inbox).values(
                    kind="raw",
                    payload_enc=sealed,
                    received_at=now,
                    ready_at=now,
                    state="quarantined",
                    error=f"unreadable_{provider}",
                )
            )

    # --- receiving, step by step

    async def _unseen(self, connection: AsyncConnection, items: Iterable[Inbound | Receipt]) -> list[Inbound | Receipt]:
        """The items whose event was never stored; all of them are now."""
        by_key: dict[tuple[str, str, bytes], Inbound | Receipt] = {}
        for item in items:
            by_key.setdefault(
                (item.channel, item.account, self._keys.event(item.channel, item.account, item.event_id)), item
            )
        # In a fixed order, so that two processes with the same events wait for each other and never deadlock.
        ordered = sorted(by_key)
        providers, accounts, events = zip(*ordered, strict=True)
        result = await connection.execute(
            _SEE, {"providers": list(providers), "accounts": list(accounts), "events": list(events)}
        )
        new = {(row.provider, row.account, bytes(row.event)) for row in result}
        return [item for key, item in by_key.items() if key in new]

    def _inbound_row(self, item: Inbound, home: Home, now: datetime) -> dict[str, Any]:
        return {
            "kind": "inbound",
            "subject_id": home.subject_id,
            "conversation_id": home.conversation_id,
            "payload_enc": seal_json(home.key, codec.inbound_to_json(item), where=where(home.conversation_id)),
            "received_at": now,
            "ready_at": now + ALBUM_WAIT if item.group else now,
            "update_id": _update_id(item),
        }

    def _receipt_row(self, item: Receipt, now: datetime) -> dict[str, Any]:
        return {
            "kind": "receipt",
            "subject_id": None,
            "conversation_id": None,
            "payload_enc": seal_json(self._keys.system_key, codec.receipt_to_json(item), where=where(None)),
            "received_at": now,
            "ready_at": now,
            "update_id": None,
        }


def _update_id(item: Inbound) -> int | None:
    """Telegram's running number of what it delivered, which stands first in the event's id; None for one that is none,
    or that no column takes."""
    number, _, rest = item.event_id.partition(":")
    if item.channel != "telegram" or not rest or not number.isascii() or not number.isdecimal():
        return None
    return int(number) if len(number) <= DIGITS else None
