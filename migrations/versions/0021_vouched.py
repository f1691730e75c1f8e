"""What the provider says of a message before it deletes or discloses; Telegram's running number; what SMS cost.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

from bot.store.indexes import build

revision = "0021"
down_revision = "0020"

GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'saathi_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON sms_spent TO saathi_app;
    END IF;
END
$$
"""

# It may be done twice, like 0019 and 0020. No version before it knows this constraint.
AGAIN = """-- squawk-ignore ban-drop-constraint
ALTER TABLE inbox DROP CONSTRAINT IF EXISTS ck_inbox_vouched"""


def upgrade() -> None:
    op.execute("ALTER TABLE inbox ADD COLUMN IF NOT EXISTS vouched text")
    op.execute(AGAIN)
    op.execute(
        "ALTER TABLE inbox ADD CONSTRAINT ck_inbox_vouched CHECK (vouched IN ('asked', 'yes', 'no', 'unknown')) NOT VALID"
    )
    op.execute("ALTER TABLE inbox ADD COLUMN IF NOT EXISTS update_id bigint")
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS segments smallint")
    op.execute(
        "CREATE TABLE IF NOT EXISTS sms_spent (month date NOT NULL, country text NOT NULL, messages integer NOT NULL,"
        " segments integer NOT NULL, CONSTRAINT pk_sms_spent PRIMARY KEY (month, country))"
    )
    op.execute(GRANTS)
    build("ix_inbox_vouched", "inbox", "(subject_id) WHERE vouched = 'asked'")
    build("ix_inbox_update_id", "inbox", "(update_id) WHERE update_id IS NOT NULL")
    op.execute("ALTER TABLE inbox VALIDATE CONSTRAINT ck_inbox_vouched")


def downgrade() -> None:
    op.execute("DROP TABLE sms_spent")
    op.execute("ALTER TABLE outbox DROP COLUMN segments")
    op.execute("DROP INDEX ix_inbox_update_id")
    op.execute("DROP INDEX ix_inbox_vouched")
    op.execute("ALTER TABLE inbox DROP COLUMN update_id")
    op.execute("ALTER TABLE inbox DROP COLUMN vouched")
