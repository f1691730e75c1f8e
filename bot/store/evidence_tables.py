"""The tables of evidence and of care: what colleagues write beside a file; talks after hard cases.

Law: as in `tables.py`. What is written about a file is sealed under the person's key and goes with her; a debrief is a
colleague's own: it says that there was a hard case, and neither which nor whose.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid, text

from bot.store.columns import at, identity, metadata, one_of, subject

# What one may see or hear in a file, as a note for who opens it next.
ABOUT = ("papers", "place", "people", "injury", "violence", "sexual", "death", "other")
HARD = ("child", "self_harm", "death", "critical")  # why a case was hard, the first that fits

evidence = Table(
    "evidence",
    metadata,
    identity(),  # of the file (media), or of the message that holds a place
    subject(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="SET NULL")),  # by which its words are found
    Column("about", Text),
    Column("label_enc", LargeBinary),
    Column("proves_enc", LargeBinary),
    Column("transcript_enc", LargeBinary),  # typed by a colleague who listened
    Column("important", Boolean, nullable=False, server_default=text("false")),
    Column("changed_by", Uuid, ForeignKey("users.id")),
    at("changed_at", required=True),
    Index("ix_evidence_subject_id", "subject_id"),
    Index("ix_evidence_conversation_id", "conversation_id"),
    Index("ix_evidence_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
)

debriefs = Table(
    "debriefs",
    metadata,
    identity(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("with_user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("why", Text, nullable=False),
    at("raised_at", required=True),
    at("due_at", required=True),
    at("done_at"),
    one_of("why", HARD),
    Index("ix_debriefs_open", "user_id", unique=True, postgresql_where=text("done_at IS NULL")),
    Index("ix_debriefs_with_user_id", "with_user_id"),
)
