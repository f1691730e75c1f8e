"""What waits in the lane, by the account it leaves by: a look of the sender reads what it takes, however many wait.

Revision ID: 0025
Revises: 0024
"""

from alembic import op

from bot.store.indexes import build

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    # What is there, and what the version before puts there, gets its account by the next look of the job (lane.py).
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS lane_channel text")
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS lane_account text")
    build("ix_outbox_lane_place", "outbox", "(broadcast_id, lane_channel, lane_account, seq) WHERE state = 'lane'")


def downgrade() -> None:
    op.execute("DROP INDEX ix_outbox_lane_place")
    op.execute("ALTER TABLE outbox DROP COLUMN lane_account")
    op.execute("ALTER TABLE outbox DROP COLUMN lane_channel")
