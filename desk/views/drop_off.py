"""Where conversations with the bot end: numbers of questions, from `flow_counts`. They are of nobody.

Law: these are everybody's, also of who never opened a case, so numbers under five are not shown at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import flow_counts
from desk.figures import Asked


@dataclass(frozen=True, slots=True)
class Step:
    """How often a question was asked, asked again because the answer fitted nothing, and how often nothing came."""

    step: str
    asked: int
    again: int
    left: int


def _where(asked: Asked) -> list[Any]:
    wanted: list[Any] = [flow_counts.c.day >= asked.first, flow_counts.c.day <= asked.last]
    for name, column in (("language", flow_counts.c.language), ("channel", flow_counts.c.channel)):
        if asked.filters.get(name):
            wanted.append(column == asked.filters[name])
    return wanted


async def flows(connection: AsyncConnection, asked: Asked) -> list[str]:
    """The flows of which something was counted, those that were met most first."""
    n = func.sum(flow_counts.c.times)
    rows = await connection.execute(
        select(flow_counts.c.flow).where(*_where(asked)).group_by(flow_counts.c.flow).order_by(n.desc())
    )
    return [row.flow for row in rows]


async def steps(connection: AsyncConnection, asked: Asked, flow: str) -> list[Step]:
    """The questions of a flow."""
    times, result = flow_counts.c.times, flow_counts.c.result

    def of(name: str) -> Any:
        return func.coalesce(func.sum(times).filter(result == name), 0)

    rows = await connection.execute(
        select(flow_counts.c.step, func.sum(times).label("asked"), of("again").label("again"), of("left").label("left"))
        .where(*_where(asked), flow_counts.c.flow == flow)
        .group_by(flow_counts.c.step)
    )
    return [Step(row.step, int(row.asked), int(row.again), int(row.left)) for row in rows]


async def since(connection: AsyncConnection) -> datetime | None:
    """The first day of which anything was counted."""
    found: datetime | None = (await connection.execute(select(func.min(flow_counts.c.day)))).scalar_one()
    return found
