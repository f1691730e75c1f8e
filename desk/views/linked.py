"""What a case has to do with: linked cases, the case beside which a draft came, family codes, one person or two.

Law: the other case of a link stands here only for who may find it; who may not sees nothing of the link either. A
family code is never shown, nor which one always says yes: all of hers stand in one list, by the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import case_links, cases, code_uses, conversations, family_codes, merge_asks, merges, users
from desk.views.scope import Place, Scope

MOST = 50


@dataclass(frozen=True, slots=True)
class Link:
    """Another case, which the reader may find."""

    id: UUID
    reference: str
    kind: str
    severity: str
    closed_at: datetime | None
    reason: str
    by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """A family code, without its digits."""

    id: UUID
    made_at: datetime
    expires_at: datetime | None
    state: str  # live, ended, expired
    times: int
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody says that another case is of the same person."""

    id: UUID
    reference: str
    kind: str
    reasons: tuple[str, ...]
    by: str
    mine: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    """Two numbers that became one person."""

    id: UUID
    how: str
    by: str | None
    made_at: datetime
    undone_at: datetime | None
    newest: bool


def _other(table: Any, place: Place) -> Any:
    return case((table.c.case_id == place.case_id, table.c.other_case_id), else_=table.c.case_id)


def _of(table: Any, place: Place) -> Any:
    return or_(table.c.case_id == place.case_id, table.c.other_case_id == place.case_id)


def _joined(table: Any, place: Place) -> Any:
    return (
        table.join(cases, cases.c.id == _other(table, place))
        .outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
        .join(users, users.c.id == table.c.made_by)
    )


async def links(connection: AsyncConnection, scope: Scope, place: Place) -> Sequence[Link]:
    """Cases that are linked with this one, as far as the reader may find them."""
    rows = await connection.execute(
        select(
            case_links.c.id,
            cases.c.reference,
            cases.c.kind,
            cases.c.severity,
            cases.c.closed_at,
            case_links.c.reason,
            users.c.name.label("by"),
            case_links.c.made_at,
        )
        .select_from(_joined(case_links, place))
        .where(_of(case_links, place), case_links.c.ended_at.is_(None), scope.where("find"))
        .order_by(case_links.c.made_at)
        .limit(MOST)
    )
    return [Link(*row) for row in rows]


async def draft(connection: AsyncConnection, scope: Scope, place: Place) -> tuple[bool, tuple[str, str, bool] | None]:
    """Whether nobody has decided yet what this report belongs to; and (reference, kind, still open) of the case beside
    which it came, for who may find that one."""
    here = select(cases.c.draft, cases.c.linked_case_id).where(cases.c.id == place.case_id)
    known = (await connection.execute(here)).first()
    if known is None or known.linked_case_id is None:
        return bool(known and known.draft), None
    row = (
        await connection.execute(
            select(cases.c.reference, cases.c.kind, cases.c.closed_at.is_(None).label("open"))
            .select_from(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id))
            .where(cases.c.id == known.linked_case_id, scope.where("find"))
        )
    ).first()
    return known.draft, (row.reference, row.kind, row.open) if row else None


async def codes(connection: AsyncConnection, scope: Scope, place: Place) -> Sequence[Code]:
    """All her family codes, the newest first: by which case they stand the one that always says yes would be known."""
    used = (
        select(code_uses.c.code_id, func.count().label("times"), func.max(code_uses.c.used_at).label("last_used"))
        .where(code_uses.c.code_id.in_(select(family_codes.c.id).where(family_codes.c.subject_id == place.subject_id)))
        .group_by(code_uses.c.code_id)
        .subquery("used")
    )
    rows = await connection.execute(
        select(family_codes, func.coalesce(used.c.times, 0).label("times"), used.c.last_used)
        .outerjoin(used, used.c.code_id == family_codes.c.id)
        .where(family_codes.c.subject_id == place.subject_id)
        .order_by(family_codes.c.made_at.desc(), family_codes.c.id)
        .limit(MOST)
    )
    return [_code(row, scope.now) for row in rows]


def _code(row: Any, now: datetime) -> Code:
    over = row.expires_at is not None and row.expires_at <= now
    state = "ended" if row.revoked_at is not None else "expired" if over else "live"
    return Code(row.id, row.made_at, row.expires_at, state, row.times, row.last_used)


async def said(connection: AsyncConnection, scope: Scope, place: Place) -> Sequence[Said]:
    """What waits for another colleague's word, where the reader may view both cases."""
    rows = await connection.execute(
        select(merge_asks, cases.c.reference, cases.c.kind, users.c.name)
        .select_from(_joined(merge_asks, place))
        .where(_of(merge_asks, place), merge_asks.c.state == "asked", scope.where("merge"))
        .order_by(merge_asks.c.made_at)
        .limit(MOST)
    )
    return [
        Said(r.id, r.reference, r.kind, tuple(r.reasons), r.name, r.made_by == scope.user.id, r.made_at) for r in rows
    ]


async def joined(connection: AsyncConnection, place: Place) -> Sequence[Joined]:
    """What was joined to this person, the newest first."""
    rows = (
        await connection.execute(
            select(merges.c.id, merges.c.how, merges.c.made_at, merges.c.undone_at, users.c.name)
            .outerjoin(users, users.c.id == merges.c.made_by)
            .where(merges.c.subject_id == place.subject_id)
            .order_by(merges.c.made_at.desc(), merges.c.id.desc())
            .limit(MOST)
        )
    ).all()
    newest = next((row.id for row in rows if row.undone_at is None), None)
    return [Joined(r.id, r.how, r.name, r.made_at, r.undone_at, r.id == newest) for r in rows]
