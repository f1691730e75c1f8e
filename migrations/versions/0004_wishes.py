"""What a person wishes and jobs carry out: to be erased, to be one with another channel. And the silent alarm.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"

UP = (
    "ALTER TABLE contacts ADD COLUMN erase_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE contacts ADD COLUMN seized_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE contacts ADD COLUMN link_code_id UUID",
    "CREATE INDEX ix_contacts_erase_at ON contacts (erase_at) WHERE erase_at IS NOT NULL",
    "CREATE INDEX ix_contacts_link_code_id ON contacts (link_code_id) WHERE link_code_id IS NOT NULL",
)

# Uses of a code stay as they are when two channels of a person become one; only whose they are is written anew.
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        GRANT UPDATE (subject_id) ON code_uses TO saathi_app;
        GRANT UPDATE (subject_id) ON code_tries TO saathi_app;
    END IF;
END
$$
"""


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    op.execute(GRANTS)


def downgrade() -> None:
    raise NotImplementedError("wishes are not taken away: restore a backup instead")
