"""Opened glass: what somebody may read now, and the list that those whose case it is go through.

Law: who is not told of an opening does not see it: supervisors of the organisation whose case it is, who has the case,
and who opened it. The words of a reason are read by the first of these only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_
from bot.store.tables import cases, conversations, glass_openings, keys, users
from desk.views.scope import Place, Scope

MOST = 100
_by, _reviewer = users.alias("opened_by"), users.alias("reviewed_by")


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening. `words` is empty for who does not review it."""

    id: UUID
    reference: str
    kind: str
    severity: str
    by: str
    reason: str
    words: str
    opened_at: datetime
    until: datetime
    open: bool
    mine: bool
    reviewed_at: datetime | None
    reviewed_by: str | None
    verdict: str | None
    may_review: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """What stands over a page that is read through an opening: until when, and why."""

    until: datetime
    reason: str


async def broken(connection: AsyncConnection, scope: Scope, place: Place) -> Broken | None:
    """The opening by which the reader may see a case now; None when there is none."""
    row = (
        await connection.execute(
            select(glass_openings.c.ends_at, glass_openings.c.reason)
            .where(
                glass_openings.c.case_id == place.case_id,
                glass_openings.c.user_id == scope.user.id,
                glass_openings.c.ends_at > scope.now,
                glass_openings.c.ended_at.is_(None),
            )
            .order_by(glass_openings.c.ends_at.desc())
        )
    ).first()
    return Broken(row.ends_at, row.reason) if row else None


def _theirs(scope: Scope) -> ColumnElement[bool]:
    """Openings of a case of the reader's organisation, where the reader reviews them; never one's own."""
    reviews = scope.permissions.may_page(scope.user.role, "glass_review")
    mine = glass_openings.c.user_id == scope.user.id
    return and_(scope.relations["team"], not_(mine)) if reviews else false()


def _joined() -> Any:
    return (
        glass_openings.join(cases, cases.c.id == glass_openings.c.case_id)
        .outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
        .join(_by, _by.c.id == glass_openings.c.user_id)
        .outerjoin(_reviewer, _reviewer.c.id == glass_openings.c.reviewed_by)
        .outerjoin(keys, keys.c.subject_id == cases.c.subject_id)
    )


async def openings(connection: AsyncConnection, secrets: Keys, scope: Scope) -> Sequence[Opening]:
    """What was opened of the reader's organisation, of the reader's own cases, and by the reader: what nobody has
    reviewed first."""
    theirs = _theirs(scope)
    kept = or_(scope.relations["own"], scope.relations["assigned"])
    rows = await connection.execute(
        select(
            glass_openings,
            cases.c.reference,
            cases.c.kind,
            cases.c.severity,
            keys.c.wrapped,
            _by.c.name.label("by"),
            _reviewer.c.name.label("reviewer"),
            theirs.label("theirs"),
        )
        .select_from(_joined())
        .where(or_(theirs, kept, glass_openings.c.user_id == scope.user.id))
        .order_by(glass_openings.c.reviewed_at.is_not(None), glass_openings.c.opened_at.desc())
        .limit(MOST)
    )
    return [_opening(secrets, scope, row) for row in rows]


def _opening(secrets: Keys, scope: Scope, row: Any) -> Opening:
    mine = row.user_id == scope.user.id
    return Opening(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        severity=row.severity,
        by=row.by,
        reason=row.reason,
        words=_words(secrets, row) if row.theirs or mine else "",
        opened_at=row.opened_at,
        until=row.ended_at or row.ends_at,
        open=row.ended_at is None and row.ends_at > scope.now,
        mine=mine,
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewer,
        verdict=row.verdict,
        may_review=bool(row.theirs) and row.reviewed_at is None,
    )


def _words(secrets: Keys, row: Any) -> str:
    try:
        key = secrets.keyring.unwrap(row.wrapped)
        return open_(key, row.words_enc, where=f"glass_openings.words_enc.{row.id}").decode()
    except (ValueError, TypeError):  # spoilt, or her key is gone
        return ""


async def may_review(connection: AsyncConnection, scope: Scope, opening: UUID) -> bool:
    """Whether it is the reader's to review."""
    found = await connection.execute(
        select(glass_openings.c.id).select_from(_joined()).where(glass_openings.c.id == opening, _theirs(scope))
    )
    return found.first() is not None


async def waiting(connection: AsyncConnection, scope: Scope) -> int:
    """How many openings wait for the reader's look, or are of a case that the reader has and are open now."""
    told = (  # few, and by their own index: no case is looked at for them
        await connection.execute(
            select(glass_openings.c.id, glass_openings.c.case_id).where(
                glass_openings.c.reviewed_at.is_(None), glass_openings.c.user_id != scope.user.id
            )
        )
    ).all()
    if not told:
        return 0
    ids, of = [row.id for row in told], [row.case_id for row in told]
    kept = and_(or_(scope.relations["own"], scope.relations["assigned"]), glass_openings.c.ends_at > scope.now)
    found = await connection.execute(
        select(func.count())
        .select_from(_joined())
        .where(glass_openings.c.id.in_(ids), cases.c.id.in_(of), or_(_theirs(scope), kept))
    )
    return int(found.scalar_one())
