"""What the page of an intake asks: whether a number was here before, as far as who types may find it.

Law: a yes or no, and nothing of what was found; filtered by `Scope` as every search.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys
from desk.views import search
from desk.views.scope import Scope


async def was_here(connection: AsyncConnection, secrets: Keys, scope: Scope, number: str) -> bool:
    """Whether there is a case or a conversation with this number (E.164) that may be found."""
    return bool(await search.find(connection, secrets, scope, number))
