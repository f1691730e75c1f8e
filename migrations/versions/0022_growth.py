"""Nothing reads a large table from end to end: whose a row is, what a job looks for, whose no was carried out.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

from bot.store.indexes import build

revision = "0022"
down_revision = "0021"

UP = (
    ("ix_address_contacts_contact_id", "address_contacts", "(contact_id)"),
    ("ix_address_contacts_subject_id", "address_contacts", "(subject_id)"),
    ("ix_addresses_subject_id", "addresses", "(subject_id)"),
    ("ix_case_events_subject_id", "case_events", "(subject_id)"),
    ("ix_case_people_contact_id", "case_people", "(contact_id)"),
    ("ix_case_people_subject_id", "case_people", "(subject_id)"),
    ("ix_case_transfers_conversation_id", "case_transfers", "(conversation_id) WHERE conversation_id IS NOT NULL"),
    ("ix_cases_held", "cases", "(id) WHERE legal_hold IS TRUE"),
    ("ix_cases_linked_case_id", "cases", "(linked_case_id) WHERE linked_case_id IS NOT NULL"),
    ("ix_contacts_refused", "contacts", "(consent_refused_at) WHERE consent_refused_at IS NOT NULL AND consent_store_at IS NULL AND (refused_done_at IS NULL OR refused_done_at < consent_refused_at)"),
    ("ix_conversations_active_contact_id", "conversations", "(active_contact_id)"),
    ("ix_conversations_window", "conversations", "(last_inbound_at) WHERE owner IN ('waiting', 'human')"),
    ("ix_family_codes_case_id", "family_codes", "(case_id) WHERE case_id IS NOT NULL"),
    ("ix_family_codes_expires_at", "family_codes", "(expires_at) WHERE expires_at IS NOT NULL"),
    ("ix_family_codes_revoked_at", "family_codes", "(revoked_at) WHERE revoked_at IS NOT NULL"),
    ("ix_inbox_conversation_id", "inbox", "(conversation_id) WHERE conversation_id IS NOT NULL"),
    ("ix_inbox_subject_id", "inbox", "(subject_id) WHERE subject_id IS NOT NULL"),
    ("ix_messages_subject_id", "messages", "(subject_id)"),
    ("ix_notices_case_id", "notices", "(case_id) WHERE case_id IS NOT NULL"),
    ("ix_notices_subject_id", "notices", "(subject_id)"),
    ("ix_notices_waiting", "notices", "(id) WHERE taken_at IS NULL AND red_at IS NULL"),
    ("ix_outbox_case_id", "outbox", "(case_id) WHERE case_id IS NOT NULL"),
    ("ix_outbox_failed", "outbox", "(queued_at) WHERE state = 'failed'"),
    ("ix_outbox_passing", "outbox", "(queued_at) WHERE kind IN ('ack', 'template', 'wipe')"),
    ("ix_search_requests_photo_id", "search_requests", "(photo_id) WHERE photo_id IS NOT NULL"),
    ("ix_reminders_over", "reminders", "(state, due_at) WHERE state IN ('done', 'cancelled')"),
)


def upgrade() -> None:
    op.execute("ALTER TABLE contacts ADD COLUMN IF NOT EXISTS refused_done_at timestamptz")
    for name, table, what in UP:
        build(name, table, what)


def downgrade() -> None:
    for name, _, _ in UP:
        op.execute(f"DROP INDEX {name}")
    op.execute("ALTER TABLE contacts DROP COLUMN refused_done_at")
