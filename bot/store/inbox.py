"""The inbox: what providers delivered, committed before they get their 2xx, each event once for ever.

Law: `seen` is unique by construction; payloads are encrypted before they touch the disk.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement
from uuid_utils.compat import uuid7

from bot.engine.inbound import Inbound, Receipt
from bot.observe import metrics
from bot.observe.crash import point
from bot.store import codec, newcomers
from bot.store.bulk import insert_rows
from bot.store.database import INBOX_CHANNEL, Database
from bot.store.keys import Keys, open_json, seal, seal_json
from bot.store.tables import addresses, conversations, inbox, keys, seen
from bot.store.together import Rows, Statement, ask, many, tell
from bot.vault.keyring import new_key

ALBUM_WAIT = timedelta(seconds=3)  # the parts of an album come as messages of their own
GAP_WAIT = timedelta(seconds=1.5)  # for an update of Telegram's that is still on its way, when a later one is here
GAP_MOST = 10  # updates that may be on their way at once
EACH = 8  # rows of one person in one look at the inbox
WIDE = 4  # times as many rows are looked at beside other workers
Place: TypeAlias = tuple[str, str, bytes]  # channel, our account, keyed hash of their address


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
_KNOWN = (
    select(
        addresses.c.channel,
        addresses.c.account,
        addresses.c.lookup,
        conversations.c.subject_id,
        conversations.c.id.label("conversation_id"),
        keys.c.wrapped,
    )
    .join(conversations, conversations.c.address_id == addresses.c.id)
    .join(keys, keys.c.subject_id == conversations.c.subject_id)
    .where(addresses.c.lookup == func.any(bindparam("lookups", type_=ARRAY(LargeBinary))))
    # Shared with turns and senders, not with `merge.py`: while a conversation changes its subject this waits,
    # and the stale row falls out of the join; while this holds it, what was received is taken along.
    .order_by(conversations.c.id)
    .with_for_update(of=conversations, read=True, key_share=True)
)


@dataclass(frozen=True, slots=True)
class Home:
    """Where an address lives: its conversation, its subject and the subject's key."""

    subject_id: UUID
    conversation_id: UUID
    key: bytes


def _where(conversation_id: UUID | None) -> str:
    """Associated data of a payload. The row's own id is not known before it is inserted, its conversation is."""
    return f"inbox.payload_enc.{conversation_id}"


