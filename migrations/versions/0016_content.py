"""What colleagues say about content, and lines that nobody understood, without whoever wrote them.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"

UP = (
    """CREATE TABLE fact_marks (
        id UUID NOT NULL,
        fact TEXT NOT NULL,
        hash TEXT NOT NULL,
        verdict TEXT NOT NULL,
        note TEXT NOT NULL,
        user_id UUID NOT NULL,
        marked_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_fact_marks PRIMARY KEY (id),
        CONSTRAINT ck_fact_marks_verdict CHECK (verdict IN ('checked', 'wrong', 'change')),
        CONSTRAINT fk_fact_marks_user_id FOREIGN KEY(user_id) REFERENCES users (id)
    )""",
    "CREATE INDEX ix_fact_marks_fact ON fact_marks (fact, hash, marked_at)",
    """CREATE TABLE text_proposals (
        id UUID NOT NULL,
        language TEXT NOT NULL,
        text_id TEXT NOT NULL,
        english TEXT NOT NULL,
        proposal TEXT NOT NULL,
        note TEXT NOT NULL,
        user_id UUID NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_text_proposals PRIMARY KEY (id),
        CONSTRAINT fk_text_proposals_user_id FOREIGN KEY(user_id) REFERENCES users (id)
    )""",
    "CREATE INDEX ix_text_proposals_text_id ON text_proposals (language, text_id)",
    """CREATE TABLE heard_lines (
        id UUID NOT NULL,
        day DATE NOT NULL,
        language TEXT NOT NULL,
        line TEXT NOT NULL,
        intent TEXT NOT NULL,
        why TEXT NOT NULL,
        CONSTRAINT pk_heard_lines PRIMARY KEY (id),
        CONSTRAINT ck_heard_lines_why CHECK (why IN ('unknown', 'unsure', 'answer'))
    )""",
    "CREATE INDEX ix_heard_lines_day ON heard_lines (day)",
    """CREATE TABLE line_labels (
        id UUID NOT NULL,
        line TEXT NOT NULL,
        heard_in TEXT NOT NULL,
        language TEXT NOT NULL,
        label TEXT NOT NULL,
        user_id UUID NOT NULL,
        labelled_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_line_labels PRIMARY KEY (id),
        CONSTRAINT fk_line_labels_user_id FOREIGN KEY(user_id) REFERENCES users (id),
        CONSTRAINT uq_line_labels_line_heard_in UNIQUE (line, heard_in)
    )""",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("line_labels", "heard_lines", "text_proposals", "fact_marks"):
        op.execute(f"DROP TABLE {table}")
