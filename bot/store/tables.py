"""The tables, as SQLAlchemy Core metadata. `migrations/` creates them; a test proves that both say the same. Those of
the shelf are in `records_tables.py` and known here too.

Law: every row that belongs to a person has `subject_id`, the unit that a turn locks; personal columns end in `_enc`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.broadcast_tables import broadcast_recipients, broadcast_texts, broadcasts, subscriptions
from bot.store.channel_tables import channel_accounts, channel_lanes, contents, media, sms_spent
from bot.store.columns import at as _at
from bot.store.columns import created as _created
from bot.store.columns import identity as _id
from bot.store.columns import metadata
from bot.store.columns import one_of as _one_of
from bot.store.columns import subject as _subject
from bot.store.content_tables import fact_marks, heard_lines, line_labels, text_proposals
from bot.store.desk_tables import case_shares, desk_sessions, sign_in_tries, tasks
from bot.store.directory_tables import (
    directory_entries,
    search_answers,
    search_copies,
    search_requests,
    volunteer_links,
    volunteers,
)
from bot.store.evidence_tables import debriefs, evidence
from bot.store.exception_tables import box_entries, box_hidden, consents, disclosures, requests
from bot.store.flow_tables import flow_counts, flow_hours
from bot.store.intake_tables import intake_drafts, intakes, paper_sheets
from bot.store.records_tables import (
    box_letters,
    certificate_links,
    certificates,
    code_tries,
    code_uses,
    family_codes,
    feedback,
    licences,
    link_codes,
    referrals,
    reminders,
    volunteer_codes,
)
from bot.store.sharing_tables import case_links, case_transfers, glass_openings, merge_asks, merges
from bot.store.staff_tables import (
    absences,
    case_checks,
    digests,
    interpreters,
    pages,
    shift_breaks,
    shift_swaps,
    shifts,
    staff_chats,
    staff_codes,
    staff_notices,
    user_profiles,
)

__all__ = [
    "ADDRESS_KINDS",
    "CARES",
    "OUTBOX_STATES",
    "OWNERS",
    "QUEUE_DUE",
    "QUEUE_RANK",
    "SEVERITIES",
    "absences",
    "address_contacts",
    "addresses",
    "audit",
    "audit_seals",
    "box_entries",
    "box_hidden",
    "box_letters",
    "broadcast_recipients",
    "broadcast_texts",
    "broadcasts",
    "case_checks",
    "case_events",
    "case_links",
    "case_people",
    "case_shares",
    "case_transfers",
    "cases",
    "certificate_links",
    "certificates",
    "channel_accounts",
    "channel_lanes",
    "code_tries",
    "code_uses",
    "consents",
    "contacts",
    "contents",
    "conversations",
    "debriefs",
    "desk_sessions",
    "digests",
    "directory_entries",
    "disclosures",
    "evidence",
    "fact_marks",
    "family_codes",
    "feedback",
    "flow_counts",
    "flow_hours",
    "glass_openings",
    "heard_lines",
    "inbox",
    "intake_drafts",
    "intakes",
    "interpreters",
    "keys",
    "licences",
    "line_labels",
    "link_codes",
    "media",
    "merge_asks",
    "merges",
    "messages",
    "metadata",
    "notices",
    "organisations",
    "outbox",
    "pages",
    "paper_sheets",
    "referrals",
    "reminders",
    "requests",
    "search_answers",
    "search_copies",
    "search_requests",
    "search_tokens",
    "seen",
    "shift_breaks",
    "shift_swaps",
    "shifts",
    "sign_in_tries",
    "sms_spent",
    "staff_chats",
    "staff_codes",
    "staff_notices",
    "subscriptions",
    "tasks",
    "text_proposals",
    "user_profiles",
    "users",
    "volunteer_codes",
    "volunteer_links",
    "volunteers",
]

OWNERS = ("bot", "waiting", "human", "closed")
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
ADDRESS_KINDS = ("person", "staff", "volunteer", "simulator")
SEVERITIES = ("critical", "high", "medium", "low")
CARES = ("child", "self_harm")


organisations = Table(
    "organisations",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    _created(),
)

users = Table(
    "users",
    metadata,
    _id(),
    Column("organisation_id", Uuid, ForeignKey("organisations.id"), nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("totp_enc", LargeBinary),
    Column("totp_last", BigInteger),  # the step of the last code that was taken: none is taken twice
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    _created(),
)

# One look-up key for ever, one key for what belongs to nobody, one data key per subject. No foreign keys: this
# table is left out of ordinary dumps, and deleting a row is what erases a person.
keys = Table(
    "keys",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    _subject(required=False),
    Column("wrapped", LargeBinary, nullable=False),
    _created(),
    _one_of("kind", ("lookup", "system", "audit", "subject")),
    UniqueConstraint("subject_id"),
    Index("uq_keys_single", "kind", unique=True, postgresql_where=text("kind <> 'subject'")),
)

contacts = Table(
    "contacts",
    metadata,
    _id(),
    _subject(),
    Column("language", Text),
    Column("language_guess", Text),
    Column("country", Text),  # ISO 3166-1 alpha-2 of stay
    Column("timezone", Text),  # IANA name, when known better than by country
    Column("profile_enc", LargeBinary),
    Column("simulated", Boolean, nullable=False, server_default=text("false")),
    _at("consent_store_at"),
    _at("consent_contact_at"),
    _at("consent_refused_at"),
    _at("opted_out_at"),
    Column("safe_from", SmallInteger),  # minutes after midnight, local
    Column("safe_until", SmallInteger),
    Column("discreet", Boolean, nullable=False, server_default=text("true")),
    Column("last_seen_on", Date),
    _created(),
    _at("erase_at"),  # she wished to be erased, and proved that it was she; carried out by erase.py
    _at("refused_done_at"),  # the no of this moment was carried out to the end (retention.py)
    _at("seized_at"),  # she wrote her second word: somebody else holds the phone
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
    _id(),
    _subject(),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),  # ours: the number, bot or simulator that was written to
    Column("lookup", LargeBinary, nullable=False),  # keyed hash of theirs
    Column("address_enc", LargeBinary, nullable=False),
    Column("country_hint", Text),  # of the number's country code
    Column("kind", Text, nullable=False, server_default=text("'person'")),
    _created(),
    _one_of("kind", ADDRESS_KINDS),
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
    _subject(),
    _created(),
    Index("ix_address_contacts_contact_id", "contact_id"),
    Index("ix_address_contacts_subject_id", "subject_id"),
)

conversations = Table(
    "conversations",
    metadata,
    _id(),
    _subject(),
    Column("address_id", Uuid, ForeignKey("addresses.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("active_contact_id", Uuid, ForeignKey("contacts.id", ondelete="SET NULL")),
    Column("owner", Text, nullable=False, server_default=text("'bot'")),
    Column("owner_epoch", Integer, nullable=False, server_default=text("0")),
    Column("owner_user_id", Uuid, ForeignKey("users.id")),
    Column("session_enc", LargeBinary),
    _at("last_inbound_at"),
    _at("agreed_until"),  # the hour she agreed to be written to
    _at("blocked_at"),  # the person blocked us, or the address is dead
    _at("next_send_at"),
    _at("rang_at"),  # she rang once, or sent an empty SMS: a human may answer for a day
    _at("nudged_at"),  # a neutral template left since she wrote last
    _created(),
    _at("reply_due_at"),  # by when a human answers; empty = nobody waits for one
    _at("late_at"),  # nobody answered in time: noticed then, and passed on
    _at("told_late_at"),  # and she was told so
    Column("earlier_user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),  # who had it last
    _one_of("owner", OWNERS),
    Index("ix_conversations_subject_id", "subject_id"),
    Index("ix_conversations_owner_user_id", "owner_user_id", postgresql_where=text("owner_user_id IS NOT NULL")),
    Index("ix_conversations_waiting", "id", postgresql_where=text("owner = 'waiting'")),
    Index("ix_conversations_active_contact_id", "active_contact_id"),
    Index("ix_conversations_window", "last_inbound_at", postgresql_where=text("owner IN ('waiting', 'human')")),
    Index("ix_conversations_reply_due_at", "reply_due_at", postgresql_where=text("reply_due_at IS NOT NULL")),
)

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
    _id(),
    _subject(),
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
    _at("cleared_at"),  # without consent: since then only codes are left in the facts
    _at("opened_at", required=True),
    _at("answer_due_at"),
    _at("answered_at"),
    _at("closed_at"),
    Column("outcome", Text),
    Column("legal_hold", Boolean, nullable=False, server_default=text("false")),
    _one_of("severity", SEVERITIES),
    _one_of("care", CARES),
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
    _subject(),
    Column("role", Text, nullable=False),  # worker, reporter, family
    _created(),
    Index("ix_case_people_contact_id", "contact_id"),
    Index("ix_case_people_subject_id", "subject_id"),
)

case_events = Table(
    "case_events",
    metadata,
    _id(),
    _subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),  # person, bot, system, staff
    Column("user_id", Uuid),
    Column("codes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),  # codes only, never words
    Column("note_enc", LargeBinary),
    _at("happened_at", required=True),
    Index("ix_case_events_case_id", "case_id", "happened_at"),
    Index("ix_case_events_subject_id", "subject_id"),
    Index("ix_case_events_reopened", "case_id", "happened_at", postgresql_where=text("kind = 'reopened'")),
)

# What waits for a human: pages and queue entries. Not personal: ids and codes.
notices = Table(
    "notices",
    metadata,
    _id(),
    _subject(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE")),
    Column("audience", Text, nullable=False),  # page, queue
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    _at("raised_at", required=True),
    _at("taken_at"),
    Column("taken_by", Uuid, ForeignKey("users.id")),
    _at("due_at"),  # by when it should be answered
    _at("lowered_at"),  # a page that became a line of the list: she says that she is fine
    _at("red_at"),  # everybody was called and nobody came
    Column("called", SmallInteger, nullable=False, server_default=text("0")),  # steps of the ladder that were taken
    _at("called_at"),
    Column("offered_to", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("offer", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # why this one: codes
    Index("ix_notices_open", "severity", "raised_at", postgresql_where=text("taken_at IS NULL")),
    Index("ix_notices_conversation_id", "conversation_id"),
    Index("ix_notices_subject_id", "subject_id"),
    Index("ix_notices_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
    Index("ix_notices_waiting", "id", postgresql_where=text("taken_at IS NULL AND red_at IS NULL")),
    Index("ix_notices_subject_open", "subject_id", postgresql_where=text("taken_at IS NULL")),
)

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
    _subject(required=False),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("kind", Text, nullable=False),  # inbound, receipt, input (a timer, a job, the desk), raw
    Column("payload_enc", LargeBinary, nullable=False),
    _at("received_at", required=True),
    _at("ready_at", required=True),  # later than received_at for the parts of an album
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("error", Text),  # a code
    _at("done_at"),
    Column(
        "vouched", Text
    ),  # what the provider says of it, when it was asked: before something is deleted or disclosed
    Column("update_id", BigInteger),  # Telegram's own running number
    _one_of("state", ("waiting", "done", "quarantined")),
    _one_of("vouched", ("asked", "yes", "no", "unknown")),
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
    _id(),
    Column("seq", BigInteger, Identity(always=True), nullable=False, unique=True),
    _subject(),
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
    _at("queued_at", required=True),
    _at("not_before", required=True),
    _at("lease_until"),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    _at("sent_at"),
    Column("provider_id", Text),
    Column("segments", SmallInteger),  # of an SMS that left
    Column("stands_for", Uuid),  # the row of another channel that did not arrive, and is sent by this one instead
    Column("broadcast_id", Uuid),  # of which broadcast it is a part
    Column("lane_channel", Text),  # and by which account of ours it leaves, as its address says: the lane finds it so
    Column("lane_account", Text),
    _one_of("kind", OUTBOX_KINDS),
    _one_of("origin", ("bot", "human", "system")),
    _one_of("state", OUTBOX_STATES),
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
    _subject(),
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
    _at("sealed_at", required=True),
    _at("until", required=True),
    Column("rows", Integer, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

search_tokens = Table(
    "search_tokens",
    metadata,
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    _subject(),
    Index("ix_search_tokens_token", "token", "field", "case_id"),
    Index("ix_search_tokens_subject_id", "subject_id"),
)
