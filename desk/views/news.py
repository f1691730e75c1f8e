"""What a colleague must know at once besides the queue: glass that was opened, cases that another organisation offers.

Law: counts of what its own page would show, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.views import glass, transfers
from desk.views.scope import Scope


@dataclass(frozen=True, slots=True)
class News:
    """`glass`: openings to look at; `offers`: cases that wait for a yes or no of ours."""

    glass: int
    offers: int
    version: str


async def news(connection: AsyncConnection, scope: Scope) -> News:
    """For the first page of the desk."""

    def may(page: str) -> bool:
        return scope.permissions.may_page(scope.user.role, page)

    opened = await glass.waiting(connection, scope) if may("glass_list") else 0
    offers = await transfers.waiting(connection, scope) if may("transfers") else 0
    return News(opened, offers, f"{opened}.{offers}")
