"""What every table is made of: the metadata with its names of constraints, and the columns that return.

Law: no table here.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, DateTime, MetaData, Uuid, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """The closed list of a text column."""
    listed = ", ".join(f"'{v}'" for v in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def identity() -> Column[object]:
    """The row's own id: a uuidv7, made by the application."""
    return Column("id", Uuid, primary_key=True)


def at(name: str, *, required: bool = False) -> Column[object]:
    """A moment, with its zone."""
    return Column(name, DateTime(timezone=True), nullable=not required)


def created() -> Column[object]:
    """When the row was made, by the database's clock."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def subject(*, required: bool = True) -> Column[object]:
    """Whose row it is: what a turn locks."""
    return Column("subject_id", Uuid, nullable=not required)
