"""The shelf: codes, referrals, reminders, certificates, letters, feedback, licences; drafts of cases.

Revision ID: 0003
Revises: 0002
"""

from pathlib import Path

from alembic import op

from bot.store.migrate import statements

revision = "0003"
down_revision = "0002"

# The default privileges of 0001 cover new tables. Who asked with a code, and how often, is added and never rewritten;
# tries are deleted after two days.
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        REVOKE UPDATE, DELETE ON code_uses FROM saathi_app;
        REVOKE UPDATE ON code_tries FROM saathi_app;
    END IF;
END
$$
"""


def upgrade() -> None:
    for statement in statements(Path(__file__).with_suffix(".sql")):
        op.execute(statement)
    op.execute(GRANTS)


def downgrade() -> None:
    raise NotImplementedError("the shelf is not taken away: restore a backup instead")
