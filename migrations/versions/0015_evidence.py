"""Files of people as evidence: their hash on arrival and what colleagues write beside them; pauses and debriefs.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"

UP = (
    "ALTER TABLE media ADD COLUMN sha256_enc BYTEA",
    """CREATE TABLE evidence (
        id UUID NOT NULL,
        subject_id UUID NOT NULL,
        conversation_id UUID NOT NULL,
        message_id UUID NOT NULL,
        case_id UUID,
        about TEXT,
        label_enc BYTEA,
        proves_enc BYTEA,
        transcript_enc BYTEA,
        important BOOLEAN DEFAULT false NOT NULL,
        changed_by UUID,
        changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_evidence PRIMARY KEY (id),
        CONSTRAINT fk_evidence_conversation_id FOREIGN KEY(conversation_id)
            REFERENCES conversations (id) ON DELETE CASCADE,
        CONSTRAINT fk_evidence_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE SET NULL,
        CONSTRAINT fk_evidence_changed_by FOREIGN KEY(changed_by) REFERENCES users (id)
    )""",
    "CREATE INDEX ix_evidence_subject_id ON evidence (subject_id)",
    "CREATE INDEX ix_evidence_conversation_id ON evidence (conversation_id)",
    "CREATE INDEX ix_evidence_case_id ON evidence (case_id) WHERE case_id IS NOT NULL",
    "ALTER TABLE absences DROP CONSTRAINT ck_absences_kind",
    "ALTER TABLE absences ADD CONSTRAINT ck_absences_kind CHECK (kind IN ('sick', 'leave', 'pause'))",
    """CREATE TABLE debriefs (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        with_user_id UUID,
        why TEXT NOT NULL,
        raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        done_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_debriefs PRIMARY KEY (id),
        CONSTRAINT ck_debriefs_why CHECK (why IN ('child', 'self_harm', 'death', 'critical')),
        CONSTRAINT fk_debriefs_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_debriefs_with_user_id FOREIGN KEY(with_user_id) REFERENCES users (id) ON DELETE SET NULL
    )""",
    "CREATE UNIQUE INDEX ix_debriefs_open ON debriefs (user_id) WHERE done_at IS NULL",
    "CREATE INDEX ix_debriefs_with_user_id ON debriefs (with_user_id)",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE debriefs")
    op.execute("DELETE FROM absences WHERE kind = 'pause'")
    op.execute("ALTER TABLE absences DROP CONSTRAINT ck_absences_kind")
    op.execute("ALTER TABLE absences ADD CONSTRAINT ck_absences_kind CHECK (kind IN ('sick', 'leave'))")
    op.execute("DROP TABLE evidence")
    op.execute("ALTER TABLE media DROP COLUMN sha256_enc")
