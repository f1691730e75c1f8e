"""Indexes for lists that only grow: volunteers' addresses, letters about us, the lines that nobody understood. A picture
in a search, and the link by which one volunteer looks at it.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

from bot.store.indexes import build

revision = "0020"
down_revision = "0019"

# All of it can be done twice: what comes before an index is committed with it, and an index may be broken off.
COLUMNS = (
    """ALTER TABLE search_requests ADD COLUMN IF NOT EXISTS photo_id UUID
        CONSTRAINT fk_search_requests_photo_id REFERENCES media (id) ON DELETE SET NULL""",
    """ALTER TABLE search_copies ADD COLUMN IF NOT EXISTS look BYTEA
        CONSTRAINT uq_search_copies_look UNIQUE""",
)
UP = (
    ("ix_addresses_volunteer", "addresses", "(id) WHERE kind = 'volunteer'"),
    ("ix_box_letters_state", "box_letters", "(state, received_at)"),
    ("ix_heard_lines_line", "heard_lines", "(line, language)"),
)


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
    for name, table, what in UP:
        build(name, table, what)


def downgrade() -> None:
    for name, _, _ in UP:
        op.execute(f"DROP INDEX {name}")
    op.execute("ALTER TABLE search_copies DROP COLUMN look")
    op.execute("ALTER TABLE search_requests DROP COLUMN photo_id")
