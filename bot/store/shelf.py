"""The shelf of a turn: the records of one person, and what may be asked of others' by a code.

Law: nothing is read before it is asked for. Rows of others are copies and say no more than their kind allows; what is
changed or added is written by `saving.save` with the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import licences as recruiters
from bot.store.filing import KINDS, from_row, has_code
from bot.store.keys import Keys
from bot.store.records import Licence
from bot.store.rows import Conversation
from bot.store.shelved import Coded, Owned, Record, completed
from bot.store.subject import Subject
from bot.store.tables import cases, keys, volunteer_links, volunteers
from bot.store.volunteer_records import VolunteerLink
from bot.vault.lookup import code_form

Mine = TypeVar("Mine", bound=Owned)
Found = TypeVar("Found", bound=Coded)
Added = TypeVar("Added", bound=Record)


class Shelf:
    """Implements the port of `handlers/context.py`, in the transaction of a locked subject."""

    def __init__(
        self,
        connection: AsyncConnection,
        secrets: Keys,
        subject: Subject,
        *,
        conversation_id: UUID,
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> None:
        self._connection = connection
        self._secrets = secrets
        self._subject = subject
        self._conversation_id = conversation_id
        self._now = now
        self._new_id = new_id

    async def mine(self, kind: type[Mine]) -> list[Mine]:
        """Her rows, oldest first; read once in a batch. LookupError for a kind that is nobody's."""
        known = self._subject.drawers.get(kind)
        if known is not None:
            return list(known)
        where = KINDS[kind]
        rows = await self._connection.execute(
            select(where.table).where(where.of(self._subject.id)).order_by(where.table.c[where.at], where.table.c.id)
        )
        read = [from_row(kind, row, self._subject.key) for row in rows]
        return list(self._subject.drawers.put(kind, read, self._subject.id))

    def add(self, row: Added) -> Added:
        """A new row. ValueError for one of somebody else, or without the code that its kind needs."""
        completed(
            row, owner=self._subject.id, conversation_id=self._conversation_id, now=self._now, new_id=self._new_id
        )
        if not has_code(row):
            raise ValueError(f"a {type(row).__name__} without a code")
        self._subject.drawers.add(row, self._subject.id)
        return row

    async def by_code(self, kind: type[Found], digits: str) -> Found | None:
        """Anybody's, as a copy. Her own as this turn left it."""
        code, where = code_form(digits), KINDS[kind]
        if not code:
            return None
        table = where.table
        query = select(table).where(table.c.lookup == self._secrets.code(table.name, code))
        if where.owned:  # somebody whose key is gone was erased: her codes are nobody's
            query = query.where(exists(select(keys.c.id).where(keys.c.subject_id == table.c.subject_id)))
        row = (await self._connection.execute(query)).first()
        known = self._known(kind, code)
        if known is not None or row is None:
            return deepcopy(known)
        return from_row(kind, row, None if where.owned else self._secrets.system_key, code)

    def _known(self, kind: type[Found], code: str) -> Found | None:
        field, drawers = KINDS[kind].code, self._subject.drawers
        rows = [*(drawers.get(kind) or ()), *drawers.added(kind)]
        return next((row for row in rows if code_form(getattr(row, field) or "") == code), None)

    async def recent(self, kind: type[Owned], since: datetime, **same: str) -> tuple[int, int]:
        """(hers, everybody's), of those whose fields are the `same`."""
        where = KINDS[kind]
        mine: ColumnElement[bool] = where.table.c.subject_id == self._subject.id
        row = (
            await self._connection.execute(
                select(func.count().filter(mine), func.count()).where(
                    where.table.c[where.at] >= since, *[where.table.c[name] == value for name, value in same.items()]
                )
            )
        ).one()
        new = [
            r
            for r in self._subject.drawers.added(kind)
            if cast(datetime, getattr(r, where.at)) >= since and all(getattr(r, n) == v for n, v in same.items())
        ]
        return row[0] + sum(r.owner == self._subject.id for r in new), row[1] + len(new)

    async def licences(self, country: str, name_or_number: str) -> list[Licence]:
        """From the operator's list."""
        return await recruiters.find(self._connection, country, name_or_number)

    async def licences_of(self, country: str) -> datetime | None:
        """How new the operator's list is."""
        return await recruiters.newest(self._connection, country)

    async def may_join(self, volunteer_id: UUID) -> bool:
        """A volunteer who has not ended, and whom no phone has joined yet."""
        taken = exists(select(volunteer_links.c.id).where(volunteer_links.c.volunteer_id == volunteer_id))
        here = any(row.volunteer_id == volunteer_id for row in self._subject.drawers.added(VolunteerLink))
        query = select(volunteers.c.id).where(volunteers.c.id == volunteer_id, volunteers.c.state != "ended", ~taken)
        return not here and (await self._connection.execute(query)).first() is not None

    async def case_is_open(self, case_id: UUID) -> bool:
        """Anybody's."""
        for case in self._subject.cases:
            if case.id == case_id:
                return case.closed_at is None
        query = select(cases.c.id).where(cases.c.id == case_id, cases.c.closed_at.is_(None))
        return (await self._connection.execute(query)).first() is not None


def shelves(
    connection: AsyncConnection, secrets: Keys, now: datetime, new_id: Callable[[], UUID]
) -> Callable[[Subject, Conversation], Shelf]:
    """What makes the shelf of each turn of a batch."""

    def shelf(subject: Subject, conversation: Conversation) -> Shelf:
        return Shelf(connection, secrets, subject, conversation_id=conversation.id, now=now, new_id=new_id)

    return shelf
