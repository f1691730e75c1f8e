"""Codes typed are counted by what they are for; facts without consent are cleared of words once.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"

UP = (
    "ALTER TABLE cases ADD COLUMN cleared_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE code_tries ADD COLUMN what TEXT NOT NULL DEFAULT 'family'",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE code_tries DROP COLUMN what")
    op.execute("ALTER TABLE cases DROP COLUMN cleared_at")
