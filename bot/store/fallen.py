"""Lines that nobody understood, after what may tell of somebody was taken out (`bot/nlu/unnamed.py`), and their labels.

Law: nothing here leads to a person; rows are added by turns, and gone 90 days later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, delete, exists, func, select, true
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import heard_lines, line_labels, users

COUNTED = 999  # so far lines are counted
DROP = "drop"  # in place of a label: it is deleted, for it tells of somebody or teaches nothing


@dataclass(frozen=True, slots=True)
class Fallen:
    """Equal lines of one guessed language. `label` is empty until somebody said what it means."""

    line: str
    language: str
    times: int
    last: date
    intents: tuple[str, ...]  # what was guessed, most often first
    why: tuple[str, ...]
    label: str = ""
    label_language: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A line with its meaning."""

    line: str
    language: str
    label: str


def row(line: str, *, language: str, intent: str, why: str, now: datetime) -> dict[str, Any]:
    """A row of a turn. A random id: one by time would lead back to the minute."""
    return {"id": uuid4(), "day": now.date(), "language": language, "line": line, "intent": intent, "why": why}


def _chosen(labelled: bool | None, language: str | None) -> Any:
    """Lines of one state and guessed language; None: of any."""
    lines, labels = heard_lines.c, line_labels.c
    said = exists().where(labels.line == lines.line, labels.heard_in == lines.language)
    wanted = [] if labelled is None else [said if labelled else ~said]
    return and_(true(), *wanted, *([] if language is None else [lines.language == language]))


async def count(connection: AsyncConnection, *, labelled: bool, language: str | None = None) -> int:
    """How many different lines there are, counted to COUNTED and one more."""
    lines = heard_lines.c
    each = select(lines.line, lines.language).where(_chosen(labelled, language)).distinct().limit(COUNTED + 1)
    return int((await connection.execute(select(func.count()).select_from(each.subquery()))).scalar_one())


def told(total: int) -> str:
    """A count as it is read: `999+` for more than are counted."""
    return f"{COUNTED}+" if total > COUNTED else str(total)


async def languages(connection: AsyncConnection) -> Sequence[str]:
    """Languages of which something is labelled."""
    rows = await connection.execute(select(line_labels.c.language).distinct().order_by(line_labels.c.language))
    return [row.language for row in rows]


async def fallen(
    connection: AsyncConnection, *, labelled: bool | None = None, language: str | None = None, most: int | None = None
) -> Sequence[Fallen]:
    """Lines by how often they came, then the newest; without `most` all of them."""
    lines, labels = heard_lines.c, line_labels.c
    times = func.count().label("times")
    last = func.max(lines.day).label("last")
    grouped = (
        select(
            lines.line,
            lines.language,
            times,
            last,
            func.array_agg(lines.intent).label("intents"),
            func.array_agg(func.distinct(lines.why)).label("why"),
        )
        .where(_chosen(labelled, language))
        .group_by(lines.line, lines.language)
        .order_by(times.desc(), last.desc(), lines.line)
        .limit(most)
        .subquery()
    )
    rows = await connection.execute(
        select(grouped, labels.label, labels.language.label("label_language"), users.c.name)
        .outerjoin(line_labels, (labels.line == grouped.c.line) & (labels.heard_in == grouped.c.language))
        .outerjoin(users, users.c.id == labels.user_id)
        .order_by(grouped.c.times.desc(), grouped.c.last.desc(), grouped.c.line)
    )
    return [
        Fallen(
            r.line,
            r.language,
            r.times,
            r.last,
            tuple(sorted(set(r.intents), key=lambda name: (-r.intents.count(name), name))),
            tuple(sorted(r.why)),
            r.label or "",
            r.label_language or "",
            r.name or "",
        )
        for r in rows
    ]


async def label(
    connection: AsyncConnection, *, line: str, heard_in: str, language: str, label: str, user_id: UUID, now: datetime
) -> bool:
    """Say what a line means; again changes it; DROP deletes it. False when there is no such line (any more)."""
    equal = (heard_lines.c.line == line) & (heard_lines.c.language == heard_in)
    if (await connection.execute(select(heard_lines.c.id).where(equal).limit(1))).first() is None:
        return False
    if label == DROP:
        await connection.execute(delete(heard_lines).where(equal))
        old = (line_labels.c.line == line) & (line_labels.c.heard_in == heard_in)
        await connection.execute(delete(line_labels).where(old))
        return True
    said = {"language": language, "label": label, "user_id": user_id, "labelled_at": now}
    await connection.execute(
        pg_insert(line_labels)
        .values(id=uuid7(), line=line, heard_in=heard_in, **said)
        .on_conflict_do_update(index_elements=["line", "heard_in"], set_=said)
    )
    return True


async def labelled(connection: AsyncConnection) -> Sequence[Label]:
    """What was labelled, by language, label and line."""
    labels = line_labels.c
    rows = await connection.execute(
        select(labels.line, labels.language, labels.label)
        .distinct()
        .order_by(labels.language, labels.label, labels.line)
    )
    return [Label(*r) for r in rows]
