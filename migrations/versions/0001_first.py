"""The first schema: people, conversations, cases, inbox, outbox, keys, audit.

Revision ID: 0001
Revises:
"""

from pathlib import Path

from alembic import op

from bot.store.migrate import statements

revision = "0001"
down_revision = None

# saathi_app works, saathi_owner changes the schema. Audit rows can be added and read, never changed or removed.
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        GRANT USAGE ON SCHEMA public TO saathi_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO saathi_app;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO saathi_app;
        REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM saathi_app;
        REVOKE UPDATE, DELETE ON audit, audit_default, audit_seals, seen FROM saathi_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO saathi_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO saathi_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO saathi_app;
    END IF;
END
$$
"""


def upgrade() -> None:
    for statement in statements(Path(__file__).with_suffix(".sql")):
        op.execute(statement)
    op.execute(GRANTS)


def downgrade() -> None:
    raise NotImplementedError("the first schema is not taken away: restore a backup instead")
