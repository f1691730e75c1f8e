"""The tables of the desk: who works there, how they sign in, whom a case is shared with, tasks, the trail.

Law: as in `tables.py`. A session's token and a login that was tried are kept as keyed hashes only. The trail holds ids
and reason codes; the application adds to it and changes nothing in it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.columns import at, created, identity, metadata, one_of, subject

STAGES = ("code", "full")  # of a sign-in: the password was right; the code was right as well

organisations = Table(
    "organisations",
    metadata,
    identity(),
    Column("name", Text, nullable=False, unique=True),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    created(),
)

users = Table(
    "users",
    metadata,
    identity(),
    Column("organisation_id", Uuid, ForeignKey("organisations.id"), nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("totp_enc", LargeBinary),
    Column("totp_last", BigInteger),  # the step of the last code that was taken: none is taken twice
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    created(),
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    identity(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("token", LargeBinary, nullable=False, unique=True),  # keyed hash
    Column("stage", Text, nullable=False),
    Column("totp_enc", LargeBinary),  # a secret that is being enrolled, until its first code was right
    at("began_at", required=True),
    at("seen_at", required=True),
    at("revoked_at"),
    one_of("stage", STAGES),
    Index("ix_desk_sessions_user_id", "user_id"),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # keyed hash of a login or an address
    at("since", required=True),
    Column("count", Integer, nullable=False),
)

# Who else may see a case: another organisation that accepted a referral, or an interpreter for one conversation.
case_shares = Table(
    "case_shares",
    metadata,
    identity(),
    subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("organisation_id", Uuid, ForeignKey("organisations.id", ondelete="CASCADE")),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    at("consented_at", required=True),  # the person agreed to exactly this
    at("accepted_at"),
    at("ends_at"),
    at("ended_at"),
    created(),
    CheckConstraint("(organisation_id IS NULL) <> (user_id IS NULL)", name="one_receiver"),
    Index("ix_case_shares_case_id", "case_id"),
    Index("ix_case_shares_subject_id", "subject_id"),
    Index("ix_case_shares_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
    Index("ix_case_shares_organisation_id", "organisation_id", postgresql_where=text("organisation_id IS NOT NULL")),
)

tasks = Table(
    "tasks",
    metadata,
    identity(),
    subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("text_enc", LargeBinary, nullable=False),
    at("due_at", required=True),
    Column("assigned_to", Uuid, ForeignKey("users.id")),
    Column("made_by", Uuid, ForeignKey("users.id")),
    at("made_at", required=True),
    at("done_at"),
    # To tell the person what was said of her to others: ends with the telling alone (bot/store/disclosures.py).
    Column("disclosure_id", Uuid, ForeignKey("disclosures.id", ondelete="CASCADE")),
    Index("ix_tasks_case_id", "case_id"),
    Index("ix_tasks_open", "due_at", postgresql_where=text("done_at IS NULL")),
    Index("ix_tasks_subject_id", "subject_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("user_id", Uuid),
    Column("action", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("reason", Text),
    Index("ix_audit_evidence", "object_id", "received_at", postgresql_where=text("object_kind = 'evidence'")),
    Index(
        "ix_audit_directory",
        "object_id",
        postgresql_where=text("action >= 'directory.' AND action < 'directory/'"),
    ),
    postgresql_partition_by="RANGE (received_at)",
)

# The audit trail is sealed in batches: mac = HMAC(key, previous mac + the rows of the batch in order).
audit_seals = Table(
    "audit_seals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    at("sealed_at", required=True),
    at("until", required=True),
    Column("rows", Integer, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)
