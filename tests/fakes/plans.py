"""How PostgreSQL would answer the statements that were really asked: which large tables are read from end to end.

Law: nothing is forced; the planner decides with the counts that it has, as in production.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bot.store.database import Connection, Database
from tests.fakes.statements import Asked

LARGE = 3000  # rows: below that reading all of them is as good as an index
_ASKS = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")


class Whole(NamedTuple):
    """One statement that reads a large table from its first row to its last."""

    doing: str
    table: str
    rows: int
    statement: str


async def sizes(connection: Connection) -> dict[str, int]:
    """Rows of each table, as the planner thinks."""
    found = await connection.exec_driver_sql(
        "SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {row.relname: int(row.reltuples) for row in found}


def distinct(asked: Iterable[Asked]) -> dict[str, Any]:
    """Each statement once, with the values it was asked with last."""
    found = {}
    for statement, parameters, many in asked:
        if statement.lstrip().upper().startswith(_ASKS) and "procrastinate" not in statement:
            found[statement] = parameters[0] if many else parameters
    return found


async def read_whole(database: Database, doing: str, asked: Iterable[Asked]) -> list[Whole]:
    """What these statements read as a whole."""
    found = []
    async with database.engine.connect() as connection:
        rows = await sizes(connection)
        for statement, parameters in distinct(asked).items():
            answer = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            plan = answer.scalar_one()[0]["Plan"]
            found += [Whole(doing, table, rows[table], statement) for table in _scanned(plan, rows)]
        await connection.rollback()
    return found


def _scanned(plan: Mapping[str, Any], rows: Mapping[str, int]) -> Iterator[str]:
    table = plan.get("Relation Name", "")
    if plan["Node Type"].endswith("Seq Scan") and rows.get(table, 0) >= LARGE:
        yield table
    for part in plan.get("Plans", ()):
        yield from _scanned(part, rows)


async def read_of(database: Database, asked: Iterable[Asked]) -> int:
    """Rows of tables that these statements read while they run, those that are thrown away too. Nothing of what they
    do stays."""
    rows = 0
    async with database.engine.connect() as connection:
        for statement, parameters in distinct(asked).items():
            answer = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            rows += _read(answer.scalar_one()[0]["Plan"])
            await connection.rollback()
    return rows


def _read(plan: Mapping[str, Any]) -> int:
    """A bitmap's rows are counted where they are fetched from the index, too."""
    thrown = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    mine = round((plan["Actual Rows"] + thrown) * plan["Actual Loops"]) if plan["Node Type"].endswith("Scan") else 0
    return mine + sum(_read(part) for part in plan.get("Plans", ()))
