"""Channels as they really behave: who rang, templates, wipes, daily budgets, files of people.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"

UP = (
    "ALTER TABLE conversations ADD COLUMN rang_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE conversations ADD COLUMN nudged_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind",
    "ALTER TABLE outbox ADD CONSTRAINT ck_outbox_kind CHECK (kind IN ('reply', 'ack', 'template', 'wipe'))",
    "ALTER TABLE outbox ADD COLUMN stands_for UUID",
    "CREATE UNIQUE INDEX uq_outbox_stands_for ON outbox (stands_for) WHERE stands_for IS NOT NULL",
    "ALTER TABLE channel_accounts ALTER COLUMN per_second TYPE DOUBLE PRECISION",
    "ALTER TABLE channel_accounts ADD COLUMN spent_on DATE",
    "ALTER TABLE channel_accounts ADD COLUMN spent INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE channel_accounts ADD COLUMN most_a_day INTEGER",
    """CREATE TABLE contents (
        id UUID NOT NULL,
        account TEXT NOT NULL,
        name TEXT NOT NULL,
        language TEXT NOT NULL,
        sid TEXT NOT NULL,
        made_from TEXT NOT NULL,
        approval TEXT NOT NULL DEFAULT 'none',
        reason TEXT,
        checked_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        CONSTRAINT pk_contents PRIMARY KEY (id),
        CONSTRAINT ck_contents_approval CHECK (approval IN ('none', 'submitted', 'approved', 'rejected')),
        CONSTRAINT uq_contents_account_name_language UNIQUE (account, name, language)
    )""",
    """CREATE TABLE media (
        id UUID NOT NULL,
        subject_id UUID NOT NULL,
        conversation_id UUID NOT NULL,
        message_id UUID NOT NULL,
        kind TEXT NOT NULL,
        ref_enc BYTEA NOT NULL,
        key_enc BYTEA,
        name TEXT,
        content_type TEXT,
        size INTEGER,
        thumbnail_enc BYTEA,
        transcript TEXT NOT NULL DEFAULT 'none',
        transcript_enc BYTEA,
        state TEXT NOT NULL DEFAULT 'waiting',
        reason TEXT,
        attempts SMALLINT NOT NULL DEFAULT 0,
        next_at TIMESTAMP WITH TIME ZONE NOT NULL,
        lease_until TIMESTAMP WITH TIME ZONE,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_media PRIMARY KEY (id),
        CONSTRAINT fk_media_conversation_id FOREIGN KEY (conversation_id)
            REFERENCES conversations (id) ON DELETE CASCADE,
        CONSTRAINT ck_media_state CHECK (state IN ('waiting', 'stored', 'refused', 'gone'))
    )""",
    "CREATE INDEX ix_media_waiting ON media (next_at) WHERE state = 'waiting'",
    "CREATE INDEX ix_media_subject_id ON media (subject_id)",
    "CREATE INDEX ix_media_message_id ON media (message_id)",
)

GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON contents, media TO saathi_app;
    END IF;
END
$$
"""


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    op.execute(GRANTS)


def downgrade() -> None:
    raise NotImplementedError("what people sent is not taken away: restore a backup instead")
