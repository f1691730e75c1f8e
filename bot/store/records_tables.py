"""The tables of the shelf (`records.py`), as Core metadata.

Law: as in `tables.py`. What is nobody's (letters of the box, feedback, licences, volunteers' codes) has no subject, and
no time that would lead back to somebody's message.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from bot.store.columns import at, identity, metadata, one_of, subject

# The person is asked (offered) and says no (declined) or yes (asked); then it goes out and is answered.
REFERRAL_STATES = ("offered", "declined", "asked", "sent", "accepted", "rejected", "completed", "withdrawn")


def _lookup(*, required: bool = True) -> Column[object]:
    return Column("lookup", LargeBinary, nullable=not required, unique=True)  # keyed hash of the code


def _case() -> Column[object]:
    return Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"))


def _sealed(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, LargeBinary, nullable=not required)


def _graded(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN 1 AND 3", name=column)


family_codes = Table(
    "family_codes",
    metadata,
    identity(),
    subject(),
    _case(),
    Column("kind", Text, nullable=False),
    _lookup(),
    _sealed("digits_enc", required=True),
    at("made_at", required=True),
    at("expires_at"),
    at("revoked_at"),
    one_of("kind", ("real", "decoy")),
    Index("ix_family_codes_subject_id", "subject_id"),
    Index("ix_family_codes_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    Index("ix_family_codes_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    Index("ix_family_codes_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
)

# Written in the asker's turn under the owner's subject: only ever added, so no lock of hers is needed.
code_uses = Table(
    "code_uses",
    metadata,
    identity(),
    subject(),
    Column("code_id", Uuid, ForeignKey("family_codes.id", ondelete="CASCADE"), nullable=False),
    at("used_at", required=True),
    Index("ix_code_uses_subject_id", "subject_id", "used_at"),
    Index("ix_code_uses_code_id", "code_id"),
)

code_tries = Table(
    "code_tries",
    metadata,
    identity(),
    subject(),
    at("tried_at", required=True),
    Column("what", Text, nullable=False, server_default=text("'family'")),  # family, box, link: each is counted alone
    Index("ix_code_tries_subject_id", "subject_id", "tried_at"),
    Index("ix_code_tries_tried_at", "tried_at"),
)

referrals = Table(
    "referrals",
    metadata,
    identity(),
    subject(),
    _case(),
    Column("organisation_id", Uuid, ForeignKey("organisations.id")),
    Column("entry_id", Uuid, ForeignKey("directory_entries.id")),
    Column("service", Text, nullable=False),
    Column("topic", Text, nullable=False, server_default=text("''")),
    Column("receiver", Text, nullable=False, server_default=text("''")),  # a text id
    Column("state", Text, nullable=False),
    _sealed("facts_enc"),
    at("made_at", required=True),
    at("agreed_at"),
    at("sent_at"),
    at("decided_at"),
    Column("outcome", Text),
    one_of("state", REFERRAL_STATES),
    Index("ix_referrals_subject_id", "subject_id"),
    Index("ix_referrals_to", "organisation_id", postgresql_where=text("organisation_id IS NOT NULL")),
    Index("ix_referrals_case_id", "case_id"),
    Index("ix_referrals_asked", "made_at", postgresql_where=text("state = 'asked'")),
)

reminders = Table(
    "reminders",
    metadata,
    identity(),
    subject(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("flow", Text, nullable=False),
    _sealed("slots_enc"),
    Column("topic", Text, nullable=False, server_default=text("''")),
    at("due_at", required=True),
    Column("state", Text, nullable=False),
    at("made_at", required=True),
    one_of("state", ("waiting", "done", "cancelled")),
    Index("ix_reminders_subject_id", "subject_id"),
    Index("ix_reminders_waiting", "due_at", "id", postgresql_where=text("state = 'waiting'")),
    Index("ix_reminders_conversation_id", "conversation_id"),
    Index("ix_reminders_over", "state", "due_at", postgresql_where=text("state IN ('done', 'cancelled')")),
)

certificates = Table(
    "certificates",
    metadata,
    identity(),
    subject(),
    Column("track", Text, nullable=False),
    _lookup(),
    _sealed("code_enc", required=True),
    at("passed_at", required=True),
    Column("score", SmallInteger, nullable=False),
    at("revoked_at"),
    Index("ix_certificates_subject_id", "subject_id"),
)

certificate_links = Table(
    "certificate_links",
    metadata,
    identity(),
    subject(),
    Column("certificate_id", Uuid, ForeignKey("certificates.id", ondelete="CASCADE"), nullable=False),
    _lookup(),
    _sealed("token_enc", required=True),
    _sealed("name_enc"),
    Column("language", Text, nullable=False),
    at("expires_at", required=True),
    at("made_at", required=True),
    Index("ix_certificate_links_subject_id", "subject_id"),
    Index("ix_certificate_links_certificate_id", "certificate_id"),
    Index("ix_certificate_links_expires_at", "expires_at"),
)

link_codes = Table(
    "link_codes",
    metadata,
    identity(),
    subject(),
    _lookup(),
    _sealed("digits_enc", required=True),
    at("made_at", required=True),
    at("expires_at", required=True),
    at("used_at"),
    Index("ix_link_codes_subject_id", "subject_id"),
    Index("ix_link_codes_expires_at", "expires_at"),
)

box_letters = Table(
    "box_letters",
    metadata,
    identity(),
    _lookup(required=False),
    _sealed("body_enc", required=True),
    _sealed("about_enc"),
    _sealed("answer_enc"),
    at("received_at", required=True),
    Column("state", Text, nullable=False),
    one_of("state", ("new", "read", "looked_into", "answered", "closed")),
    Index("ix_box_letters_state", "state", "received_at"),
)

feedback = Table(
    "feedback",
    metadata,
    identity(),
    Column("month", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("safe", SmallInteger),
    Column("helped", SmallInteger),
    Column("respected", SmallInteger),
    _graded("safe"),
    _graded("helped"),
    _graded("respected"),
    Index("ix_feedback_month", "month"),
)

licences = Table(
    "licences",
    metadata,
    identity(),
    Column("country", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("number_key", Text, nullable=False),  # folded, as `bot/store/licences.py` does it
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("valid_until", Date),
    Column("source", Text, nullable=False),
    at("imported_at", required=True),
    one_of("status", ("licensed", "suspended", "cancelled")),
    UniqueConstraint("country", "number_key"),
    Index(
        "ix_licences_country_name_key",
        "country",
        "name_key",
        postgresql_ops={"name_key": "text_pattern_ops"},
    ),
)

volunteer_codes = Table(
    "volunteer_codes",
    metadata,
    identity(),
    _lookup(),
    _sealed("label_enc"),
    Column("volunteer_id", Uuid, ForeignKey("volunteers.id", ondelete="CASCADE")),
    at("made_at", required=True),
    at("expires_at"),
    at("revoked_at"),
)
