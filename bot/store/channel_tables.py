"""The tables of the channels: our accounts and their budgets, texts that providers keep for us, files of people.

Law: as in `tables.py`. Accounts and contents are nobody's; a file belongs to a subject, and its key is sealed under
hers, so that it is gone with her.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.types import LargeBinary

from bot.store.columns import at, created, identity, metadata, one_of, subject

MEDIA_STATES = ("waiting", "stored", "refused", "gone")
APPROVALS = ("none", "submitted", "approved", "rejected")

channel_accounts = Table(
    "channel_accounts",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    at("next_send_at"),
    Column("per_second", Float, nullable=False, server_default=text("10")),
    Column("spent_on", Date),  # UTC day that `spent` counts
    Column("spent", Integer, nullable=False, server_default=text("0")),  # messages of the bot on that day
    Column("most_a_day", Integer),  # the spend breaker: more of the bot's own wait until tomorrow; NULL = no limit
)

# What broadcasts send by an account (lane.py). Rows of its own: a claim of theirs locks none that a reply needs.
channel_lanes = Table(
    "channel_lanes",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    at("next_send_at"),
    Column("spent_on", Date),  # UTC day that `spent` counts
    Column("spent", Integer, nullable=False, server_default=text("0")),
)

# SMS that left, by month (its first day, UTC) and country of the phone: what they cost.
sms_spent = Table(
    "sms_spent",
    metadata,
    Column("month", Date, primary_key=True),
    Column("country", Text, primary_key=True),
    Column("messages", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
)

# What `saathi twilio provision` made at Twilio. A `language` of '' serves every language (menus of variables only).
contents = Table(
    "contents",
    metadata,
    identity(),
    Column("account", Text, nullable=False),  # the provider's account, not a sender
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("sid", Text, nullable=False),
    Column("made_from", Text, nullable=False),  # hash of the words: changed words are another content
    Column("approval", Text, nullable=False, server_default=text("'none'")),
    Column("reason", Text),  # why it was rejected, as a code
    at("checked_at"),
    created(),
    one_of("approval", APPROVALS),
    UniqueConstraint("account", "name", "language"),
)

media = Table(
    "media",
    metadata,
    identity(),
    subject(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),  # image, audio, video, document, sticker
    Column("ref_enc", LargeBinary, nullable=False),  # the provider's address or file id
    Column("key_enc", LargeBinary),  # of the file on the disk
    Column("name", Text),  # of the file on the disk: drawn at random
    Column("content_type", Text),  # as sniffed, never as told
    Column("size", Integer),
    Column("sha256_enc", LargeBinary),  # of the file as it arrived: sealed, since a hash may tell which file it is
    Column("thumbnail_enc", LargeBinary),
    Column("transcript", Text, nullable=False, server_default=text("'none'")),  # none, unverified
    Column("transcript_enc", LargeBinary),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("reason", Text),  # why it was refused, a code
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    at("next_at", required=True),
    at("lease_until"),
    at("received_at", required=True),
    one_of("state", MEDIA_STATES),
    Index("ix_media_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_media_subject_id", "subject_id"),
    Index("ix_media_message_id", "message_id"),
    Index("ix_media_conversation_id", "conversation_id", "received_at"),
)
