"""What the provider says of a message before something is deleted or disclosed on its word; Telegram's running number.

Revision ID: 0021
Revises: 0019
"""

from alembic import op

revision = "0021"
down_revision = "0019"


def upgrade() -> None:
    op.execute("ALTER TABLE inbox ADD COLUMN vouched text")
    op.execute(
        "ALTER TABLE inbox ADD CONSTRAINT ck_inbox_vouched CHECK (vouched IN ('asked', 'yes', 'no', 'unknown'))"
    )
    op.execute("ALTER TABLE inbox ADD COLUMN update_id bigint")
    op.execute("CREATE INDEX ix_inbox_vouched ON inbox (subject_id) WHERE vouched = 'asked'")
    op.execute("CREATE INDEX ix_inbox_update_id ON inbox (update_id) WHERE update_id IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX ix_inbox_update_id")
    op.execute("DROP INDEX ix_inbox_vouched")
    op.execute("ALTER TABLE inbox DROP COLUMN update_id")
    op.execute("ALTER TABLE inbox DROP COLUMN vouched")
