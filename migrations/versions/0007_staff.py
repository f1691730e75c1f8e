"""Those who answer: profiles, shifts, pages that ring, interpreters, checks; clocks of conversations and notices.

Revision ID: 0007
Revises: 0006
"""

from pathlib import Path

from alembic import op

from bot.store.migrate import statements

revision = "0007"
down_revision = "0006"

# A check and a declaration are added and never rewritten.
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        REVOKE UPDATE ON case_checks FROM saathi_app;
        GRANT UPDATE (subject_id) ON case_checks TO saathi_app;
    END IF;
END
$$
"""


def upgrade() -> None:
    for statement in statements(Path(__file__).with_suffix(".sql")):
        op.execute(statement)
    op.execute(GRANTS)


def downgrade() -> None:
    raise NotImplementedError("what was promised to people is not taken away: restore a backup instead")
