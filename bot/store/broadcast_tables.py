"""The tables of broadcasts: who wants to hear of what, what is told to many, in which words, and how far it is.

Law: as in `tables.py`. That somebody hears of a topic is hers and goes with her; a broadcast and its words are
nobody's. A recipient stands there once, by a unique key: nobody gets the same twice, whoever died in between.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.columns import at, identity, metadata, one_of, subject

BROADCAST_STATES = ("draft", "running", "stopped", "done")
# waiting: for her hours, for silence, or until a human has ended; queued: in the lane; the others are ends.
RECIPIENT_STATES = ("waiting", "queued", "sent", "skipped", "failed")


def _user(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, Uuid, ForeignKey("users.id"), nullable=not required)


# To which topics she wants to be written, by her own word in the chat. Ends when she says so; the row stays, so that it
# is known until when it held.
subscriptions = Table(
    "subscriptions",
    metadata,
    identity(),
    subject(),
    Column("topic", Text, nullable=False),  # of knowledge/news.yml
    at("made_at", required=True),
    at("ended_at"),
    Index("ix_subscriptions_subject_id", "subject_id"),
    Index("ix_subscriptions_topic", "topic", "subject_id", postgresql_where=text("ended_at IS NULL")),
)

broadcasts = Table(
    "broadcasts",
    metadata,
    identity(),
    Column("name", Text, nullable=False),  # what colleagues call it
    Column("topic", Text, nullable=False),
    Column("languages", JSONB, nullable=False),  # [] = all
    Column("countries", JSONB, nullable=False),  # where people are; [] = anywhere
    Column("state", Text, nullable=False, server_default=text("'draft'")),
    Column("days", Integer, nullable=False),  # after its start; who could not be reached by then is left out
    _user("made_by", required=True),
    at("made_at", required=True),
    _user("started_by"),
    at("started_at"),
    at("ends_at"),
    _user("stopped_by"),
    at("stopped_at"),
    at("ended_at"),
    Column("cursor", Uuid),  # the last subscriber that was looked at, in the order of their ids
    at("poured_at"),  # all of them were
    Column("expected", Integer),  # subscribers at the start
    Column("counts", JSONB),  # at the end, by state and reason: then the recipients may go
    one_of("state", BROADCAST_STATES),
    Index("ix_broadcasts_open", "id", postgresql_where=text("state IN ('running', 'stopped')")),
)

broadcast_texts = Table(
    "broadcast_texts",
    metadata,
    Column("broadcast_id", Uuid, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("words", Text, nullable=False),
    _user("written_by", required=True),
    at("written_at", required=True),
    _user("approved_by"),
    at("approved_at"),
)

broadcast_recipients = Table(
    "broadcast_recipients",
    metadata,
    identity(),
    Column("broadcast_id", Uuid, ForeignKey("broadcasts.id", ondelete="CASCADE"), nullable=False),
    subject(),
    Column("state", Text, nullable=False),
    Column("reason", Text),  # why waiting, skipped or failed: a code; `template`: WhatsApp's window was shut
    Column("channel", Text),  # where she would be written to, and by which account of ours
    Column("account", Text),
    at("not_before"),  # of a waiting one
    Column("outbox_id", Uuid),
    one_of("state", RECIPIENT_STATES),
    UniqueConstraint("broadcast_id", "subject_id"),
    Index("ix_broadcast_recipients_subject_id", "subject_id"),
    Index(
        "ix_broadcast_recipients_open",
        "broadcast_id",
        "state",
        "channel",
        "account",
        "not_before",
        postgresql_where=text("state IN ('waiting', 'queued')"),
    ),
)