def input_row(home: Home, kind: str, data: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The row of something that a job or the desk makes happen to a conversation."""
    return {
        "kind": "input",
        "subject_id": home.subject_id,
        "conversation_id": home.conversation_id,
        "payload_enc": seal_json(home.key, {"kind": kind, **data}, where=_where(home.conversation_id)),
        "received_at": at,
        "ready_at": at,
    }


class Inbox:
    """Receiving. `country_of` tells the country of a phone number, or None."""

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
            homes = await self._homes(connection, inbounds, countries)
            # A chat of staff has no conversation: what is chatted there is nobody's, and is not kept.
            at_home = [(item, homes[place]) for item in inbounds if (place := self._place(item)) in homes]
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
        return (await self._homes(connection, [item], countries))[self._place(item)]

    async def quarantine(self, provider: str, account: str, event_id: str, raw: bytes, now: datetime) -> None:
        """Keep what was authentic but unreadable, for the operator."""
        async with self._database.begin() as connection:
            event = {"provider": provider, "account": account, "event": self._keys.event(provider, account, event_id)}
            new = await connection.execute(
                pg_insert(seen).values(**event).on_conflict_do_nothing().returning(seen.c.event)
            )
            if new.first() is None:
                return
            sealed = seal(self._keys.system_key, raw, where=_where(None))
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

    async def add_input(self, home: Home, kind: str, data: dict[str, Any], at: datetime) -> None:
        """Something that a job or the desk makes happen to a conversation (a timer, a release)."""
        async with self._database.begin() as connection:
            await connection.execute(insert(inbox).values(input_row(home, kind, data, at)))
        await self._database.notify(INBOX_CHANNEL)

    # --- receiving, step by step

    def _place(self, item: Inbound) -> Place:
        return item.channel, item.account, self._keys.address(item.channel, item.address)

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

    async def _homes(
        self, connection: AsyncConnection, items: list[Inbound], countries: dict[str, str | None]
    ) -> dict[Place, Home]:
        places = {self._place(item): item for item in items}
        if not places:
            return {}
        known = await self._known(connection, places)
        for again in (False, True):
            missing = {place: item for place, item in places.items() if place not in known}
            if not missing:
                break
            if again:  # not new, and not known: somebody erased, or another process was quicker
                await self._forget_erased(connection, missing)
            known |= await self._create(connection, missing, countries)
            known |= await self._known(connection, missing.keys() - known.keys())
        return known

    async def _known(self, connection: AsyncConnection, places: Iterable[Place]) -> dict[Place, Home]:
        lookups = [place[2] for place in places]
        if not lookups:
            return {}
        rows = await connection.execute(_KNOWN, {"lookups": lookups})
        return {
            (row.channel, row.account, bytes(row.lookup)): Home(
                row.subject_id, row.conversation_id, self._keys.keyring.unwrap(row.wrapped)
            )
            for row in rows
        }

    async def _forget_erased(self, connection: AsyncConnection, places: Iterable[Place]) -> None:
        """An address whose key is gone belongs to somebody erased: who writes from it now is a new person."""
        erased = (
            select(addresses.c.id)
            .where(
                addresses.c.lookup == func.any(bindparam("lookups", [p[2] for p in places], ARRAY(LargeBinary))),
                ~exists(select(keys.c.id).where(keys.c.subject_id == addresses.c.subject_id)),
            )
            .scalar_subquery()
        )
        await connection.execute(delete(addresses).where(addresses.c.id.in_(erased)))

    async def _create(
        self, connection: AsyncConnection, missing: dict[Place, Inbound], countries: dict[str, str | None]
    ) -> dict[Place, Home]:
        """A contact, its key, its address and their conversation; whoever inserts the address first wins. Returns those
        that are ours."""
        made: dict[UUID, tuple[Place, Home]] = {}
        rows = []
        for place, item in sorted(missing.items()):
            address_id, home = uuid7(), Home(uuid7(), uuid7(), new_key())
            made[address_id] = place, home
            rows.append(
                {
                    "address_id": address_id,
                    "subject_id": home.subject_id,
                    "conversation_id": home.conversation_id,
                    "key_id": uuid7(),
                    "wrapped": self._keys.keyring.wrap(home.key),
                    "channel": item.channel,
                    "account": item.account,
                    "lookup": place[2],
                    "address_enc": seal(home.key, item.address.encode(), where=f"addresses.address_enc.{address_id}"),
                    "country_hint": countries.get(item.address),
                    "kind": "simulator" if item.account == "simulator" else "person",
                }
            )
        return dict([made[address_id] for address_id in await newcomers.add(connection, rows)])

    def _inbound_row(self, item: Inbound, home: Home, now: datetime) -> dict[str, Any]:
        return {
            "kind": "inbound",
            "subject_id": home.subject_id,
            "conversation_id": home.conversation_id,
            "payload_enc": seal_json(home.key, codec.inbound_to_json(item), where=_where(home.conversation_id)),
            "received_at": now,
            "ready_at": now + ALBUM_WAIT if item.group else now,
            "update_id": _update_id(item),
        }

    def _receipt_row(self, item: Receipt, now: datetime) -> dict[str, Any]:
        return {
            "kind": "receipt",
            "subject_id": None,
            "conversation_id": None,
            "payload_enc": seal_json(self._keys.system_key, codec.receipt_to_json(item), where=_where(None)),
            "received_at": now,
            "ready_at": now,
            "update_id": None,
        }


def _update_id(item: Inbound) -> int | None:
    """Telegram's running number of what it delivered, which stands first in the event's id."""
    number, _, rest = item.event_id.partition(":")
    return int(number) if item.channel == "telegram" and rest and number.isascii() and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the inbox that waits, with its payload opened; empty when it cannot be opened."""

    id: int
    kind: str
    subject_id: UUID | None
    conversation_id: UUID | None
    received_at: datetime
    attempts: int
    payload: dict[str, Any]
    vouched: str | None = None  # what its provider says of it: yes, no, unknown; None = not asked
    update_id: int | None = None  # Telegram's running number
    behind_a_gap: bool = False  # the update before it is still on its way, or never comes


def _behind_a_gap() -> ColumnElement[bool]:
    """Whether this update of Telegram's overtook the one before it a moment ago: that one is not here, and an earlier
    one is. After a quiet week numbers begin anew anywhere (G3), and nothing waits."""
    last, earlier = inbox.alias("last"), inbox.alias("earlier")
    return and_(
        inbox.c.received_at > bindparam("just"),
        ~exists(select(last.c.id).where(last.c.update_id == inbox.c.update_id - 1)),
        exists(
            select(earlier.c.id).where(earlier.c.update_id.between(inbox.c.update_id - GAP_MOST, inbox.c.update_id - 2))
        ),
    )


@lru_cache(maxsize=8)
def _waiting(most: int) -> Statement:
    """A few rows of each person, the oldest first. Their number is written out, not bound, and stands inside: so few
    are looked up by their keys, whatever the planner believes of a table that fills and empties within seconds."""
    mine = func.row_number().over(
        partition_by=(inbox.c.subject_id, case((inbox.c.subject_id.is_(None), inbox.c.id))), order_by=inbox.c.id
    )
    # What a provider is being asked about (`vouched.py`) is looked at with what follows it, in case that cannot wait;
    # after everybody else, since most of it is only looked at. Whose that is, is asked once: row by row it was looked
    # for among all that waits, by a plan of a quiet day, and a look in a burst took a second.
    asked = inbox.alias("asked")
    whose = select(asked.c.subject_id).where(
        asked.c.vouched == "asked", asked.c.state == "waiting", asked.c.subject_id.is_not(None)
    )
    awaited = func.coalesce(inbox.c.subject_id.in_(whose), False)
    waiting = (
        select(inbox.c.id, mine.label("place"), awaited.label("awaited"))
        .where(inbox.c.state == "waiting", or_(inbox.c.ready_at <= bindparam("now"), inbox.c.vouched == "asked"))
        .subquery()
    )
    first = (
        select(waiting.c.id, waiting.c.awaited)
        .where(waiting.c.place <= EACH)
        .order_by(waiting.c.awaited, waiting.c.id)
        .limit(literal_column(str(most)))
        .subquery()
    )
    return Statement(
        select(
            inbox.c.id,
            inbox.c.kind,
            inbox.c.subject_id,
            inbox.c.conversation_id,
            inbox.c.received_at,
            inbox.c.attempts,
            inbox.c.payload_enc,
            inbox.c.vouched,
            inbox.c.update_id,
            _behind_a_gap().label("behind_a_gap"),
            keys.c.wrapped,
        )
        .join(first, first.c.id == inbox.c.id)
        .outerjoin(keys, keys.c.subject_id == inbox.c.subject_id)
        .order_by(first.c.awaited, inbox.c.id)
    )


async def peek(
    database: Database, secrets: Keys, now: datetime, limit: int, most: int, *, beside: bool = False
) -> list[Waiting]:
    """The oldest rows that may be handled now, without locking them: a few of each person, so that nobody who writes
    a hundred lines stands in front of somebody in danger. Of the people among them only the first `most` are looked at:
    what is not handled now stays sealed. `beside` other workers: `most` of them by chance, out of WIDE times as many
    rows and with no more rows than `limit`, since all who take the first ones understand the same words, and one alone
    may answer them."""
    async with database.looking() as connection:
        rows_wanted = limit * WIDE if beside else limit
        (rows,) = await ask(connection, _waiting(rows_wanted)(now=now, just=now - GAP_WAIT))
    return [
        Waiting(
            row.id,
            row.kind,
            row.subject_id,
            row.conversation_id,
            row.received_at,
            row.attempts,
            _payload(secrets, row.subject_id, row.wrapped, row.payload_enc, row.conversation_id),
            row.vouched,
            row.update_id,
            row.behind_a_gap,
        )
        for row in _of_some(rows, limit, most, by_chance=beside)
    ]


def _of_some(rows: Rows, limit: int, most: int, *, by_chance: bool) -> Rows:
    """Of so many people all their rows, while those are no more than `limit`; and no more of nobody's (receipts), so
    that a flood of them is not worked off before anybody is understood. In their order."""
    of_each: dict[UUID | None, Rows] = {}
    for row in rows:
        of_each.setdefault(row.subject_id, []).append(row)
    nobodys = of_each.pop(None, [])
    people = list(of_each.values())
    if by_chance:
        random.shuffle(nobodys)
        random.shuffle(people)
    taken = {row.id for row in nobodys[:limit]}
    room = limit
    for theirs in people[:most]:
        room -= len(theirs)
        if room < 0:
            break
        taken |= {row.id for row in theirs}
    return [row for row in rows if row.id in taken]


def in_order(rows: Sequence[Waiting]) -> list[Waiting]:
    """The rows of one person as they were written: updates of Telegram's that overtook each other within moments change
    places; from one that waits for another on, nothing is handled."""
    found: list[Waiting] = []
    for row in rows:
        place = len(found)
        while place and _overtook(found[place - 1], row):
            place -= 1
        found.insert(place, row)
    first = next((n for n, row in enumerate(found) if row.behind_a_gap), len(found))
    return found[:first]


def _overtook(early: Waiting, late: Waiting) -> bool:
    """Whether the first of these was written after the second."""
    return (
        early.conversation_id == late.conversation_id
        and early.update_id is not None
        and late.update_id is not None
        and 0 < early.update_id - late.update_id <= GAP_MOST
        and late.received_at - early.received_at <= GAP_WAIT
    )


def _payload(
    secrets: Keys, subject_id: UUID | None, wrapped: bytes | None, sealed: bytes, conversation_id: UUID | None
) -> dict[str, Any]:
    """One spoilt row, or one spoilt key, must not hold up all others."""
    try:
        found = opened(secrets, subject_id, wrapped, sealed, conversation_id)
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def opened(
    secrets: Keys, subject_id: UUID | None, wrapped: bytes | None, sealed: bytes, conversation_id: UUID | None
) -> Any:
    """A payload as it was sealed. Raises ValueError."""
    key = secrets.system_key if subject_id is None else secrets.keyring.unwrap(wrapped or b"")
    return open_json(key, sealed, where=_where(conversation_id))


_IDS = many("ids", BigInteger)
STILL_WAITING = Statement(select(inbox.c.id).where(inbox.c.id == func.any(_IDS), inbox.c.state == "waiting"))
_FINISH = Statement(update(inbox).where(inbox.c.id == func.any(_IDS)).values(state="done", done_at=bindparam("at")))


async def still_waiting(connection: AsyncConnection, ids: Sequence[int]) -> set[int]:
    """Of the rows peeked at, those that nobody has handled since. Called with their subjects locked."""
    (rows,) = await ask(connection, STILL_WAITING(ids=ids))
    return {row.id for row in rows}


async def finish(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """These rows are handled."""
    await tell(connection, _FINISH(ids=ids, at=now))


async def wipe(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """The words of these handled rows are kept by nobody but the letter that they are."""
    if ids:
        await connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(payload_enc=b""))


async def park(connection: AsyncConnection, ids: Sequence[int], until: datetime) -> None:
    """These rows are looked at again later, so that they do not stand in front of others."""
    await connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(ready_at=until))


async def count_attempt(database: Database, ids: Sequence[int], error: str) -> None:
    """Write down, before a risky rerun, that it is tried once more."""
    async with database.begin() as connection:
        await connection.execute(
            update(inbox).where(inbox.c.id.in_(ids)).values(attempts=inbox.c.attempts + 1, error=error)
        )


async def uncount_attempt(database: Database, ids: Sequence[int], error: str) -> None:
    """It was outlived: what `count_attempt` wrote is taken back."""
    async with database.begin() as connection:
        await connection.execute(
            update(inbox)
            .where(inbox.c.id.in_(ids))
            .values(attempts=inbox.c.attempts - 1, error=func.nullif(inbox.c.error, error))
        )


async def set_aside(connection: AsyncConnection, ids: Sequence[int], now: datetime, error: str) -> None:
    """Quarantine rows: a human looks at them, the conversation goes on."""
    await connection.execute(
        update(inbox).where(inbox.c.id.in_(ids)).values(state="quarantined", done_at=now, error=error)
    )
