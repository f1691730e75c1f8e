"""Exceptions, requests of others, consents to uses of a story, and what is done with letters about ourselves.

Revision ID: 0013
Revises: 0012
"""

from pathlib import Path

from alembic import op

from bot.store.migrate import statements

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for statement in statements(Path(__file__).with_suffix(".sql")):
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE tasks DROP COLUMN disclosure_id")
    for table in ("box_entries", "box_hidden", "consents", "disclosures", "requests"):
        op.execute(f"DROP TABLE {table}")
    op.execute("UPDATE box_letters SET state = 'read' WHERE state NOT IN ('new', 'read', 'answered')")
    op.execute("ALTER TABLE box_letters DROP CONSTRAINT ck_box_letters_state")
    op.execute(
        "ALTER TABLE box_letters ADD CONSTRAINT ck_box_letters_state CHECK (state IN ('new', 'read', 'answered'))"
    )
