"""Which cases a request is about, as far as the reader may find them; and the filters of the register.

Law: a case that may not be found is not named, not counted and not told apart from none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import disclosed
from bot.store.disclosed import Disclosure
from bot.store.exception_tables import ASKERS, OUTCOMES, WANTS
from bot.store.keys import Keys
from bot.store.tables import cases, conversations, requests
from desk.views.scope import Place, Scope

OPEN = "open"
COLUMNS = (*OUTCOMES, OPEN)  # of the table of a year
FILTERS: Mapping[str, tuple[str, ...]] = {"asker": ASKERS, "wants": WANTS, "outcome": (OPEN, *OUTCOMES)}


async def about(
    connection: AsyncConnection, secrets: Keys, scope: Scope, request_id: UUID
) -> list[tuple[Place, Disclosure]]:
    """The cases that somebody said a request is about, with what was said of each."""
    found = []
    for case_id, disclosure in await disclosed.of_request(connection, secrets, request_id):
        row = (
            await connection.execute(
                select(cases.c.reference)
                .select_from(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id))
                .where(cases.c.id == case_id, scope.where("find"))
            )
        ).first()
        place = await scope.of_case(connection, row.reference) if row else None
        if place is not None:
            found.append((place, disclosure))
    return found


def chosen(asked: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """The filters of the register as conditions."""
    where: list[ColumnElement[bool]] = []
    for name in ("asker", "wants"):
        if asked[name]:
            where.append(requests.c[name] == asked[name])
    if asked["outcome"] == OPEN:
        where.append(requests.c.outcome.is_(None))
    elif asked["outcome"]:
        where.append(requests.c.outcome == asked["outcome"])
    return where


def year_table(counted: Iterable[tuple[str, str, str | None, int]]) -> list[tuple[str, list[int]]]:
    """(who asked; "" for all, [all, each outcome, open]) of a year, those who never asked left out."""
    rows: dict[str, dict[str, int]] = {}
    for asker, _, outcome, n in counted:
        for name in (asker, ""):
            row = rows.setdefault(name, {})
            row[outcome or OPEN] = row.get(outcome or OPEN, 0) + n
    return [
        (name, [sum(rows[name].values()), *(rows[name].get(column, 0) for column in COLUMNS)])
        for name in (*ASKERS, "")
        if name in rows
    ]
