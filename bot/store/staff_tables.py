"""The tables of those who answer: what a colleague reads and can do, shifts, pages that ring, interpreters, checks.

Law: as in `tables.py`. A colleague's own number and mail address are sealed under the system's key; what points at a
person's notice or conversation carries her `subject_id` and goes with her.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.columns import at, identity, metadata, one_of, subject

SHIFT_ROLES = ("duty", "on_call")
ABSENCES = ("sick", "leave", "pause")  # a pause is asked for and ended by the colleague alone
SWAP_STATES = ("offered", "agreed", "accepted", "withdrawn")  # agreed: a supervisor has still to confirm it
DIGEST_STATES = ("queued", "sending", "sent", "failed", "withdrawn", "unknown")
PAGE_CHANNELS = ("voice", "email", "telegram")
PAGE_STATES = ("queued", "sending", "sent", "failed")
STEPS = ("duty", "backup", "supervisor", "partner", "nobody")  # who is called after whom


def _user(name: str = "user_id", *, required: bool = True) -> Column[object]:
    return Column(name, Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=not required)


def _list(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'[]'::jsonb"))


def _in_order() -> CheckConstraint:
    return CheckConstraint("ends_at > starts_at", name="in_order")


user_profiles = Table(
    "user_profiles",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    _list("languages"),  # that the colleague reads and writes: codes of locales/
    _list("countries"),  # of stay that the colleague knows; empty = any
    _list("skills"),  # legal, counselling, shelter, ...
    Column("gender", Text),  # given by the colleague, or nothing
    Column("timezone", Text),
    Column("phone_enc", LargeBinary),
    Column("email_enc", LargeBinary),
)

shifts = Table(
    "shifts",
    metadata,
    identity(),
    _user(),
    Column("role", Text, nullable=False),
    at("starts_at", required=True),
    at("ends_at", required=True),
    Column("override", Text),  # the reason why a rule of care was set aside: a code
    Column("series_id", Uuid),  # of those that were made together, to repeat
    at("made_at", required=True),
    one_of("role", SHIFT_ROLES),
    _in_order(),
    Index("ix_shifts_ends_at", "ends_at"),
    Index("ix_shifts_user_id", "user_id", "starts_at"),
    Index("ix_shifts_series_id", "series_id", postgresql_where=text("series_id IS NOT NULL")),
)

shift_breaks = Table(
    "shift_breaks",
    metadata,
    identity(),
    Column("shift_id", Uuid, ForeignKey("shifts.id", ondelete="CASCADE"), nullable=False),
    at("starts_at", required=True),
    at("ends_at", required=True),
    _in_order(),
    Index("ix_shift_breaks_shift_id", "shift_id"),
)

shift_swaps = Table(
    "shift_swaps",
    metadata,
    identity(),
    Column("shift_id", Uuid, ForeignKey("shifts.id", ondelete="CASCADE"), nullable=False),
    _user("from_user_id"),
    _user("to_user_id", required=False),  # nobody: whoever takes it
    Column("reason", Text, nullable=False),  # swap, sick
    Column("state", Text, nullable=False),
    at("made_at", required=True),
    at("decided_at"),
    one_of("state", SWAP_STATES),
    one_of("reason", ("swap", "sick")),
    Index("ix_shift_swaps_open", "shift_id", unique=True, postgresql_where=text("state IN ('offered', 'agreed')")),
)

absences = Table(
    "absences",
    metadata,
    identity(),
    _user(),
    Column("kind", Text, nullable=False),
    at("starts_at", required=True),
    at("ends_at", required=True),
    at("made_at", required=True),
    one_of("kind", ABSENCES),
    _in_order(),
    Index("ix_absences_user_id", "user_id", "ends_at"),
)

# Each ring is a row: who was called for which notice, over what, and whether a key was pressed.
pages = Table(
    "pages",
    metadata,
    identity(),
    subject(),
    Column("notice_id", Uuid, ForeignKey("notices.id", ondelete="CASCADE"), nullable=False),
    Column("step", Text, nullable=False),
    Column("receiver", Text, nullable=False),  # a user's id, or "partner"
    _user(required=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),  # why it failed: a code
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    at("lease_until"),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("provider_id", Text),
    at("queued_at", required=True),
    at("sent_at"),
    at("acknowledged_at"),
    one_of("step", STEPS),
    one_of("channel", PAGE_CHANNELS),
    one_of("state", PAGE_STATES),
    UniqueConstraint("notice_id", "step", "receiver", "channel"),
    Index("ix_pages_subject_id", "subject_id"),
    Index("ix_pages_unsent", "queued_at", postgresql_where=text("state IN ('queued', 'sending')")),
)

# What colleagues must know that is about nobody's case: an empty shift, a shift offered.
staff_notices = Table(
    "staff_notices",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),  # what it is about, so that it is said once
    Column("audience", Text, nullable=False),  # a role
    Column("codes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    at("raised_at", required=True),
    at("seen_at"),
    _user("seen_by", required=False),
    UniqueConstraint("kind", "key"),
    Index("ix_staff_notices_unseen", "raised_at", postgresql_where=text("seen_at IS NULL")),
)

# A colleague who only interprets: one conversation, for a time, and the declaration that was recorded.
interpreters = Table(
    "interpreters",
    metadata,
    identity(),
    subject(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    _user(),
    Column("language", Text, nullable=False),
    Column("declaration", Text, nullable=False),  # what was declared, a code: not family, not agency, secrecy
    _user("declared_to"),
    at("made_at", required=True),
    at("expires_at", required=True),
    at("ended_at"),
    Index("ix_interpreters_subject_id", "subject_id"),
    Index("ix_interpreters_user_id", "user_id"),
    Index("ix_interpreters_conversation_id", "conversation_id"),
)

# What a human looked at in a case: that she is safe, that it may be closed.
case_checks = Table(
    "case_checks",
    metadata,
    identity(),
    subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("what", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    at("made_at", required=True),
    one_of("what", ("safe", "close")),
    Index("ix_case_checks_subject_id", "subject_id"),
    Index("ix_case_checks_case_id", "case_id"),
)

# Chats of staff: a colleague's own, or a group. Their address is of kind staff.
staff_chats = Table(
    "staff_chats",
    metadata,
    Column("address_id", Uuid, ForeignKey("addresses.id", ondelete="CASCADE"), primary_key=True),
    _user(required=False),  # nobody: a group
    Column("kind", Text, nullable=False),
    at("made_at", required=True),
    one_of("kind", ("private", "group")),
    Index("ix_staff_chats_user_id", "user_id"),
)

staff_codes = Table(
    "staff_codes",
    metadata,
    identity(),
    _user(),
    Column("lookup", LargeBinary, nullable=False, unique=True),
    at("made_at", required=True),
    at("expires_at", required=True),
    at("used_at"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
)

# What a colleague is told by mail or in a chat of their own: counts and numbers of cases, each thing once.
digests = Table(
    "digests",
    metadata,
    identity(),
    _user(),
    Column("kind", Text, nullable=False),  # a name of `alerts` in knowledge/targets.yml
    Column("key", Text, nullable=False),  # what it is about, so that it is told once
    Column("codes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("channel", Text),  # chosen when it is sent
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    at("lease_until"),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("provider_id", Text),
    at("queued_at", required=True),
    at("sent_at"),
    one_of("channel", ("email", "telegram")),
    one_of("state", DIGEST_STATES),
    UniqueConstraint("user_id", "kind", "key"),
    Index("ix_digests_unsent", "queued_at", postgresql_where=text("state IN ('queued', 'sending')")),
)
