"""Two colleagues agree that two cases are of one person, after questions that she answered.

Law: who says it does not agree to it. Agreeing joins them in the same transaction (`merge.py`), with both people
locked, so that of two who agree at once one does it. Names that are alike are no reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import merge, turns
from bot.store.keys import Keys
from bot.store.tables import cases, merge_asks

ASKED, AGREED, DECLINED, WITHDRAWN = "asked", "agreed", "declined", "withdrawn"


async def ask(
    connection: AsyncConnection,
    case_id: UUID,
    other: UUID,
    *,
    reasons: Sequence[str],
    user_id: UUID,
    now: datetime,
) -> bool:
    """Say it, with what speaks for it; False when both are one person already, or it was said and is not decided."""
    subjects = {
        row.id: row.subject_id
        for row in await connection.execute(
            select(cases.c.id, cases.c.subject_id).where(cases.c.id.in_((case_id, other))).order_by(cases.c.id)
        )
    }
    if len(set(subjects.values())) < 2:
        return False
    await turns.lock(connection, set(subjects.values()), wait=True)
    pair = or_(
        and_(merge_asks.c.case_id == case_id, merge_asks.c.other_case_id == other),
        and_(merge_asks.c.case_id == other, merge_asks.c.other_case_id == case_id),
    )
    there = await connection.execute(select(merge_asks.c.id).where(pair, merge_asks.c.state == ASKED))
    if there.first() is not None:
        return False
    await connection.execute(
        insert(merge_asks).values(
            id=uuid7(),
            subject_id=subjects[case_id],
            case_id=case_id,
            other_case_id=other,
            reasons=list(reasons),
            state=ASKED,
            made_by=user_id,
            made_at=now,
        )
    )
    return True


async def agree(connection: AsyncConnection, secrets: Keys, ask_id: UUID, *, user_id: UUID, now: datetime) -> bool:
    """Another colleague agrees: they are one from now on. False when it is decided, or one's own."""
    pair = (
        await connection.execute(
            select(merge_asks.c.case_id, merge_asks.c.other_case_id).where(merge_asks.c.id == ask_id)
        )
    ).first()
    if pair is None:
        return False
    both = select(cases.c.id, cases.c.subject_id).where(cases.c.id.in_(tuple(pair)))
    subjects = {row.id: row.subject_id for row in await connection.execute(both)}
    locked = await turns.lock(connection, set(subjects.values()), wait=True)
    again = {row.id: row.subject_id for row in await connection.execute(both)}
    if len(locked) < 2 or again != subjects:
        return False
    if not await decide(connection, ask_id, AGREED, user_id=user_id, now=now):
        return False
    giver, writer = subjects[pair.case_id], subjects[pair.other_case_id]
    await merge.merge(connection, secrets, writer=writer, giver=giver, now=now, how="two_people", made_by=user_id)
    return True


async def decide(connection: AsyncConnection, ask_id: UUID, state: str, *, user_id: UUID, now: datetime) -> bool:
    """Agreed or declined by another one, withdrawn by who said it; False for everybody else and what is decided."""
    own = merge_asks.c.made_by == user_id if state == WITHDRAWN else merge_asks.c.made_by != user_id
    done = await connection.execute(
        update(merge_asks)
        .where(merge_asks.c.id == ask_id, merge_asks.c.state == ASKED, own)
        .values(state=state, decided_by=user_id, decided_at=now)
    )
    return bool(done.rowcount)
