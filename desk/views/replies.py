"""How long people wait for an answer after the first one.

Law: as in `figures.py`: only what the reader may find is counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.case_tables import SEVERITIES
from bot.store.notices import RANK
from bot.store.tables import cases, messages
from desk.figures import Asked
from desk.views.figures import chosen, joined
from desk.views.order import in_order
from desk.views.scope import Scope

BEFORE = timedelta(days=30)  # how far back an earlier answer is looked for
MOST_REPLIES = 5_000  # of the period, the newest


async def gaps(connection: AsyncConnection, scope: Scope, asked: Asked) -> list[tuple[str, datetime, datetime]]:
    """(severity, she wrote, a human answered) for each answer after the first in the period, the newest. From each
    message of a human back to the one before it: what she wrote between them was answered."""
    human, before, between = messages.alias("human"), messages.alias("before"), messages.alias("between")
    ours = [one.c.retention != "box" for one in (human, before, between)]
    rank = (
        select(func.min(case(RANK, value=cases.c.severity)))
        .select_from(joined())
        .where(*chosen(scope, asked), cases.c.conversation_id == human.c.conversation_id)
        .scalar_subquery()
    )
    prior = (
        select(before.c.received_at, before.c.id)
        .where(
            before.c.conversation_id == human.c.conversation_id,
            before.c.author == "human",
            before.c.received_at >= asked.start - BEFORE,
            before.c.received_at < asked.end,
            tuple_(before.c.received_at, before.c.id) < tuple_(human.c.received_at, human.c.id),
            ours[1],
        )
        .order_by(before.c.received_at.desc(), before.c.id.desc())
        .limit(1)
        .lateral("prior")
    )
    wrote = (
        select(func.min(between.c.received_at).label("at"))
        .where(
            between.c.conversation_id == human.c.conversation_id,
            between.c.author == "person",
            between.c.received_at >= asked.start - BEFORE,
            between.c.received_at < asked.end,
            tuple_(between.c.received_at, between.c.id) > tuple_(prior.c.received_at, prior.c.id),
            tuple_(between.c.received_at, between.c.id) < tuple_(human.c.received_at, human.c.id),
            ours[2],
        )
        .lateral("wrote")
    )
    answers = (
        select(human.c.conversation_id, wrote.c.at.label("wrote"), human.c.received_at.label("replied"))
        .select_from(human.join(prior, true()).join(wrote, wrote.c.at < human.c.received_at))
        .where(human.c.author == "human", human.c.received_at >= asked.start, human.c.received_at < asked.end, ours[0])
    )
    ranked = answers.add_columns(rank.label("rank")).subquery("ranked")
    newest = (
        select(ranked.c.rank, ranked.c.wrote, ranked.c.replied)
        .where(ranked.c.rank.is_not(None))
        .order_by(ranked.c.replied.desc())
        .limit(MOST_REPLIES)
    )
    async with in_order(connection, when=True):  # no further back than that many
        rows = (await connection.execute(newest)).all()
    return [(SEVERITIES[row.rank], row.wrote, row.replied) for row in rows]
