"""Which rows a page of the queue has: chosen by what orders them, before anything is read that is shown of them.

Law: filtered by `Scope`. A page begins after a place in the order, not after a number of rows, so that it costs the
same anywhere and nobody is passed over while others come and go. The order is the one that the page explains.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.views import rows
from desk.views.rows import EVER, KEY, bound
from desk.views.scope import Scope

PARTS = ("waiting", "mine", "others")
FILTERS = ("severity", "kind", "country", "language")
PAGE = 50  # rows of a part
COUNTED = 500  # so far a part is counted
TICK = timedelta(microseconds=1)
Key: TypeAlias = tuple[int, int, int, int, datetime, datetime, UUID]
_PLACE = re.compile(r"([01])\.([01])\.([01])\.(\d)\.(\d{1,18})\.(\d{1,18})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the queue is asked for. `part`: only this one; `after`, `before`: a place in it."""

    filters: Mapping[str, str]
    part: str = ""
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row: where it stands, and what moves when something happens in it."""

    conversation_id: UUID | None
    case_id: UUID | None
    wrote_at: datetime | None  # she wrote then, and nobody answered since
    key: Key
    moved: tuple[Any, ...]

    @property
    def place(self) -> str:
        """The place in the order, for an address."""
        *marks, due, since, which = self.key
        return ".".join([*map(str, marks), str((due - EVER) // TICK), str((since - EVER) // TICK), which.hex])


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a part. `total`: of the whole part, COUNTED + 1 for more; None on a later page."""

    name: str
    rows: Sequence[Chosen]
    total: int | None
    earlier: bool
    later: bool


def place(text: str) -> Key | None:
    """A place that an address names; None for what is none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    wrote, red, paged, rank, due, since, which = found.groups()
    try:
        return (
            int(wrote),
            int(red),
            int(paged),
            int(rank),
            EVER + int(due) * TICK,
            EVER + int(since) * TICK,
            UUID(which),
        )
    except OverflowError:
        return None


async def page(connection: AsyncConnection, scope: Scope, wish: Wish) -> list[Part]:
    """The three parts from their beginning, or one of them from a place on."""
    after, before = place(wish.after), place(wish.before)
    if wish.part not in PARTS or (after is None and before is None):
        return [await _part(connection, scope, wish.filters, name, None, back=False) for name in PARTS]
    return [await _part(connection, scope, wish.filters, wish.part, before or after, back=before is not None)]


def version(parts: Sequence[Part]) -> str:
    """Changes when anything of what these parts show does."""
    seen = [(one.name, one.total, one.later, [(row.key, row.case_id, row.moved) for row in one.rows]) for one in parts]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


async def _part(
    connection: AsyncConnection, scope: Scope, filters: Mapping[str, str], name: str, at: Key | None, *, back: bool
) -> Part:
    others = name == "others"
    most = COUNTED + 1 if at is None else PAGE + 1
    rest = None if at is None else at[3:]
    chosen = rows.others(scope, filters, rest, back=back, most=most) if others else rows.gathered(scope, filters, name)
    keyed = chosen.cte("keyed")
    key = tuple_(*[keyed.c[one] for one in KEY])
    wanted = select(keyed, select(func.count()).select_from(keyed).scalar_subquery().label("total"))
    if at is not None:
        wanted = wanted.where(key < bound(at) if back else key > bound(at))
    ordered = [keyed.c[one].desc() if back else keyed.c[one] for one in KEY]
    async with in_order(connection, when=others):
        found = (await connection.execute(wanted.order_by(*ordered).limit(PAGE + 1))).all()
    shown, more = [_chosen(row) for row in found[:PAGE]], len(found) > PAGE
    if back:
        return Part(name, shown[::-1], None, earlier=more, later=True)
    total = None if at else (found[0].total if found else 0)
    return Part(name, shown, total, earlier=at is not None, later=more)


@asynccontextmanager
async def in_order(connection: AsyncConnection, *, when: bool) -> AsyncIterator[None]:
    """Nobody can guess how many rows a permission leaves, PostgreSQL too: it is told to walk an index in its order, and
    so stops after a page, where it might read and sort all that there is."""
    if when:
        await connection.exec_driver_sql("SET LOCAL enable_sort = off")
    yield
    if when:
        await connection.exec_driver_sql("SET LOCAL enable_sort TO DEFAULT")


def _chosen(row: Any) -> Chosen:
    key = (row.wrote, row.red, row.paged, row.rank, row.due, row.since, row.which)
    return Chosen(
        row.conversation_id, row.case_id, row.wrote_at, key, (row.owner_epoch, row.last_inbound_at, row.keeper)
    )
