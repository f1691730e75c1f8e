"""Beyond one organisation and one person: transfers, opened glass, links between cases, joined people.

Revision ID: 0014
Revises: 0013
"""

from pathlib import Path

from alembic import op

from bot.store.migrate import statements

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for statement in statements(Path(__file__).with_suffix(".sql")):
        op.execute(statement)


def downgrade() -> None:
    for table in ("merges", "merge_asks", "case_links", "glass_openings", "case_transfers"):
        op.execute(f"DROP TABLE {table}")
