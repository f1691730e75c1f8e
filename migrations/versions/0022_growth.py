"""Nothing reads a large table from end to end: whose a row is, what a job looks for, whose no was carried out.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"

UP = (
    'CREATE INDEX IF NOT EXISTS ix_address_contacts_contact_id ON address_contacts (contact_id)',
    'CREATE INDEX IF NOT EXISTS ix_address_contacts_subject_id ON address_contacts (subject_id)',
    'CREATE INDEX IF NOT EXISTS ix_addresses_subject_id ON addresses (subject_id)',
    'CREATE INDEX IF NOT EXISTS ix_case_events_subject_id ON case_events (subject_id)',
    'CREATE INDEX IF NOT EXISTS ix_case_people_contact_id ON case_people (contact_id)',
    'CREATE INDEX IF NOT EXISTS ix_case_people_subject_id ON case_people (subject_id)',
    'CREATE INDEX IF NOT EXISTS ix_case_transfers_conversation_id ON case_transfers (conversation_id) WHERE conversation_id IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_cases_held ON cases (id) WHERE legal_hold IS TRUE',
    'CREATE INDEX IF NOT EXISTS ix_cases_linked_case_id ON cases (linked_case_id) WHERE linked_case_id IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_contacts_refused ON contacts (consent_refused_at) WHERE consent_refused_at IS NOT NULL AND consent_store_at IS NULL AND (refused_done_at IS NULL OR refused_done_at < consent_refused_at)',
    'CREATE INDEX IF NOT EXISTS ix_conversations_active_contact_id ON conversations (active_contact_id)',
    "CREATE INDEX IF NOT EXISTS ix_conversations_window ON conversations (last_inbound_at) WHERE owner IN ('waiting', 'human')",
    'CREATE INDEX IF NOT EXISTS ix_family_codes_case_id ON family_codes (case_id) WHERE case_id IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_family_codes_expires_at ON family_codes (expires_at) WHERE expires_at IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_family_codes_revoked_at ON family_codes (revoked_at) WHERE revoked_at IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_inbox_conversation_id ON inbox (conversation_id) WHERE conversation_id IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_inbox_subject_id ON inbox (subject_id) WHERE subject_id IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_messages_subject_id ON messages (subject_id)',
    'CREATE INDEX IF NOT EXISTS ix_notices_case_id ON notices (case_id) WHERE case_id IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ix_notices_subject_id ON notices (subject_id)',
    'CREATE INDEX IF NOT EXISTS ix_notices_waiting ON notices (id) WHERE taken_at IS NULL AND red_at IS NULL',
    'CREATE INDEX IF NOT EXISTS ix_outbox_case_id ON outbox (case_id) WHERE case_id IS NOT NULL',
    "CREATE INDEX IF NOT EXISTS ix_outbox_failed ON outbox (queued_at) WHERE state = 'failed'",
    "CREATE INDEX IF NOT EXISTS ix_outbox_passing ON outbox (queued_at) WHERE kind IN ('ack', 'template', 'wipe')",
    'CREATE INDEX IF NOT EXISTS ix_search_requests_photo_id ON search_requests (photo_id) WHERE photo_id IS NOT NULL',
    "CREATE INDEX IF NOT EXISTS ix_reminders_over ON reminders (state, due_at) WHERE state IN ('done', 'cancelled')",
)


def upgrade() -> None:
    op.execute("ALTER TABLE contacts ADD COLUMN IF NOT EXISTS refused_done_at timestamptz")
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in UP:
        op.execute(f"DROP INDEX {statement.split()[5]}")
    op.execute("ALTER TABLE contacts DROP COLUMN refused_done_at")
