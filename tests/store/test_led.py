"""Whoever deletes or joins a person's rows finds them by an index: also PostgreSQL itself, when a row goes and takes
others along. No plan shows that.

Law: every foreign key to rows of people, and every `subject_id`, leads an index.
"""

from __future__ import annotations

from sqlalchemy import Table, UniqueConstraint

from bot.store.tables import metadata

# Tables of a few hundred rows at any size: what refers to them is read whole sooner than by an index.
FEW = {("tasks", "disclosure_id"), ("volunteer_codes", "volunteer_id")}


def _leads(table: Table, column: str) -> bool:
    """An index begins with it, and leaves out no row that has it."""
    firsts = [next(iter(table.primary_key.columns)).name]
    firsts += [next(iter(c.columns)).name for c in table.constraints if isinstance(c, UniqueConstraint)]
    for index in table.indexes:
        where = index.dialect_options["postgresql"]["where"]
        if where is None or str(where) == f"{column} IS NOT NULL":
            firsts.append(getattr(next(iter(index.expressions)), "name", ""))
    return column in firsts


def test_whose_a_row_is_leads_an_index() -> None:
    """`contacts` are found by their id, which is the same."""
    tables = [t for t in metadata.sorted_tables if "subject_id" in t.c and t.name != "contacts"]
    assert [t.name for t in tables if not _leads(t, "subject_id")] == []


def test_what_goes_with_a_row_of_a_person_is_found_by_an_index() -> None:
    bare = {
        (table.name, key.parent.name)
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if "subject_id" in key.column.table.c and not _leads(table, key.parent.name)
    }
    assert bare == FEW
