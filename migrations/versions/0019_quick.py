"""Indexes for a desk with many cases: the queue in its order, figures by period, what was shared with whom.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"

UP = (
    """CREATE INDEX ix_cases_queue ON cases (
        organisation_id,
        (CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 END),
        (coalesce(CASE WHEN answered_at IS NULL THEN answer_due_at END, '9999-01-01 00:00:00+00'::timestamptz)),
        opened_at,
        id
    ) WHERE closed_at IS NULL""",
    "CREATE INDEX ix_cases_present ON cases (id) WHERE closed_at IS NULL OR care IS NOT NULL OR draft",
    "CREATE INDEX ix_cases_opened_at ON cases (opened_at)",
    "CREATE INDEX ix_cases_closed_at ON cases (closed_at) WHERE closed_at IS NOT NULL",
    "CREATE INDEX ix_cases_care ON cases (care) WHERE care IS NOT NULL AND closed_at IS NULL",
    "CREATE INDEX ix_case_events_reopened ON case_events (case_id, happened_at) WHERE kind = 'reopened'",
    "CREATE INDEX ix_case_shares_user_id ON case_shares (user_id) WHERE user_id IS NOT NULL",
    "CREATE INDEX ix_case_shares_organisation_id ON case_shares (organisation_id) WHERE organisation_id IS NOT NULL",
    "CREATE INDEX ix_messages_answered_at ON messages (received_at) WHERE author = 'human'",
)
NAMES = (
    "ix_cases_queue",
    "ix_cases_present",
    "ix_cases_opened_at",
    "ix_cases_closed_at",
    "ix_cases_care",
    "ix_case_events_reopened",
    "ix_case_shares_user_id",
    "ix_case_shares_organisation_id",
    "ix_messages_answered_at",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for name in NAMES:
        op.execute(f"DROP INDEX {name}")
