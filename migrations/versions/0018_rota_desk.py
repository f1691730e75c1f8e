"""The rota at the desk: shifts that repeat, swaps that a supervisor confirms; what colleagues are told by mail or chat.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"

UP = (
    "ALTER TABLE shifts ADD COLUMN series_id UUID",
    "CREATE INDEX ix_shifts_series_id ON shifts (series_id) WHERE series_id IS NOT NULL",
    "ALTER TABLE shift_swaps DROP CONSTRAINT ck_shift_swaps_state",
    """ALTER TABLE shift_swaps ADD CONSTRAINT ck_shift_swaps_state
        CHECK (state IN ('offered', 'agreed', 'accepted', 'withdrawn'))""",
    "DROP INDEX ix_shift_swaps_open",
    "CREATE UNIQUE INDEX ix_shift_swaps_open ON shift_swaps (shift_id) WHERE state IN ('offered', 'agreed')",
    """CREATE TABLE digests (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        codes JSONB NOT NULL DEFAULT '{}'::jsonb,
        channel TEXT,
        state TEXT NOT NULL,
        reason TEXT,
        attempts SMALLINT NOT NULL DEFAULT 0,
        lease_until TIMESTAMP WITH TIME ZONE,
        fence BIGINT NOT NULL DEFAULT 0,
        provider_id TEXT,
        queued_at TIMESTAMP WITH TIME ZONE NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_digests PRIMARY KEY (id),
        CONSTRAINT fk_digests_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT ck_digests_channel CHECK (channel IN ('email', 'telegram')),
        CONSTRAINT ck_digests_state CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'withdrawn', 'unknown')),
        CONSTRAINT uq_digests_user_id_kind_key UNIQUE (user_id, kind, key)
    )""",
    "CREATE INDEX ix_digests_unsent ON digests (queued_at) WHERE state IN ('queued', 'sending')",
)

GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON digests TO saathi_app;
    END IF;
END
$$
"""


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP TABLE digests")
    op.execute("DROP INDEX ix_shifts_series_id")
    op.execute("ALTER TABLE shifts DROP COLUMN series_id")
