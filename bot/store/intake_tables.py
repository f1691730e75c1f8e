"""The tables of what colleagues type up: a draft, what became a case, and sheets of paper that were printed.

Law: as in `tables.py`. A draft belongs to no person yet: it is sealed under the service's key and gone after a week. A
sheet says nothing of anybody: a number, a language, and whether it was typed in.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Table, Text, Uuid

from bot.store.columns import at, identity, metadata, subject

# One of each colleague. Its id goes into the form and into `intakes`: what is sent twice makes one case.
intake_drafts = Table(
    "intake_drafts",
    metadata,
    identity(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("body_enc", LargeBinary, nullable=False),
    at("changed_at", required=True),
)

intakes = Table(
    "intakes",
    metadata,
    identity(),
    subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    at("made_at", required=True),
    Index("ix_intakes_subject_id", "subject_id"),
    Index("ix_intakes_case_id", "case_id"),
)

paper_sheets = Table(
    "paper_sheets",
    metadata,
    Column("serial", BigInteger, Identity(always=True), primary_key=True),
    Column("language", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    at("printed_at", required=True),
    at("typed_at"),
)
