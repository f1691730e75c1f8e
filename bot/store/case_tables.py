"""The tables of cases: who is in them, what happened, what waits for a human, by which words they are found.

Law: as in `tables.py`. The codes of an event are never words; a notice holds ids and codes only.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.columns import at, created, identity, metadata, one_of, subject

SEVERITIES = ("critical", "high", "medium", "low")
CARES = ("child", "self_harm")

# What orders open cases: gravity, then by when the first answer is due. Spelled as `ix_cases_queue` has it, with the
# lines that PostgreSQL prints: they are compared with the database's.
_GRADES = "\n".join(f"WHEN '{severity}' THEN {rank}" for rank, severity in enumerate(SEVERITIES))
_RANK = f"\nCASE severity\n{_GRADES}\nELSE NULL\nEND"
_FIRST_DUE = "\nCASE\nWHEN answered_at IS NULL THEN answer_due_at\nELSE NULL\nEND"
_DUE = f"COALESCE({_FIRST_DUE}, '9999-01-01 00:00:00+00'::timestamptz)"
QUEUE_RANK: ColumnElement[int] = literal_column(_RANK.replace("severity", "cases.severity"), Integer)
QUEUE_DUE: ColumnElement[datetime] = literal_column(_DUE.replace("answer", "cases.answer"), DateTime(timezone=True))

cases = Table(
    "cases",
    metadata,
    identity(),
    subject(),
    Column("reference", Text, nullable=False, unique=True),
    Column("organisation_id", Uuid, ForeignKey("organisations.id")),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="SET NULL")),
    Column("linked_case_id", Uuid, ForeignKey("cases.id", ondelete="SET NULL")),
    Column("draft", Boolean, nullable=False, server_default=text("false")),  # a report beside an open case
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("care", Text),  # child, self_harm: for whom the desk's permissions differ
    Column("stage", Text, nullable=False),
    Column("country", Text),
    Column("assigned_to", Uuid, ForeignKey("users.id")),
    Column("facts_enc", LargeBinary),
    at("cleared_at"),  # without consent: since then only codes are left in the facts
    at("opened_at", required=True),
    at("answer_due_at"),
    at("answered_at"),
    at("closed_at"),
    Column("outcome", Text),
    Column("legal_hold", Boolean, nullable=False, server_default=text("false")),
    one_of("severity", SEVERITIES),
    one_of("care", CARES),
    Index("ix_cases_subject_id", "subject_id"),
    Index("ix_cases_linked_case_id", "linked_case_id", postgresql_where=text("linked_case_id IS NOT NULL")),
    Index("ix_cases_held", "id", postgresql_where=text("legal_hold IS TRUE")),
    Index("ix_cases_conversation_id", "conversation_id"),
    Index("ix_cases_assigned_to", "assigned_to", postgresql_where=text("assigned_to IS NOT NULL")),
    Index("ix_cases_open", "severity", "opened_at", postgresql_where=text("closed_at IS NULL")),
    Index(
        "ix_cases_queue",
        "organisation_id",
        text(f"({_RANK})"),
        text(f"({_DUE})"),
        "opened_at",
        "id",
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_cases_since", "opened_at", postgresql_where=text("closed_at IS NULL")),
    Index("ix_cases_due", "answer_due_at", postgresql_where=text("closed_at IS NULL AND answered_at IS NULL")),
    Index("ix_cases_present", "id", postgresql_where=text("closed_at IS NULL OR care IS NOT NULL OR draft")),
    Index("ix_cases_opened_at", "opened_at"),
    Index("ix_cases_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    Index("ix_cases_care", "care", postgresql_where=text("care IS NOT NULL AND closed_at IS NULL")),
)

case_people = Table(
    "case_people",
    metadata,
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("contact_id", Uuid, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    subject(),
    Column("role", Text, nullable=False),  # worker, reporter, family
    created(),
    Index("ix_case_people_contact_id", "contact_id"),
    Index("ix_case_people_subject_id", "subject_id"),
)

case_events = Table(
    "case_events",
    metadata,
    identity(),
    subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),  # person, bot, system, staff
    Column("user_id", Uuid),
    Column("codes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),  # codes only, never words
    Column("note_enc", LargeBinary),
    at("happened_at", required=True),
    Index("ix_case_events_case_id", "case_id", "happened_at"),
    Index("ix_case_events_subject_id", "subject_id"),
    Index("ix_case_events_reopened", "case_id", "happened_at", postgresql_where=text("kind = 'reopened'")),
)

# What waits for a human: pages and queue entries. Not personal: ids and codes.
notices = Table(
    "notices",
    metadata,
    identity(),
    subject(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE")),
    Column("audience", Text, nullable=False),  # page, queue
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    at("raised_at", required=True),
    at("taken_at"),
    Column("taken_by", Uuid, ForeignKey("users.id")),
    at("due_at"),  # by when it should be answered
    at("lowered_at"),  # a page that became a line of the list: she says that she is fine
    at("red_at"),  # everybody was called and nobody came
    Column("called", SmallInteger, nullable=False, server_default=text("0")),  # steps of the ladder that were taken
    at("called_at"),
    Column("offered_to", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("offer", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # why this one: codes
    Index("ix_notices_open", "severity", "raised_at", postgresql_where=text("taken_at IS NULL")),
    Index("ix_notices_conversation_id", "conversation_id"),
    Index("ix_notices_subject_id", "subject_id"),
    Index("ix_notices_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
    Index("ix_notices_waiting", "id", postgresql_where=text("taken_at IS NULL AND red_at IS NULL")),
    Index("ix_notices_subject_open", "subject_id", postgresql_where=text("taken_at IS NULL")),
)

search_tokens = Table(
    "search_tokens",
    metadata,
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    subject(),
    Index("ix_search_tokens_token", "token", "field", "case_id"),
    Index("ix_search_tokens_subject_id", "subject_id"),
)
