"""Lives of a worker that a message may have ended, counted apart from turns that failed.

Revision ID: 0026
Revises: 0025
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    # The version before goes on counting both in `attempts`: what it counted as a life is then a failed turn at most.
    op.execute("ALTER TABLE inbox ADD COLUMN IF NOT EXISTS lives smallint NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("ALTER TABLE inbox DROP COLUMN lives")
