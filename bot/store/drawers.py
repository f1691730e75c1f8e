"""What one person's turns took from the shelf and put on it, until the batch is written.

Law: memory only. All turns of a batch share them, so that the second sees what the first left.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar
from uuid import UUID

from bot.store.shelved import Owned, Record

R = TypeVar("R", bound=Record)


class Drawers:
    """Records by kind: those that were read, as they were and as they are, and new ones."""

    def __init__(self) -> None:
        self._read: dict[type[Any], list[Any]] = {}
        self._before: dict[UUID, Record] = {}
        self._added: list[Record] = []

    def __bool__(self) -> bool:
        return bool(self._read or self._added)

    def get(self, kind: type[R]) -> list[R] | None:
        """Her rows of this kind, the new ones last; None when they were not read yet."""
        return self._read.get(kind)

    def put(self, kind: type[R], rows: list[R], owner: UUID) -> list[R]:
        """What was read. The new ones of hers are joined to it."""
        self._before.update({row.id: deepcopy(row) for row in rows})
        self._read[kind] = [*rows, *(row for row in self.added(kind) if _owner(row) == owner)]
        return self._read[kind]

    def add(self, row: Record, owner: UUID) -> None:
        """A new one."""
        self._added.append(row)
        if _owner(row) == owner and type(row) in self._read:
            self._read[type(row)].append(row)

    def added(self, kind: type[R]) -> list[R]:
        """New ones, of whomever."""
        return [row for row in self._added if isinstance(row, kind)]

    def changed(self, kind: type[R]) -> list[R]:
        """Read ones that differ now."""
        rows: list[R] = self._read.get(kind, [])
        return [row for row in rows if row.id in self._before and self._before[row.id] != row]


def _owner(row: Record) -> UUID | None:
    return row.owner if isinstance(row, Owned) else None
