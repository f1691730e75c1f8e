"""The tables of people: contacts, their addresses, their conversations, and the keys that open what they wrote.

Law: as in `tables.py`. Deleting a subject's key is what erases a person.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
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

from bot.store.columns import at, created, identity, metadata, one_of, subject

OWNERS = ("bot", "waiting", "human", "closed")
ADDRESS_KINDS = ("person", "staff", "volunteer", "simulator")

# One look-up key for ever, one key for what belongs to nobody, one data key per subject. No foreign keys: this
# table is left out of ordinary dumps, and deleting a row is what erases a person.
keys = Table(
    "keys",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    subject(required=False),
    Column("wrapped", LargeBinary, nullable=False),
    created(),
    one_of("kind", ("lookup", "system", "audit", "subject")),
    UniqueConstraint("subject_id"),
    Index("uq_keys_single", "kind", unique=True, postgresql_where=text("kind <> 'subject'")),
)

contacts = Table(
    "contacts",
    metadata,
    identity(),
    subject(),
    Column("language", Text),
    Column("language_guess", Text),
    Column("country", Text),  # ISO 3166-1 alpha-2 of stay
    Column("timezone", Text),  # IANA name, when known better than by country
    Column("profile_enc", LargeBinary),
    Column("simulated", Boolean, nullable=False, server_default=text("false")),
    at("consent_store_at"),
    at("consent_contact_at"),
    at("consent_refused_at"),
    at("opted_out_at"),
    Column("safe_from", SmallInteger),  # minutes after midnight, local
    Column("safe_until", SmallInteger),
    Column("discreet", Boolean, nullable=False, server_default=text("true")),
    Column("last_seen_on", Date),
    created(),
    at("erase_at"),  # she wished to be erased, and proved that it was she; carried out by erase.py
    at("refused_done_at"),  # the no of this moment was carried out to the end (retention.py)
    at("seized_at"),  # she wrote her second word: somebody else holds the phone
    Column("link_code_id", Uuid),  # the code of another channel that was written here; carried out by merge.py
    CheckConstraint("subject_id = id", name="own_subject"),
    Index("ix_contacts_erase_at", "erase_at", postgresql_where=text("erase_at IS NOT NULL")),
    Index("ix_contacts_link_code_id", "link_code_id", postgresql_where=text("link_code_id IS NOT NULL")),
    Index(
        "ix_contacts_refused",
        "consent_refused_at",
        postgresql_where=text(
            "consent_refused_at IS NOT NULL AND consent_store_at IS NULL"
            " AND (refused_done_at IS NULL OR refused_done_at < consent_refused_at)"
        ),
    ),
)

addresses = Table(
    "addresses",
    metadata,
    identity(),
    subject(),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),  # ours: the number, bot or simulator that was written to
    Column("lookup", LargeBinary, nullable=False),  # keyed hash of theirs
    Column("address_enc", LargeBinary, nullable=False),
    Column("country_hint", Text),  # of the number's country code
    Column("kind", Text, nullable=False, server_default=text("'person'")),
    created(),
    one_of("kind", ADDRESS_KINDS),
    UniqueConstraint("channel", "account", "lookup"),
    Index("ix_addresses_lookup", "lookup"),
    Index("ix_addresses_subject_id", "subject_id"),
    Index("ix_addresses_volunteer", "id", postgresql_where=text("kind = 'volunteer'")),
)

address_contacts = Table(
    "address_contacts",
    metadata,
    Column("address_id", Uuid, ForeignKey("addresses.id", ondelete="CASCADE"), primary_key=True),
    Column("contact_id", Uuid, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    subject(),
    created(),
    Index("ix_address_contacts_contact_id", "contact_id"),
    Index("ix_address_contacts_subject_id", "subject_id"),
)

conversations = Table(
    "conversations",
    metadata,
    identity(),
    subject(),
    Column("address_id", Uuid, ForeignKey("addresses.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("active_contact_id", Uuid, ForeignKey("contacts.id", ondelete="SET NULL")),
    Column("owner", Text, nullable=False, server_default=text("'bot'")),
    Column("owner_epoch", Integer, nullable=False, server_default=text("0")),
    Column("owner_user_id", Uuid, ForeignKey("users.id")),
    Column("session_enc", LargeBinary),
    at("last_inbound_at"),
    at("agreed_until"),  # the hour she agreed to be written to
    at("blocked_at"),  # the person blocked us, or the address is dead
    at("next_send_at"),
    at("rang_at"),  # she rang once, or sent an empty SMS: a human may answer for a day
    at("nudged_at"),  # a neutral template left since she wrote last
    created(),
    at("reply_due_at"),  # by when a human answers; empty = nobody waits for one
    at("late_at"),  # nobody answered in time: noticed then, and passed on
    at("told_late_at"),  # and she was told so
    Column("earlier_user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),  # who had it last
    one_of("owner", OWNERS),
    Index("ix_conversations_subject_id", "subject_id"),
    Index("ix_conversations_owner_user_id", "owner_user_id", postgresql_where=text("owner_user_id IS NOT NULL")),
    Index("ix_conversations_waiting", "id", postgresql_where=text("owner = 'waiting'")),
    Index("ix_conversations_active_contact_id", "active_contact_id"),
    Index("ix_conversations_window", "last_inbound_at", postgresql_where=text("owner IN ('waiting', 'human')")),
    Index("ix_conversations_reply_due_at", "reply_due_at", postgresql_where=text("reply_due_at IS NOT NULL")),
)
