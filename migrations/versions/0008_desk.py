"""The desk: sessions, tries to sign in, shares of a case, tasks; whom a case must be kept for.

Revision ID: 0008
Revises: 0007
"""

from pathlib import Path

from alembic import op

from bot.store.migrate import statements

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for statement in statements(Path(__file__).with_suffix(".sql")):
        op.execute(statement)


def downgrade() -> None:
    for table in ("tasks", "case_shares", "sign_in_tries", "desk_sessions"):
        op.execute(f"DROP TABLE {table}")
    for index in ("ix_conversations_owner_user_id", "ix_cases_conversation_id", "ix_cases_assigned_to"):
        op.execute(f"DROP INDEX {index}")
    op.execute("ALTER TABLE users DROP COLUMN totp_last")
    op.execute("ALTER TABLE cases DROP COLUMN care")
