"""The directory of services, volunteers, and searches that are sent to them; a referral that is offered first.

Revision ID: 0012
Revises: 0011
"""

from pathlib import Path

from alembic import op

from bot.store.migrate import statements

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for statement in statements(Path(__file__).with_suffix(".sql")):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("what was sent to volunteers is not forgotten: restore a backup instead")
