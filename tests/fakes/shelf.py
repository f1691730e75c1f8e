"""The shelf in memory: the port of `handlers/context.py` on lists, for the harness and for tests of handlers.

Law: says what the real one says (`tests/store/test_shelf.py` holds both to the same cases). A `SmallWorld` may be
shared by several people.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from bot.store.filing import KINDS, has_code
from bot.store.licences import LEAST, MOST, alike, name_key, number_key
from bot.store.records import CodeUse, FamilyCode, Licence
from bot.store.rows import Case
from bot.store.shelved import completed
from bot.store.volunteer_records import VolunteerLink
from bot.vault.lookup import code_form

FIRST = 0x5E1F << 64  # ids of its own, away from those of a phone


@dataclass
class SmallWorld:
    """What all people of a test have put on the shelf, their lists of cases, and the operator's licences."""

    records: list[Any] = field(default_factory=list)
    cases: list[list[Case]] = field(default_factory=list)
    licences: list[Licence] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def of(self, kind: type[Any]) -> list[Any]:
        """All records of a kind, oldest first."""
        return sorted((r for r in self.records if type(r) is kind), key=lambda r: (getattr(r, KINDS[kind].at), r.id))

    def through_json(self) -> None:
        """As the database would: what is JSON in a record comes back as JSON."""
        for record in self.records:
            for name in _names(type(record)):
                value = getattr(record, name)
                if isinstance(value, dict):
                    setattr(record, name, json.loads(json.dumps(value)))


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


class MemoryShelf:
    """One person's."""

    def __init__(
        self,
        world: SmallWorld,
        owner: UUID,
        *,
        conversation_id: UUID,
        now: datetime,
        new_id: Callable[[], UUID] | None = None,
    ) -> None:
        self.world = world
        self._owner, self._conversation_id, self._now = owner, conversation_id, now
        self._new_id = new_id or (lambda: UUID(int=FIRST + next(world.numbers)))

    async def mine(self, kind: type[Any]) -> list[Any]:
        """Hers, oldest first."""
        if not KINDS[kind].owned:
            raise LookupError(kind.__name__)
        if kind is CodeUse:  # hers are those of her codes
            codes = {c.id for c in self.world.of(FamilyCode) if c.owner == self._owner}
            return [r for r in self.world.of(kind) if r.code_id in codes]
        return [r for r in self.world.of(kind) if r.owner == self._owner]

    def add(self, row: Any) -> Any:
        """A new row."""
        completed(row, owner=self._owner, conversation_id=self._conversation_id, now=self._now, new_id=self._new_id)
        if not has_code(row):
            raise ValueError(f"a {type(row).__name__} without a code")
        self.world.records.append(row)
        return row

    async def by_code(self, kind: type[Any], digits: str) -> Any:
        """Anybody's, as a copy."""
        code = code_form(digits)
        rows = [r for r in self.world.of(kind) if code and code_form(getattr(r, KINDS[kind].code) or "") == code]
        return deepcopy(rows[0]) if rows else None

    async def recent(self, kind: type[Any], since: datetime, **same: str) -> tuple[int, int]:
        """(hers, everybody's), of those whose fields are the `same`."""
        rows = [
            r
            for r in self.world.of(kind)
            if getattr(r, KINDS[kind].at) >= since and all(getattr(r, n) == v for n, v in same.items())
        ]
        return sum(r.owner == self._owner for r in rows), len(rows)

    async def licences(self, country: str, name_or_number: str) -> list[Licence]:
        """From the list of the world."""
        number, name = number_key(name_or_number), name_key(name_or_number)
        here = sorted((r for r in self.world.licences if r.country == country), key=lambda r: name_key(r.name))
        found = [r for r in here if number and number_key(r.number) == number]
        if not found and len(name) >= LEAST:
            begun = [r for r in here if name_key(r.name).startswith(name)]
            found = begun or [r for r in here if alike(name, name_key(r.name))]
        return found[:MOST]

    async def licences_of(self, country: str) -> datetime | None:
        """How new the list is."""
        return max((r.imported_at for r in self.world.licences if r.country == country), default=None)

    async def may_join(self, volunteer_id: UUID) -> bool:
        """Nobody else has."""
        return all(link.volunteer_id != volunteer_id for link in self.world.of(VolunteerLink))

    async def case_is_open(self, case_id: UUID) -> bool:
        """Anybody's."""
        return any(c.id == case_id and c.closed_at is None for cases in self.world.cases for c in cases)
