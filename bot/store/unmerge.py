"""Two people again: what was joined wrongly is told apart by its conversations and cases, each side with its history.

Law: as in `merge.py`, both ways round. What came since the merge goes with its conversation, what a wish of either was
since then (STOP, deletion, a second word, no consent) holds for both: nobody is written to who may not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, func, insert, literal, or_, select, update
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import merge, turns
from bot.store.bulk import update_rows
from bot.store.keys import Keys, open_json
from bot.store.rows import Person
from bot.store.tables import (
    address_contacts,
    addresses,
    case_events,
    case_people,
    cases,
    code_uses,
    contacts,
    conversations,
    family_codes,
    keys,
    merges,
    metadata,
    notices,
    pages,
    search_tokens,
)
from bot.store.turns import PERSON_FIELDS
from bot.vault.keyring import new_key

CHUNK = 500  # rows that are in memory at once
STANDS = ("opted_out_at", "erase_at", "seized_at", "consent_refused_at")  # wishes of since then, for both
GIVEN = ("consent_store_at", "consent_contact_at")  # gone for both, when it was taken back since
MOMENTS = frozenset({*STANDS, *GIVEN})


async def undo(
    connection: AsyncConnection, secrets: Keys, merge_id: UUID, *, user_id: UUID, reason: str, now: datetime
) -> bool:
    """Make two of them; False when it was undone, or one of them is no more."""
    row = await _merge(connection, merge_id)
    if row is None or not await turns.lock(connection, [row.subject_id], wait=True):
        return False
    await connection.execute(
        select(conversations.c.id)
        .where(conversations.c.subject_id == row.subject_id)
        .order_by(conversations.c.id)
        .with_for_update()
    )
    again = await _merge(connection, merge_id)
    if again is None or again.subject_id != row.subject_id or await _newer(connection, again):
        return False
    stays, gone = row.subject_id, row.gone_id
    now_known = (await turns.load(connection, secrets, [stays]))[stays]
    before = open_json(now_known.key, row.before_enc, where=f"merges.before_enc.{row.id}")
    key = new_key()
    await connection.execute(
        insert(keys).values(id=uuid7(), kind="subject", subject_id=gone, wrapped=secrets.keyring.wrap(key))
    )
    one, other = (parted(who, before[name], now_known.person) for who, name in ((stays, "stayed"), (gone, "gone")))
    await connection.execute(insert(contacts).values(id=gone, subject_id=gone, simulated=other.simulated))
    await merge.write(connection, gone, key, other)
    await merge.write(connection, stays, now_known.key, one)
    mine = _Hers(row.rows, stays)
    for table in reversed(metadata.sorted_tables):  # what hangs on a case before the case
        if "subject_id" in table.c and table.name not in ("keys", "contacts"):
            await _move(connection, table, mine.of(table), now_known.key, key, gone)
    await connection.execute(
        update(conversations)
        .where(conversations.c.subject_id == gone, conversations.c.active_contact_id == stays)
        .values(active_contact_id=gone)
    )
    await connection.execute(
        update(merges).where(merges.c.id == merge_id).values(undone_at=now, undone_by=user_id, reason=reason)
    )
    await _untie(connection, (stays, gone))
    await merge.record(connection, (stays, gone), "unmerged", by=user_id, codes={"reason": reason}, now=now)
    return True


async def _merge(connection: AsyncConnection, merge_id: UUID) -> Any:
    query = select(merges).where(merges.c.id == merge_id, merges.c.undone_at.is_(None))
    return (await connection.execute(query)).first()


async def _newer(connection: AsyncConnection, row: Any) -> bool:
    """Whether somebody else was joined to her since then: what was last goes first."""
    query = select(merges.c.id).where(
        merges.c.subject_id == row.subject_id, merges.c.undone_at.is_(None), merges.c.id > row.id
    )
    return (await connection.execute(query)).first() is not None


async def _untie(connection: AsyncConnection, both: tuple[UUID, UUID]) -> None:
    """A draft of one is beside no case of the other one any more."""
    beside = cases.alias()
    other = select(beside.c.id).where(
        beside.c.id == cases.c.linked_case_id, beside.c.subject_id != cases.c.subject_id, beside.c.subject_id.in_(both)
    )
    await connection.execute(
        update(cases)
        .where(cases.c.subject_id.in_(both), cases.c.linked_case_id.is_not(None), other.exists())
        .values(linked_case_id=None, draft=False)
    )


class _Hers:
    """Which rows of the one that stayed are the other one's."""

    def __init__(self, rows: Mapping[str, list[str]], stays: UUID) -> None:
        self._rows, self._stays = rows, stays
        self._conversations = self._ids("conversations")
        self._cases = select(cases.c.id).where(
            cases.c.subject_id == stays,
            or_(cases.c.conversation_id == func.any(self._conversations), cases.c.id == func.any(self._ids("cases"))),
        )

    def _ids(self, table: str) -> Any:
        return literal([UUID(one) for one in self._rows.get(table, [])], ARRAY(UuidType))

    def of(self, table: Table) -> ColumnElement[bool]:
        """The condition for one table. Cases go by their conversation, before what is hers by name."""
        known = table.c.id == func.any(self._ids(table.name)) if "id" in table.c else None
        here: ColumnElement[bool]
        if table is address_contacts:
            here = table.c.address_id == func.any(self._ids(addresses.name))
        elif table in (case_events, case_people, search_tokens):
            here = table.c.case_id.in_(self._cases)
        elif table is pages:
            waits = select(notices.c.id).where(notices.c.conversation_id == func.any(self._conversations))
            here = table.c.notice_id.in_(waits)
        elif table is code_uses:
            codes = or_(
                family_codes.c.id == func.any(self._ids(family_codes.name)), family_codes.c.case_id.in_(self._cases)
            )
            here = table.c.code_id.in_(select(family_codes.c.id).where(codes))
        elif "conversation_id" in table.c:
            here = table.c.conversation_id == func.any(self._conversations)
        elif "case_id" in table.c:
            here = table.c.case_id.in_(self._cases)
        else:
            assert known is not None, table.name
            here = known
        by_name = known if known is not None and table.name in self._rows else None
        return and_(table.c.subject_id == self._stays, or_(here, by_name) if by_name is not None else here)


async def _move(
    connection: AsyncConnection, table: Table, which: ColumnElement[bool], old: bytes, new: bytes, gone: UUID
) -> None:
    sealed = [c.name for c in table.c if c.name.endswith("_enc")]
    while sealed:
        rows = (await connection.execute(select(table).where(which).order_by(table.c.id).limit(CHUNK))).all()
        if not rows:
            break
        news = [
            {"id": r.id, "subject_id": gone, **{c: merge.resealed(table, r, c, old, new) for c in sealed}} for r in rows
        ]
        await update_rows(connection, table, news)
    contact = {"contact_id": gone} if "contact_id" in table.c else {}
    await connection.execute(update(table).where(which).values(subject_id=gone, **contact))


def parted(who: UUID, before: Mapping[str, Any], since: Person) -> Person:
    """One of the two, as that one was known before; what was wished since then stands."""
    person = Person(who, simulated=bool(before["simulated"]))
    for name in PERSON_FIELDS:
        value = before["fields"].get(name)
        setattr(person, name, datetime.fromisoformat(value) if name in MOMENTS and value else value)
    for name in STANDS:
        setattr(person, name, getattr(since, name))
    for name in GIVEN:
        setattr(person, name, getattr(person, name) if getattr(since, name) else None)
    person.profile = dict(before["profile"])
    return person
