"""The tables of messages: what came in, what goes out, what was said.

Law: as in `tables.py`. An event of a provider is in `seen` once, for ever; what is said is kept by class (`retention`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from bot.store.columns import at, identity, metadata, one_of, subject

OUTBOX_STATES = (
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "failed",
    "held",
    "withdrawn",
    "unknown",
    "lane",  # of a broadcast: leaves when nothing direct waits (lane.py)
)
OUTBOX_KINDS = ("reply", "ack", "template", "wipe")

seen = Table(
    "seen",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("event", LargeBinary, primary_key=True),  # keyed hash of the provider's event id
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    subject(required=False),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("kind", Text, nullable=False),  # inbound, receipt, input (a timer, a job, the desk), raw
    Column("payload_enc", LargeBinary, nullable=False),
    at("received_at", required=True),
    at("ready_at", required=True),  # later than received_at for the parts of an album
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),  # turns that failed
    Column("lives", SmallInteger, nullable=False, server_default=text("0")),  # of a worker, that it may have ended
    Column("error", Text),  # a code
    at("done_at"),
    Column("vouched", Text),  # what the provider says of it: asked before something is deleted or disclosed
    Column("update_id", BigInteger),  # Telegram's own running number
    one_of("state", ("waiting", "done", "quarantined")),
    one_of("vouched", ("asked", "yes", "no", "unknown")),
    Index("ix_inbox_vouched", "subject_id", postgresql_where=text("vouched = 'asked'")),
    Index("ix_inbox_update_id", "update_id", postgresql_where=text("update_id IS NOT NULL")),
    Index("ix_inbox_waiting", "id", postgresql_where=text("state = 'waiting'")),
    Index("ix_inbox_subject_id", "subject_id", postgresql_where=text("subject_id IS NOT NULL")),
    Index("ix_inbox_conversation_id", "conversation_id", postgresql_where=text("conversation_id IS NOT NULL")),
    Index("ix_inbox_subject_waiting", "subject_id", "id", postgresql_where=text("state = 'waiting'")),
)

outbox = Table(
    "outbox",
    metadata,
    identity(),
    Column("seq", BigInteger, Identity(always=True), nullable=False, unique=True),
    subject(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="SET NULL")),
    Column("kind", Text, nullable=False),  # reply, ack, template (outside the window), wipe (of a chat)
    Column("origin", Text, nullable=False),  # bot, human, system
    Column("owner_epoch", Integer, nullable=False),
    Column("reply_enc", LargeBinary, nullable=False),
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    Column("state", Text, nullable=False),
    Column("reason", Text),  # why held, withdrawn or failed: a code
    Column("parts_done", SmallInteger, nullable=False, server_default=text("0")),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    at("queued_at", required=True),
    at("not_before", required=True),
    at("lease_until"),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    at("sent_at"),
    Column("provider_id", Text),
    Column("segments", SmallInteger),  # of an SMS that left
    Column("stands_for", Uuid),  # the row of another channel that did not arrive, and is sent by this one instead
    Column("broadcast_id", Uuid),  # of which broadcast it is a part
    Column("lane_channel", Text),  # and by which account of ours it leaves, as its address says: the lane finds it so
    Column("lane_account", Text),
    one_of("kind", OUTBOX_KINDS),
    one_of("origin", ("bot", "human", "system")),
    one_of("state", OUTBOX_STATES),
    Index(
        "ix_outbox_unsent",
        "conversation_id",
        "seq",
        postgresql_where=text("state IN ('queued', 'sending', 'held')"),
    ),
    Index("ix_outbox_due", "not_before", postgresql_where=text("state IN ('queued', 'held')")),
    Index("ix_outbox_leases", "lease_until", postgresql_where=text("state = 'sending'")),
    Index("ix_outbox_provider_id", "provider_id", postgresql_where=text("provider_id IS NOT NULL")),
    Index("ix_outbox_subject_id", "subject_id"),
    Index("ix_outbox_conversation_id", "conversation_id"),
    Index("ix_outbox_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
    Index("ix_outbox_failed", "queued_at", postgresql_where=text("state = 'failed'")),
    Index("ix_outbox_passing", "queued_at", postgresql_where=text("kind IN ('ack', 'template', 'wipe')")),
    Index("ix_outbox_lane", "broadcast_id", "state", "seq", postgresql_where=text("broadcast_id IS NOT NULL")),
    Index(
        "ix_outbox_lane_place",
        "broadcast_id",
        "lane_channel",
        "lane_account",
        "seq",
        postgresql_where=text("state = 'lane'"),
    ),
    Index("uq_outbox_stands_for", "stands_for", unique=True, postgresql_where=text("stands_for IS NOT NULL")),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), primary_key=True),
    subject(),
    Column("conversation_id", Uuid, nullable=False),
    Column("case_id", Uuid),
    Column("direction", Text, nullable=False),  # in, out
    Column("author", Text, nullable=False),  # person, bot, human, system
    Column("user_id", Uuid),
    Column("inbox_id", BigInteger),
    Column("outbox_id", Uuid),
    Column("body_enc", LargeBinary, nullable=False),
    Column("retention", Text, nullable=False),  # browse, danger_before_consent, person, case, box
    Index("ix_messages_conversation_id", "conversation_id", "received_at"),
    Index("ix_messages_subject_id", "subject_id"),
    Index("ix_messages_retention", "retention", "received_at"),
    Index("ix_messages_answers", "conversation_id", "received_at", postgresql_where=text("author = 'human'")),
    Index("ix_messages_answered_at", "received_at", postgresql_where=text("author = 'human'")),
    postgresql_partition_by="RANGE (received_at)",
)
