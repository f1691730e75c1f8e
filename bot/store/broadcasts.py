"""Broadcasts as rows: written, agreed to by a second colleague for each language, started, stopped, counted.

Law: who wrote a text never agrees to it herself; whoever agrees names the words that she read; what is changed is
agreed to anew; nothing starts with a text that nobody else agreed to. Stopping is one statement. Counts are of nobody.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.audience import Wanted
from bot.store.short_ids import by_end
from bot.store.tables import broadcast_recipients, broadcast_texts, broadcasts, outbox

SHORT = 8  # characters of an id that colleagues type: the last ones, which are random
SENT = ("sent", "delivered", "read")
MARK = 16  # bytes: nobody finds two texts with one mark, so that another one stands there than was read


@dataclass(frozen=True, slots=True)
class Words:
    """The text of one language."""

    language: str
    words: str
    written_by: UUID
    approved_by: UUID | None

    @property
    def mark(self) -> str:
        """Stands for exactly these words: whoever agrees names it, so that she agrees to what she has read."""
        return hashlib.blake2b(self.words.encode(), digest_size=MARK).hexdigest()


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One broadcast. `counts`: people by (state, reason), while it runs and afterwards."""

    id: UUID
    name: str
    topic: str
    languages: Sequence[str]
    countries: Sequence[str]
    state: str
    days: int
    made_by: UUID
    made_at: datetime
    started_at: datetime | None
    ends_at: datetime | None
    stopped_at: datetime | None
    ended_at: datetime | None
    cursor: UUID | None
    poured_at: datetime | None
    expected: int | None
    texts: Mapping[str, Words] = field(default_factory=dict)
    counts: Mapping[tuple[str, str | None], int] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """What stands for the id on a screen."""
        return str(self.id)[-SHORT:]

    @property
    def approved(self) -> bool:
        """Whether somebody else agreed to every text that there is, and there is one."""
        return bool(self.texts) and all(text.approved_by for text in self.texts.values())

    @property
    def wanted(self) -> Wanted:
        """For whom it is."""
        return Wanted(self.topic, self.languages, self.countries, sorted(self.texts))

    def people(self, *states: str) -> int:
        """So many are in these states."""
        return sum(count for (state, _), count in self.counts.items() if state in states)

    @property
    def over(self) -> int:
        """For so many it is over, one way or the other."""
        return self.people("sent", "skipped", "failed")

    @property
    def all(self) -> int:
        """Of so many: those of the start, or those that are written down, if they are more."""
        return max(self.expected or 0, sum(self.counts.values()))


async def add(
    connection: AsyncConnection,
    *,
    name: str,
    topic: str,
    languages: Sequence[str],
    countries: Sequence[str],
    days: int,
    by: UUID,
    now: datetime,
) -> UUID:
    """A draft without a word."""
    new = uuid7()
    values = {"name": name, "topic": topic, "languages": sorted(languages), "countries": sorted(countries)}
    await connection.execute(insert(broadcasts).values(id=new, days=days, made_by=by, made_at=now, **values))
    return new


async def write(
    connection: AsyncConnection, broadcast_id: UUID, language: str, words: str, *, by: UUID, now: datetime
) -> bool:
    """The text of a language; nobody has agreed to it then. Without words it goes. False when it is no draft."""
    if await locked(connection, broadcast_id, "draft") is None:
        return False
    here = and_(broadcast_texts.c.broadcast_id == broadcast_id, broadcast_texts.c.language == language)
    if not words:
        await connection.execute(delete(broadcast_texts).where(here))
        return True
    new = {"words": words, "written_by": by, "written_at": now, "approved_by": None, "approved_at": None}
    put = pg_insert(broadcast_texts).values(broadcast_id=broadcast_id, language=language, **new)
    await connection.execute(
        put.on_conflict_do_update(
            index_elements=["broadcast_id", "language"], set_=new, where=broadcast_texts.c.words != words
        )
    )
    return True


async def approve(
    connection: AsyncConnection, broadcast_id: UUID, language: str, mark: str, *, by: UUID, now: datetime
) -> str:
    """Another colleague agrees to the words that `mark` stands for. Returns `agreed`; `changed`: other words stand
    there by now; `not_agreed`: her own, one that is not there, or no draft."""
    if await locked(connection, broadcast_id, "draft") is None:
        return "not_agreed"
    here = and_(broadcast_texts.c.broadcast_id == broadcast_id, broadcast_texts.c.language == language)
    row = (await connection.execute(select(broadcast_texts).where(here))).first()
    if row is None or row.written_by == by:
        return "not_agreed"
    if Words(language, row.words, row.written_by, None).mark != mark:
        return "changed"
    await connection.execute(update(broadcast_texts).where(here).values(approved_by=by, approved_at=now))
    return "agreed"


async def start(connection: AsyncConnection, broadcast_id: UUID, expected: int, *, by: UUID, now: datetime) -> bool:
    """A draft whose texts are all agreed to begins; one that was stopped goes on, until its old end."""
    unread = exists().where(broadcast_texts.c.broadcast_id == broadcasts.c.id, broadcast_texts.c.approved_by.is_(None))
    written = exists().where(broadcast_texts.c.broadcast_id == broadcasts.c.id)
    ends = now + broadcasts.c.days * timedelta(days=1)
    ready = or_(
        and_(broadcasts.c.state == "draft", written, ~unread),
        and_(broadcasts.c.state == "stopped", broadcasts.c.ends_at > now),
    )
    done = await connection.execute(
        update(broadcasts)
        .where(broadcasts.c.id == broadcast_id, ready)
        .values(
            state="running",
            started_by=by,
            started_at=func.coalesce(broadcasts.c.started_at, now),
            ends_at=func.coalesce(broadcasts.c.ends_at, ends),
            expected=func.coalesce(broadcasts.c.expected, expected),
            stopped_at=None,
            stopped_by=None,
        )
    )
    return bool(done.rowcount)


