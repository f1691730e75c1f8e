"""Finding cases among many: the blind index in the order of its questions, and what waits without looking at all.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("DROP INDEX ix_search_tokens_token")
    op.execute("CREATE INDEX ix_search_tokens_token ON search_tokens (token, field, case_id)")
    op.execute("CREATE INDEX ix_search_tokens_subject_id ON search_tokens (subject_id)")
    op.execute("CREATE INDEX ix_conversations_waiting ON conversations (id) WHERE owner = 'waiting'")
    op.execute("CREATE INDEX ix_outbox_conversation_id ON outbox (conversation_id)")
    op.execute("CREATE INDEX ix_messages_answers ON messages (conversation_id, received_at) WHERE author = 'human'")


def downgrade() -> None:
    op.execute("DROP INDEX ix_messages_answers")
    op.execute("DROP INDEX ix_outbox_conversation_id")
    op.execute("DROP INDEX ix_conversations_waiting")
    op.execute("DROP INDEX ix_search_tokens_subject_id")
    op.execute("DROP INDEX ix_search_tokens_token")
    op.execute("CREATE INDEX ix_search_tokens_token ON search_tokens (token)")
