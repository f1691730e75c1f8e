"""What is due, and what is open for longest, each in its order: a page of it costs the same however many there are.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

from bot.store.indexes import build

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    build("ix_cases_due", "cases", "(answer_due_at) WHERE closed_at IS NULL AND answered_at IS NULL")
    build("ix_cases_since", "cases", "(opened_at) WHERE closed_at IS NULL")


def downgrade() -> None:
    op.execute("DROP INDEX ix_cases_since")
    op.execute("DROP INDEX ix_cases_due")