async def stop(connection: AsyncConnection, broadcast_id: UUID, *, by: UUID, now: datetime) -> bool:
    """Nothing more is claimed once this is committed; what a sender holds already may still leave. Also of one that is
    done, whose words wait until somebody writes: they stay where they are, and leave when it is started again."""
    done = await connection.execute(
        update(broadcasts)
        .where(
            broadcasts.c.id == broadcast_id,
            or_(broadcasts.c.state == "running", and_(broadcasts.c.state == "done", broadcasts.c.ends_at > now)),
        )
        .values(state="stopped", stopped_by=by, stopped_at=now)
    )
    return bool(done.rowcount)


async def stop_all(connection: AsyncConnection, now: datetime) -> int:
    """Every one that runs, by nobody's hand: the database came back from before, and who was told meanwhile is not
    known. Whoever starts one again decides that. Returns how many."""
    done = await connection.execute(
        update(broadcasts)
        .where(broadcasts.c.state == "running")
        .values(state="stopped", stopped_by=None, stopped_at=now)
    )
    return done.rowcount


async def drop(connection: AsyncConnection, broadcast_id: UUID) -> bool:
    """A draft that is not wanted goes, with its texts."""
    gone = delete(broadcasts).where(broadcasts.c.id == broadcast_id, broadcasts.c.state == "draft")
    return bool((await connection.execute(gone)).rowcount)


async def locked(connection: AsyncConnection, broadcast_id: UUID, state: str) -> Any:
    """The row, as long as it is in this state, else None; nobody changes it meanwhile."""
    row = await connection.execute(
        select(broadcasts.c.id, broadcasts.c.poured_at)
        .where(broadcasts.c.id == broadcast_id, broadcasts.c.state == state)
        .with_for_update()
    )
    return row.first()


# --- looking


async def by_short(connection: AsyncConnection, short: str) -> UUID | None:
    """The one whose id ends so; None when there is none, or more than one."""
    return await by_end(connection, broadcasts, short.strip(), SHORT)


async def known(connection: AsyncConnection, broadcast_id: UUID) -> Broadcast | None:
    """One, with its texts and counts."""
    row = (await connection.execute(select(broadcasts).where(broadcasts.c.id == broadcast_id))).first()
    return (await _whole(connection, [row]))[0] if row else None


async def newest(connection: AsyncConnection, most: int) -> list[Broadcast]:
    """The newest ones first, with their texts and counts."""
    rows = await connection.execute(select(broadcasts).order_by(broadcasts.c.made_at.desc()).limit(most))
    return await _whole(connection, rows.all())


async def open_ones(connection: AsyncConnection) -> list[Broadcast]:
    """Those that run or were stopped, the oldest first; without counts."""
    rows = await connection.execute(
        select(broadcasts).where(broadcasts.c.state.in_(("running", "stopped"))).order_by(broadcasts.c.id)
    )
    return await _whole(connection, rows.all(), counted=False)


async def _whole(connection: AsyncConnection, rows: Sequence[Row[Any]], *, counted: bool = True) -> list[Broadcast]:
    ids = [row.id for row in rows]
    texts: dict[UUID, dict[str, Words]] = {}
    for one in await connection.execute(select(broadcast_texts).where(broadcast_texts.c.broadcast_id.in_(ids))):
        texts.setdefault(one.broadcast_id, {})[one.language] = Words(
            one.language, one.words, one.written_by, one.approved_by
        )
    live = [row.id for row in rows if row.counts is None and row.state != "draft"] if counted else []
    found = await counts_of(connection, live)
    plain = [f for f in Broadcast.__dataclass_fields__ if f not in ("texts", "counts")]
    return [
        Broadcast(
            **{name: getattr(row, name) for name in plain},
            texts=texts.get(row.id, {}),
            counts=found.get(row.id) or _kept(row.counts),
        )
        for row in rows
    ]


def _kept(counts: Sequence[Sequence[Any]] | None) -> dict[tuple[str, str | None], int]:
    return {(state, reason): count for state, reason, count in counts or ()}


async def counts_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, Counter[tuple[str, str | None]]]:
    """By (state, reason), as it is now: of who stands in the lane what became of the row there."""
    found: dict[UUID, Counter[tuple[str, str | None]]] = {}
    if not ids:
        return found
    r, o = broadcast_recipients.c, outbox.c
    state = case((and_(r.state == "queued", o.state.in_(SENT)), "sent"), else_=r.state)
    rows = await connection.execute(
        select(r.broadcast_id, state.label("stands"), r.reason, func.count().label("people"))
        .select_from(broadcast_recipients.outerjoin(outbox, and_(r.state == "queued", o.id == r.outbox_id)))
        .where(r.broadcast_id.in_(ids))
        .group_by(r.broadcast_id, "stands", r.reason)
    )
    for row in rows:
        found.setdefault(row.broadcast_id, Counter())[row.stands, row.reason] += row.people
    return found
