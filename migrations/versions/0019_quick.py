"""Indexes for a desk with many cases: the queue in its order, figures by period, what was shared with whom, files.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

from bot.store.indexes import build

revision = "0019"
down_revision = "0018"

UP = (
    (
        "ix_cases_queue",
        "cases",
        """(
        organisation_id,
        (CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 END),
        (coalesce(CASE WHEN answered_at IS NULL THEN answer_due_at END, '9999-01-01 00:00:00+00'::timestamptz)),
        opened_at,
        id
    ) WHERE closed_at IS NULL""",
    ),
    ("ix_cases_present", "cases", "(id) WHERE closed_at IS NULL OR care IS NOT NULL OR draft"),
    ("ix_cases_opened_at", "cases", "(opened_at)"),
    ("ix_cases_closed_at", "cases", "(closed_at) WHERE closed_at IS NOT NULL"),
    ("ix_cases_care", "cases", "(care) WHERE care IS NOT NULL AND closed_at IS NULL"),
    ("ix_case_events_reopened", "case_events", "(case_id, happened_at) WHERE kind = 'reopened'"),
    ("ix_case_shares_user_id", "case_shares", "(user_id) WHERE user_id IS NOT NULL"),
    ("ix_case_shares_organisation_id", "case_shares", "(organisation_id) WHERE organisation_id IS NOT NULL"),
    ("ix_messages_answered_at", "messages", "(received_at) WHERE author = 'human'"),
    ("ix_media_conversation_id", "media", "(conversation_id, received_at)"),
    # Which files somebody has opened lately: what a player asks for next leaves no second line.
    ("ix_audit_evidence", "audit", "(object_id, received_at) WHERE object_kind = 'evidence'"),
)


def upgrade() -> None:
    for name, table, what in UP:
        build(name, table, what)


def downgrade() -> None:
    for name, _, _ in UP:
        op.execute(f"DROP INDEX {name}")
