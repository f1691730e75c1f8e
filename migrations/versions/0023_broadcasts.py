"""Broadcasts: who wants to hear of what, what is told to many, and the lane in which it leaves.

Revision ID: 0023
Revises: 0022
"""

from alembic import op

from bot.store.indexes import NOT_BUILT, build

revision = "0023"
down_revision = "0022"

BEFORE = ("queued", "sending", "sent", "delivered", "read", "failed", "held", "withdrawn", "unknown")
# Indexes of tables that are made here: nobody writes to them yet.
TABLES = (
    """CREATE TABLE IF NOT EXISTS subscriptions (
        id uuid NOT NULL,
        subject_id uuid NOT NULL,
        topic text NOT NULL,
        made_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT pk_subscriptions PRIMARY KEY (id)
    )""",
    f"{NOT_BUILT}\nCREATE INDEX IF NOT EXISTS ix_subscriptions_subject_id ON subscriptions (subject_id)",
    f"{NOT_BUILT}\nCREATE INDEX IF NOT EXISTS ix_subscriptions_topic ON subscriptions (topic, subject_id) WHERE ended_at IS NULL",
    """CREATE TABLE IF NOT EXISTS broadcasts (
        id uuid NOT NULL,
        name text NOT NULL,
        topic text NOT NULL,
        languages jsonb NOT NULL,
        countries jsonb NOT NULL,
        state text NOT NULL DEFAULT 'draft',
        days integer NOT NULL,
        made_by uuid NOT NULL,
        made_at timestamptz NOT NULL,
        started_by uuid,
        started_at timestamptz,
        ends_at timestamptz,
        stopped_by uuid,
        stopped_at timestamptz,
        ended_at timestamptz,
        cursor uuid,
        poured_at timestamptz,
        expected integer,
        counts jsonb,
        CONSTRAINT pk_broadcasts PRIMARY KEY (id),
        CONSTRAINT ck_broadcasts_state CHECK (state IN ('draft', 'running', 'stopped', 'done')),
        CONSTRAINT fk_broadcasts_made_by FOREIGN KEY (made_by) REFERENCES users (id),
        CONSTRAINT fk_broadcasts_started_by FOREIGN KEY (started_by) REFERENCES users (id),
        CONSTRAINT fk_broadcasts_stopped_by FOREIGN KEY (stopped_by) REFERENCES users (id)
    )""",
    f"{NOT_BUILT}\nCREATE INDEX IF NOT EXISTS ix_broadcasts_open ON broadcasts (id) WHERE state IN ('running', 'stopped')",
    """CREATE TABLE IF NOT EXISTS broadcast_texts (
        broadcast_id uuid NOT NULL,
        language text NOT NULL,
        words text NOT NULL,
        written_by uuid NOT NULL,
        written_at timestamptz NOT NULL,
        approved_by uuid,
        approved_at timestamptz,
        CONSTRAINT pk_broadcast_texts PRIMARY KEY (broadcast_id, language),
        CONSTRAINT fk_broadcast_texts_broadcast_id FOREIGN KEY (broadcast_id) REFERENCES broadcasts (id)
            ON DELETE CASCADE,
        CONSTRAINT fk_broadcast_texts_written_by FOREIGN KEY (written_by) REFERENCES users (id),
        CONSTRAINT fk_broadcast_texts_approved_by FOREIGN KEY (approved_by) REFERENCES users (id)
    )""",
    """CREATE TABLE IF NOT EXISTS channel_lanes (
        channel text NOT NULL,
        account text NOT NULL,
        next_send_at timestamptz,
        spent_on date,
        spent integer NOT NULL DEFAULT 0,
        CONSTRAINT pk_channel_lanes PRIMARY KEY (channel, account)
    )""",
    """CREATE TABLE IF NOT EXISTS broadcast_recipients (
        id uuid NOT NULL,
        broadcast_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        state text NOT NULL,
        reason text,
        channel text,
        account text,
        not_before timestamptz,
        outbox_id uuid,
        CONSTRAINT pk_broadcast_recipients PRIMARY KEY (id),
        CONSTRAINT ck_broadcast_recipients_state CHECK (state IN ('waiting', 'queued', 'sent', 'skipped', 'failed')),
        CONSTRAINT fk_broadcast_recipients_broadcast_id FOREIGN KEY (broadcast_id) REFERENCES broadcasts (id)
            ON DELETE CASCADE,
        CONSTRAINT uq_broadcast_recipients_broadcast_id_subject_id UNIQUE (broadcast_id, subject_id)
    )""",
    f"{NOT_BUILT}\nCREATE INDEX IF NOT EXISTS ix_broadcast_recipients_subject_id ON broadcast_recipients (subject_id)",
    f"{NOT_BUILT}\nCREATE INDEX IF NOT EXISTS ix_broadcast_recipients_open ON broadcast_recipients"
    " (broadcast_id, state, channel, account, not_before) WHERE state IN ('waiting', 'queued')",
)
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE
            ON subscriptions, broadcasts, broadcast_texts, broadcast_recipients, channel_lanes TO saathi_app;
    END IF;
END
$$
"""


VALIDATE = "ALTER TABLE outbox VALIDATE CONSTRAINT ck_outbox_state"


def _states(names: tuple[str, ...]) -> None:
    """The closed list of the outbox. What is there is looked at apart, after the lock of the DROP is given back."""
    listed = ", ".join(f"'{name}'" for name in names)
    # Another list follows at once, in which all of the old one stands: no version before it writes anything else.
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE outbox DROP CONSTRAINT IF EXISTS ck_outbox_state")
    op.execute(f"ALTER TABLE outbox ADD CONSTRAINT ck_outbox_state CHECK (state IN ({listed})) NOT VALID")


def upgrade() -> None:
    for statement in TABLES:  # it may be done twice, like 0019 to 0022
        op.execute(statement)
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS broadcast_id uuid")
    _states((*BEFORE, "lane"))
    op.execute(GRANTS)
    build("ix_outbox_lane", "outbox", "(broadcast_id, state, seq) WHERE broadcast_id IS NOT NULL")  # commits before
    op.execute(VALIDATE)


def downgrade() -> None:
    op.execute("DROP INDEX ix_outbox_lane")
    op.execute("UPDATE outbox SET state = 'withdrawn', reason = 'stopped' WHERE state = 'lane'")
    _states(BEFORE)
    op.execute(VALIDATE)
    op.execute("ALTER TABLE outbox DROP COLUMN broadcast_id")
    for table in ("broadcast_recipients", "broadcast_texts", "broadcasts", "channel_lanes", "subscriptions"):
        op.execute(f"DROP TABLE {table}")
