"""Indexes for lists that only grow: volunteers' addresses, letters about us, the lines that nobody understood.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

from bot.store.indexes import build

revision = "0020"
down_revision = "0019"

UP = (
    ("ix_addresses_volunteer", "addresses", "(id) WHERE kind = 'volunteer'"),
    ("ix_box_letters_state", "box_letters", "(state, received_at)"),
    ("ix_heard_lines_line", "heard_lines", "(line, language)"),
)


def upgrade() -> None:
    for name, table, what in UP:
        build(name, table, what)


def downgrade() -> None:
    for name, _, _ in UP:
        op.execute(f"DROP INDEX {name}")
